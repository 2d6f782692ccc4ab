#pragma once

#include <string>
#include <vector>

#include "apps/terminal/terminal.h"
#include "envs/canvas.h"

namespace sounder {

/// Draws a picture with braille characters of 2 x 4 dots each, centred and as large as fits into `size` without
/// distortion. Returns size.rows lines of size.columns characters each, without line ends. A dot belongs to a shape
/// that covers its centre. Lines and edges are at least one dot wide, so that thin shapes stay visible.
///
/// With colours, a character has the colour of the last shape drawn in it. Very dark colours become the terminal's
/// foreground colour, which is visible on any background. Without colours, a shape's outline is left blank where it
/// overlaps other shapes, to separate them.
std::vector<std::string> rasterize(const Canvas& canvas, TerminalSize size, ColorSupport colors);

}  // namespace sounder
