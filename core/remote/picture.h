#pragma once

#include "core/remote/protocol.h"
#include "envs/canvas.h"

namespace sounder::remote {

/// Draws a picture, with runs of equal colour in a row as one rectangle each. Omits the background, whose colour is
/// that of the upper left corner.
void draw_picture(const Picture& picture, Canvas& canvas);

}  // namespace sounder::remote
