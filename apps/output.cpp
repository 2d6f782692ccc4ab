#include "apps/output.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>

#include "envs/error.h"
#include "envs/program.h"

namespace sounder {

void print_out(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0) {
    throw Error(std::string("cannot write to standard output: ") + std::strerror(errno));
  }
}

void print_json(std::string_view json) {
  print_out(std::string(json) + '\n');
}

void print_human(std::string_view text) {
  // If stderr cannot be written, there is nowhere left to report it.
  static_cast<void>(std::fwrite(text.data(), 1, text.size(), stderr));
}

void print_notice(std::string_view message) {
  print_human(fmt::format("{}: {}\n", program_file_name(), message));
}

void print_warning(std::string_view message) {
  print_notice(fmt::format("warning: {}", message));
}

}  // namespace sounder
