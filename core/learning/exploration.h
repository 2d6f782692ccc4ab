#pragma once

#include <cstdint>

namespace sounder {

/// How often a worker of a value method takes a random action: epsilon, over the global step.
struct Exploration {
  std::int64_t steps;   ///< at which the final epsilon is reached; 0: from the start
  float final_epsilon;  ///< in [0, 1]

  /// Falls linearly from 1 at step 0 to the final epsilon at `steps`, and stays there.
  float at(std::int64_t step) const noexcept;
};

/// Whose final epsilon is drawn.
struct Explorer {
  std::uint64_t seed;    ///< of the run
  std::uint64_t worker;  ///< its index
};

/// Draws a worker's final epsilon, from a stream of its own: .1, .01 or .5 with the probabilities .4, .3, .3 (Mnih et
/// al. 2016, section 5.1), so that workers explore differently.
float draw_final_epsilon(const Explorer& explorer) noexcept;

}  // namespace sounder
