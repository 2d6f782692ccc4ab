#pragma once

#include "core/remote/protocol.h"
#include "envs/canvas.h"

namespace sounder::remote {

/// Draws a picture: neighbours in a row that have one colour as one rectangle. The colour of its upper left corner is
/// taken for the background, which is left out.
void draw_picture(const Picture& picture, Canvas& canvas);

}  // namespace sounder::remote
