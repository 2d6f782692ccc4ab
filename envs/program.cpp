#include "envs/program.h"

#include <utility>

namespace sounder {
namespace {

std::string& name() noexcept {
  static std::string text = "sounder";
  return text;
}

}  // namespace

const std::string& program_name() noexcept {
  return name();
}

std::string program_file_name() {
  return name().substr(name().find_last_of('/') + 1);
}

void set_program_name(std::string program) {
  name() = std::move(program);
}

}  // namespace sounder
