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

/// Summary of a finished episode.
struct Episode {
  std::int64_t steps;
  double reward_sum;
  bool terminated;
  bool truncated;
  std::vector<float> second_last;  ///< the observation before the last one; empty from kKeptEpisodes on
  std::vector<float> last;         ///< the last observation; empty from kKeptEpisodes on
};

/// The range of some numbers; low > high if there are none.
struct Extent {
  float low = std::numeric_limits<float>::infinity();
  float high = -std::numeric_limits<float>::infinity();

  void add(float number) noexcept;
  bool contains(float number) const noexcept { return low <= number && number <= high; }
  /// The largest magnitude.
  float magnitude() const noexcept;
};

/// The data that the checks need from one instance's play with random actions. Each text describes the first fault of
/// its kind and is empty if there was none.
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
  std::string beyond_limit;  ///< the episode continued after the step limit

  bool masks = false;              ///< the environment masks actions
  std::int64_t least_allowed = 0;  ///< fewest allowed options in one mask
  std::int64_t most_allowed = 0;

  std::vector<Extent> extents;        ///< range of each number over all observations
  std::vector<Extent> first_extents;  ///< the same over the observations of resets only
  std::int64_t changes = 0;           ///< steps whose observation differs from the one before
  bool resets_differ = false;         ///< two resets gave different observations

  float largest_reward = 0.0F;  ///< finite reward of the largest magnitude
  std::string largest_reward_place;

  std::exception_ptr error;  ///< exception that ended the play early
  std::string error_place;
};

/// Describes how a finite observation lies outside of its space; empty if it does not.
std::string outside_of(const Space& space, std::span<const float> observation);

/// Plays a number of moves, or fewer if the environment throws.
Recording record(Player& player, const Plan& plan, std::int64_t moves);

}  // namespace sounder::conformance
