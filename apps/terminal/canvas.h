#pragma once

#include <string>
#include <vector>

#include "apps/terminal/terminal.h"
#include "envs/canvas.h"

namespace sounder {

/// Draws a picture with braille characters, 2 x 4 dots each: as large as fits into `size` with its proportions kept,
/// centred. Returns size.rows lines of size.columns characters each, without line ends. A dot belongs to a shape that
/// covers its centre; lines and edges are at least a dot wide, so that thin shapes stay visible.
///
/// With colours, a character has the colour of what was drawn last within it. Very dark colours take the terminal's own
/// foreground, which shows on any background. Without them, the outline of a shape is left out where it lies upon
/// others: so it stays apart from these.
std::vector<std::string> rasterize(const Canvas& canvas, TerminalSize size, ColorSupport colors);

}  // namespace sounder
