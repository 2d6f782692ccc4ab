#pragma once

#include <functional>

#include "envs/environment.h"

namespace sounder {

/// Steps per second of one environment over repeated measurements.
struct Speed {
  double median;
  double min;
  double max;
};

/// The number and duration of measurements.
struct SpeedOptions {
  int repetitions = 9;    ///< at least one
  double seconds = 0.05;  ///< duration of each repetition
};

/// Measures the speed of one environment with random actions on the calling thread, resets included. Actions are drawn
/// in advance, except for an environment that masks actions: there each is drawn from the current mask. Blocks for the
/// time in the options, about half a second by default.
Speed measure_speed(const std::function<Environment()>& make, const SpeedOptions& options = {});

}  // namespace sounder
