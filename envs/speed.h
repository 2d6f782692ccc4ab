#pragma once

#include <functional>

#include "envs/environment.h"

namespace sounder {

/// Steps per second of one environment, of repeated measurements.
struct Speed {
  double median;
  double min;
  double max;
};

/// How often, and for how long each time, a speed is measured.
struct SpeedOptions {
  int repetitions = 9;    ///< at least one
  double seconds = 0.05;  ///< of each
};

/// Measures how fast an environment steps, alone and on the calling thread, with random actions; resets included. The
/// actions are drawn before, but those of an environment that masks them, which are drawn from each mask. Blocks for
/// the time that the options say, which is about half a second by default.
Speed measure_speed(const std::function<Environment()>& make, const SpeedOptions& options = {});

}  // namespace sounder
