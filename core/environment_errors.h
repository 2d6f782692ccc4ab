#pragma once

#include <cstdint>
#include <span>
#include <string>

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

/// Words what an environment did wrong; at most eight of an observation's numbers are shown.
Error invalid_observation(const Space& space, std::span<const float> observation, const Moment& moment);
Error invalid_reward(float reward, const Moment& moment);

}  // namespace sounder
