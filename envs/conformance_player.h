#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "envs/environment.h"
#include "envs/random.h"

namespace sounder {

/// An observation between two guards: numbers that no environment has a reason to write.
class GuardedObservation {
 public:
  explicit GuardedObservation(std::size_t size);

  /// Fills the observation with NaN, so that what is not written next is seen, and views it.
  std::span<float> prepare();
  std::span<const float> numbers() const { return std::span(numbers_).subspan(kGuardSize, size_); }
  /// Tells whether nothing was written before or behind the observation.
  bool guards_intact() const;

 private:
  static constexpr std::size_t kGuardSize = 256;

  std::size_t size_;
  std::vector<float> numbers_;
};

/// Condenses all that an environment shows at one moment, bit for bit: equal where everything is equal.
std::uint64_t fingerprint(std::span<const float> observation, const StepResult& result);

/// Plays episode after episode of one instance with random actions and remembers what it shows. The conformance checks'
/// tool; for one thread at a time.
class Player {
 public:
  /// Decide what is played: the n-th episode's seed derives from the first, all actions from the second.
  struct Seeds {
    std::uint64_t episodes;
    std::uint64_t actions;
  };

  /// Begins the first episode. The spec must be a sensible one.
  Player(Environment environment, const Seeds& seeds);

  /// Forgets everything and begins a first episode, as a new player with a new instance would.
  void begin(const Seeds& seeds);

  /// Makes one move: a step, or a reset if the episode has ended.
  void move();
  void move(std::int64_t times);

  /// What the last move gave; of a reset: reward 0, not terminated.
  const StepResult& result() const { return result_; }
  const GuardedObservation& observation() const { return observation_; }
  bool ended() const { return result_.terminated || result_.truncated; }
  /// Counts the steps of the current episode.
  std::int64_t steps() const { return steps_; }
  /// Words the current moment: "episode 2, step 17".
  std::string place() const;
  /// Lists the fingerprints of all moves, the first reset included.
  const std::vector<std::uint64_t>& history() const { return history_; }
  Environment& environment() { return environment_; }

 private:
  void reset();

  Environment environment_;
  Space action_space_;
  ActionArray action_;
  GuardedObservation observation_;
  Seeds seeds_{};
  Rng action_rng_{0};
  std::uint64_t episode_ = 0;
  std::int64_t steps_ = 0;
  StepResult result_{.reward = 0.0F, .terminated = false};
  std::vector<std::uint64_t> history_;
};

}  // namespace sounder
