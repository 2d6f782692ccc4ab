#include "envs/conformance/recording.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <variant>

namespace sounder::conformance {
namespace {

/// Describes the numbers of an observation that satisfy a condition: "number 2", "2 of 6 numbers, the first of them 2".
template <class Condition>
std::string which(std::span<const float> numbers, const Condition& condition) {
  const auto count = std::ranges::count_if(numbers, condition);
  if (count == 0) return "";
  const auto first = std::ranges::find_if(numbers, condition) - numbers.begin();
  if (count == 1) return fmt::format("number {} of {}", first, numbers.size());
  return fmt::format("{} of {} numbers, starting with number {},", count, numbers.size(), first);
}

class Recorder {
 public:
  Recorder(Player& player, const EnvironmentSpec& spec) : player_(player), spec_(spec) {
    const std::size_t size = flat_size(spec.observation_space);
    recording_.extents.resize(size);
    recording_.first_extents.resize(size);
  }

  Recording play(const Plan& plan, std::int64_t moves) {
    try {
      player_.begin(plan);
      look();
      for (std::int64_t i = 0; i < moves; ++i) {
        player_.move();
        look();
      }
    } catch (...) {
      recording_.error = std::current_exception();
      recording_.error_place = player_.place();
    }
    recording_.history = player_.history();
    return std::move(recording_);
  }

 private:
  void look() {
    look_at_observation();
    look_at_mask();
    if (player_.steps() == 0) {
      look_at_reset();
    } else {
      look_at_step();
    }
    const auto numbers = player_.observation().numbers();
    before_.assign(numbers.begin(), numbers.end());
  }

  void look_at_observation() {
    const auto numbers = player_.observation().numbers();
    if (!player_.observation().guards_intact()) {
      note(recording_.written_outside, fmt::format("it wrote outside of its observation's {} numbers", numbers.size()));
    }
    const auto unwritten = [](float number) { return !GuardedObservation::is_written(number); };
    const auto infinite = [&](float number) { return !std::isfinite(number) && !unwritten(number); };
    if (const auto found = which(numbers, unwritten); !found.empty()) {
      note(recording_.not_written, fmt::format("{} {} not written", found, found.ends_with(',') ? "were" : "was"));
    } else if (const auto wrong = which(numbers, infinite); !wrong.empty()) {
      note(recording_.not_finite, fmt::format("{} {} {}", wrong, wrong.ends_with(',') ? "are" : "is",
                                              *std::ranges::find_if(numbers, infinite)));
    } else {
      note(recording_.outside_of_space, outside_of(spec_.observation_space, numbers));
    }
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      if (std::isfinite(numbers[i])) recording_.extents[i].add(numbers[i]);
    }
  }

  void look_at_mask() {
    const MaskReading& masks = player_.masks();
    note(recording_.wrong_mask, masks.fault());
    if (masks.mask().empty()) return;
    const std::int64_t allowed = count_allowed(masks.mask());
    recording_.least_allowed = recording_.masks ? std::min(recording_.least_allowed, allowed) : allowed;
    recording_.most_allowed = std::max(recording_.most_allowed, allowed);
    recording_.masks = true;
  }

  void look_at_reset() {
    const auto numbers = player_.observation().numbers();
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      if (std::isfinite(numbers[i])) recording_.first_extents[i].add(numbers[i]);
    }
    const std::uint64_t first = fingerprint(numbers);
    if (first_observation_ && *first_observation_ != first) recording_.resets_differ = true;
    first_observation_ = first;
    reward_sum_ = 0.0;
  }

  void look_at_step() {
    const StepResult& result = player_.result();
    const auto numbers = player_.observation().numbers();
    ++recording_.steps;
    if (fingerprint(numbers) != fingerprint(before_)) ++recording_.changes;
    reward_sum_ += static_cast<double>(result.reward);
    if (!std::isfinite(result.reward)) {
      note(recording_.reward_not_finite, fmt::format("the reward is {}", result.reward));
    } else if (std::abs(result.reward) > std::abs(recording_.largest_reward)) {
      recording_.largest_reward = result.reward;
      recording_.largest_reward_place = player_.place();
    }
    if (player_.ended()) {
      keep_episode();
    } else if (spec_.max_episode_steps && player_.steps() == *spec_.max_episode_steps) {
      note(recording_.beyond_limit, fmt::format("the limit is {}, and the episode goes on", *spec_.max_episode_steps));
    }
  }

  void keep_episode() {
    const StepResult& result = player_.result();
    Episode episode{.steps = player_.steps(),
                    .reward_sum = reward_sum_,
                    .terminated = result.terminated,
                    .truncated = result.truncated,
                    .second_last = {},
                    .last = {}};
    if (recording_.episodes.size() < Recording::kKeptEpisodes) {
      const auto numbers = player_.observation().numbers();
      episode.second_last = before_;
      episode.last.assign(numbers.begin(), numbers.end());
    }
    recording_.episodes.push_back(std::move(episode));
  }

  /// Records the first fault of a kind, with its place.
  void note(std::string& where, const std::string& fault) const {
    if (where.empty() && !fault.empty()) where = player_.place() + ": " + fault;
  }

  Player& player_;
  const EnvironmentSpec& spec_;
  Recording recording_;
  std::vector<float> before_;
  std::optional<std::uint64_t> first_observation_;
  double reward_sum_ = 0.0;
};

}  // namespace

void Extent::add(float number) noexcept {
  low = std::min(low, number);
  high = std::max(high, number);
}

float Extent::magnitude() const noexcept {
  return low > high ? 0.0F : std::max(std::abs(low), std::abs(high));
}

std::string outside_of(const Space& space, std::span<const float> observation) {
  constexpr float kTolerance = 1e-4F;
  if (contains(space, observation, kTolerance)) return "";
  for (std::size_t i = 0; i < observation.size(); ++i) {
    const float number = observation[i];
    if (const auto* box = std::get_if<Box>(&space)) {
      const Box own = Box::bounds({box->low[i]}, {box->high[i]});
      if (!contains(own, observation.subspan(i, 1), kTolerance)) {
        return fmt::format("number {} is {}, its bounds are {} and {}", i, number, box->low[i], box->high[i]);
      }
    } else {
      const std::int64_t count = choices(space, i);
      if (!contains(Discrete{count}, observation.subspan(i, 1), kTolerance)) {
        return fmt::format("number {} is {}, its range is 0 to {}", i, number, count - 1);
      }
    }
  }
  return "";
}

Recording record(Player& player, const Plan& plan, std::int64_t moves) {
  const EnvironmentSpec spec = player.environment().spec();
  return Recorder(player, spec).play(plan, moves);
}

}  // namespace sounder::conformance
