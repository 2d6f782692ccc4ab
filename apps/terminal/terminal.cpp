#include "apps/terminal/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

namespace sounder {
namespace {

std::string_view environment_variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? std::string_view() : std::string_view(value);
}

}  // namespace

bool is_terminal(int descriptor) {
  return isatty(descriptor) == 1 && environment_variable("TERM") != "dumb";
}

TerminalSize terminal_size(int descriptor) {
  winsize size{};
  if (ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) return {80, 24};
  return {size.ws_col, size.ws_row};
}

ColorSupport color_support() {
  if (!environment_variable("NO_COLOR").empty()) return ColorSupport::none;
  const std::string_view color = environment_variable("COLORTERM");
  if (color == "truecolor" || color == "24bit") return ColorSupport::rgb;
  const std::string_view terminal = environment_variable("TERM");
  if (terminal.ends_with("-direct")) return ColorSupport::rgb;
  return terminal.ends_with("-256color") ? ColorSupport::palette : ColorSupport::none;
}

std::string cut_to_width(std::string_view line, std::size_t columns) {
  std::size_t characters = 0;
  for (std::size_t at = 0; at < line.size(); ++at) {
    const bool continues_character = (static_cast<unsigned char>(line[at]) & 0xc0U) == 0x80U;
    if (!continues_character && characters++ == columns) return std::string(line.substr(0, at));
  }
  return std::string(line);
}

}  // namespace sounder
