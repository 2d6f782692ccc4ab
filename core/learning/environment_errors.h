#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "envs/error.h"
#include "envs/spaces.h"

namespace sounder {

/// Who played an environment, and when within an episode.
struct Moment {
  std::string who;    ///< "worker 2"
  std::int64_t step;  ///< steps taken in the episode
};

/// Tells whether an observation is an element of its space, but for rounding.
bool is_valid(const Space& space, std::span<const float> observation) noexcept;

/// Tells the same as is_valid of many observations of one space, at a fraction of the cost. Const: any thread.
class ObservationCheck {
 public:
  explicit ObservationCheck(Space space);
  bool operator()(std::span<const float> observation) const noexcept;

 private:
  Space space_;
  std::vector<float> low_;   // lower bounds of a Box, finite ones; else empty
  std::vector<float> high_;  // upper bounds
};

/// Formats what an environment did wrong; at most eight of an observation's numbers are shown.
Error invalid_observation(const Space& space, std::span<const float> observation, const Moment& moment);
Error invalid_reward(float reward, const Moment& moment);
Error invalid_mask(const Moment& moment);

}  // namespace sounder
