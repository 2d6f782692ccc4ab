#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sounder {

/// Characters that a terminal shows.
struct TerminalSize {
  std::size_t columns;
  std::size_t rows;
};

/// Whether colours are written: not at all, as numbers of xterm's 256, or as 24-bit escape sequences.
enum class ColorSupport { none, palette, rgb };

/// Tells whether a file descriptor is a terminal that understands escape sequences (TERM is not "dumb").
bool is_terminal(int descriptor);

/// Asks a terminal for its size; 80 by 24 where there is none.
TerminalSize terminal_size(int descriptor);

/// Finds out from the environment (NO_COLOR, COLORTERM, TERM) which colours a terminal shows. NO_COLOR that is set and
/// not empty rules them out (https://no-color.org).
ColorSupport color_support();

/// Cuts a line without escape sequences to a number of columns: UTF-8, each character taken to be one column wide.
std::string cut_to_width(std::string_view line, std::size_t columns);

}  // namespace sounder
