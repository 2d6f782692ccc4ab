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

/// Measures how fast an environment steps, alone and on the calling thread, with random actions drawn before; resets
/// included. Blocks for about half a second.
Speed measure_speed(const std::function<Environment()>& make);

}  // namespace sounder
