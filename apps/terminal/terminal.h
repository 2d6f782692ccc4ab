#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sounder {

/// The size of a terminal in characters.
struct TerminalSize {
  std::size_t columns;
  std::size_t rows;
};

/// How colours are written: not at all, as numbers in xterm's palette of 256, or as 24-bit escape sequences.
enum class ColorSupport { none, palette, rgb };

/// Returns whether a file descriptor is a terminal that understands escape sequences (TERM is not "dumb").
bool is_terminal(int descriptor);

/// Returns a terminal's size, or 80 by 24 if there is none.
TerminalSize terminal_size(int descriptor);

/// Determines the supported colours from the environment (NO_COLOR, COLORTERM, TERM). A non-empty NO_COLOR disables
/// colours (https://no-color.org).
ColorSupport color_support();

/// Truncates a line to a number of columns. The line is UTF-8 without escape sequences; each character counts as one
/// column.
std::string cut_to_width(std::string_view line, std::size_t columns);

}  // namespace sounder
