#include "envs/program.h"

#include <algorithm>
#include <utility>

namespace sounder {
namespace {

std::string& name() noexcept {
  static std::string text = "sounder";
  return text;
}

bool options_in_messages = false;

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

OptionsInMessages::OptionsInMessages() noexcept : before_(std::exchange(options_in_messages, true)) {}

OptionsInMessages::~OptionsInMessages() {
  options_in_messages = before_;
}

std::string setting_name(std::string_view key) {
  std::string text(key);
  if (!options_in_messages) return text;
  std::ranges::replace(text, '_', '-');
  return "--" + text;
}

}  // namespace sounder
