#pragma once

#include "envs/canvas.h"
#include "envs/spaces.h"

namespace sounder::envs {

/// The valley that MountainCar and MountainCarContinuous share. Its height at x is 0.45 sin(3 x) + 0.55.
struct MountainValley {
  static constexpr double kMinPosition = -1.2;
  static constexpr double kMaxPosition = 0.6;
  static constexpr double kMaxSpeed = 0.07;
  static constexpr double kGravity = 0.0025;

  /// The positions of the car and the flag along x.
  struct Scene {
    double position;
    double goal_position;
  };

  /// Returns the space of [position, velocity].
  static Space observation_space();

  /// Draws the hills, the car on its wheels, and the flag at the goal.
  static void draw(Canvas& canvas, const Scene& scene);
};

}  // namespace sounder::envs
