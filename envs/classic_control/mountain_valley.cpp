#include "envs/classic_control/mountain_valley.h"

#include <cmath>

namespace sounder::envs {
namespace {

constexpr Color kBlack{0, 0, 0};

double height(double position) {
  return 0.45 * std::sin(3.0 * position) + 0.55;
}

void draw_hills(Canvas& canvas) {
  constexpr int kSegments = 60;
  constexpr double kWidth = (MountainValley::kMaxPosition - MountainValley::kMinPosition) / kSegments;
  for (int i = 0; i < kSegments; ++i) {
    const double left = MountainValley::kMinPosition + i * kWidth;
    const double right = left + kWidth;
    canvas.line({.from = {left, height(left)}, .to = {right, height(right)}, .width = 0.006, .color = kBlack});
  }
}

void draw_car(Canvas& canvas, double position) {
  constexpr double kHalfLength = 0.06;
  constexpr double kHeight = 0.06;
  constexpr double kClearance = 0.03;
  constexpr double kWheelRadius = 0.024;
  const double slope = std::cos(3.0 * position);
  const Point middle{position, height(position) + kClearance};
  const auto on_slope = [&](double along, double above) {
    return Point{middle.x + along * std::cos(slope) - above * std::sin(slope),
                 middle.y + along * std::sin(slope) + above * std::cos(slope)};
  };
  canvas.polygon({.corners = {on_slope(-kHalfLength, 0.0), on_slope(-kHalfLength, kHeight),
                              on_slope(kHalfLength, kHeight), on_slope(kHalfLength, 0.0)},
                  .color = kBlack});
  for (const double along : {-kHalfLength / 2.0, kHalfLength / 2.0}) {
    canvas.circle({.center = on_slope(along, 0.0), .radius = kWheelRadius, .color = {128, 128, 128}});
  }
}

void draw_flag(Canvas& canvas, double position) {
  constexpr double kPoleHeight = 0.15;
  const double foot = height(position);
  const double top = foot + kPoleHeight;
  canvas.line({.from = {position, foot}, .to = {position, top}, .width = 0.006, .color = kBlack});
  canvas.polygon(
      {.corners = {{position, top}, {position, top - 0.03}, {position + 0.075, top - 0.015}}, .color = {204, 204, 0}});
}

}  // namespace

Space MountainValley::observation_space() {
  return Box::bounds({static_cast<float>(kMinPosition), static_cast<float>(-kMaxSpeed)},
                     {static_cast<float>(kMaxPosition), static_cast<float>(kMaxSpeed)});
}

void MountainValley::draw(Canvas& canvas, const Scene& scene) {
  canvas.set_view({.lower_left = {kMinPosition, 0.0}, .upper_right = {kMaxPosition, 1.2}});
  draw_hills(canvas);
  draw_car(canvas, scene.position);
  draw_flag(canvas, scene.goal_position);
}

}  // namespace sounder::envs
