#pragma once

#include "envs/canvas.h"
#include "envs/spaces.h"

namespace sounder::envs {

/// Describes the valley that MountainCar and MountainCarContinuous share: a height of 0.45 sin(3 x) + 0.55 over x.
struct MountainValley {
  static constexpr double kMinPosition = -1.2;
  static constexpr double kMaxPosition = 0.6;
  static constexpr double kMaxSpeed = 0.07;
  static constexpr double kGravity = 0.0025;

  /// Where the car and the flag are, along x.
  struct Scene {
    double position;
    double goal_position;
  };

  /// Gives the space of [position, velocity].
  static Space observation_space();

  /// Draws the hills, the car on its wheels, and the flag at the goal.
  static void draw(Canvas& canvas, const Scene& scene);
};

}  // namespace sounder::envs
