#pragma once

#include <cstdint>

namespace sounder {

/// The schedule of epsilon over the global step for a worker of a value method.
struct Exploration {
  std::int64_t steps;   ///< global step at which the final epsilon is reached; 0 for the start
  float final_epsilon;  ///< in [0, 1]

  /// Returns epsilon, which falls linearly from 1 at step 0 to the final epsilon at `steps` and then stays constant.
  float at(std::int64_t step) const noexcept;
};

/// Identifies the worker whose final epsilon is drawn.
struct Explorer {
  std::uint64_t seed;    ///< of the run
  std::uint64_t worker;  ///< its index
};

/// Draws a worker's final epsilon from its own stream: .1, .01 or .5 with probabilities .4, .3 and .3 (Mnih et al.
/// 2016, section 5.1), so that workers explore differently.
float draw_final_epsilon(const Explorer& explorer) noexcept;

}  // namespace sounder
