#pragma once

#include <cstdint>
#include <exception>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "envs/conformance/player.h"
#include "envs/environment.h"

namespace sounder::conformance {

/// What was seen of an episode that ended.
struct Episode {
  std::int64_t steps;
  double reward_sum;
  bool terminated;
  bool truncated;
  std::vector<float> second_last;  ///< the observation before the last one; empty from kKeptEpisodes on
  std::vector<float> last;         ///< the last observation; empty from kKeptEpisodes on
};

/// The least and the largest of some numbers; of none, low > high.
struct Extent {
  float low = std::numeric_limits<float>::infinity();
  float high = -std::numeric_limits<float>::infinity();

  void add(float number) noexcept;
  bool contains(float number) const noexcept { return low <= number && number <= high; }
  /// The largest magnitude.
  float magnitude() const noexcept;
};

/// All that the checks look at of one instance's play with random actions. The texts word the first moment at which
/// something was wrong; empty: nothing was.
struct Recording {
  static constexpr std::size_t kKeptEpisodes = 64;

  History history;
  std::int64_t steps = 0;
  std::vector<Episode> episodes;

  std::string not_written;
  std::string written_outside;
  std::string not_finite;
  std::string outside_of_space;
  std::string reward_not_finite;
  std::string wrong_mask;
  std::string beyond_limit;  ///< the step limit was reached, and the episode went on

  bool masks = false;              ///< the environment masks actions
  std::int64_t least_allowed = 0;  ///< of the masks' numbers, in one mask
  std::int64_t most_allowed = 0;

  std::vector<Extent> extents;        ///< of each number of the observations
  std::vector<Extent> first_extents;  ///< of the observations that resets gave alone
  std::int64_t changes = 0;           ///< steps whose observation differs from the one before
  bool resets_differ = false;         ///< two resets gave different observations

  float largest_reward = 0.0F;  ///< by magnitude, of those that are finite
  std::string largest_reward_place;

  std::exception_ptr error;  ///< what ended the play before its time
  std::string error_place;
};

/// Words what is wrong with an observation that is written, finite and yet not in its space; empty: nothing is.
std::string outside_of(const Space& space, std::span<const float> observation);

/// Plays a number of moves, or fewer if the environment throws.
Recording record(Player& player, const Plan& plan, std::int64_t moves);

}  // namespace sounder::conformance
