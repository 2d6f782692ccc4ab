#include "envs/classic_control/cart_pole_body.h"

namespace sounder::envs {

void CartPoleBody::draw(Canvas& canvas, const State& state, const Frame& frame) const {
  constexpr Color kBlack{0, 0, 0};
  constexpr double kHalfCartWidth = 0.2;
  constexpr double kHalfCartHeight = 0.12;
  constexpr double kPoleWidth = 0.08;
  const double x = state.position;
  const Point axle{x, kHalfCartHeight / 2.0};
  const double pole_length = 2.0 * length - kPoleWidth / 2.0;
  const Point tip{axle.x + pole_length * std::sin(state.angle), axle.y + pole_length * std::cos(state.angle)};

  canvas.set_view({.lower_left = {-kPositionLimit, frame.bottom}, .upper_right = {kPositionLimit, frame.top}});
  canvas.line({.from = {-kPositionLimit, 0.0}, .to = {kPositionLimit, 0.0}, .width = 0.01, .color = kBlack});
  canvas.polygon({.corners = {{x - kHalfCartWidth, -kHalfCartHeight},
                              {x - kHalfCartWidth, kHalfCartHeight},
                              {x + kHalfCartWidth, kHalfCartHeight},
                              {x + kHalfCartWidth, -kHalfCartHeight}},
                  .color = kBlack});
  canvas.line({.from = axle, .to = tip, .width = kPoleWidth, .color = {202, 152, 101}});
  canvas.circle({.center = axle, .radius = kPoleWidth / 2.0, .color = {129, 132, 203}});
}

}  // namespace sounder::envs
