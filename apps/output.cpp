#include "apps/output.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>

#include "envs/error.h"

namespace sounder {

void print_json(std::string_view json) {
  std::string line(json);
  line += '\n';
  if (std::fwrite(line.data(), 1, line.size(), stdout) != line.size() || std::fflush(stdout) != 0) {
    throw Error(std::string("cannot write to standard output: ") + std::strerror(errno));
  }
}

void print_human(std::string_view text) {
  // If stderr cannot be written, there is nowhere left to report it.
  static_cast<void>(std::fwrite(text.data(), 1, text.size(), stderr));
}

void print_warning(std::string_view message) {
  print_human("sounder: warning: " + std::string(message) + '\n');
}

}  // namespace sounder
