#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "envs/error.h"
#include "envs/spaces.h"

namespace sounder {

/// The player of an environment and the step within the episode.
struct Moment {
  std::string who;    ///< "worker 2"
  std::int64_t step;  ///< steps taken in the episode
};

/// Returns whether an observation is an element of its space, up to rounding.
bool is_valid(const Space& space, std::span<const float> observation) noexcept;

/// Computes is_valid() for many observations of one space at a fraction of the cost. Immutable, so any thread may use
/// it.
class ObservationCheck {
 public:
  explicit ObservationCheck(Space space);
  bool operator()(std::span<const float> observation) const noexcept;

 private:
  Space space_;
  std::vector<float> low_;   // lower bounds of a Box, finite ones; else empty
  std::vector<float> high_;  // upper bounds
};

/// Format an environment's mistake, with at most eight numbers of an observation.
Error invalid_observation(const Space& space, std::span<const float> observation, const Moment& moment);
Error invalid_reward(float reward, const Moment& moment);
Error invalid_mask(const Moment& moment);

}  // namespace sounder
