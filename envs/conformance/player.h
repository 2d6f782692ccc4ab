#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "envs/conformance/masks.h"
#include "envs/environment.h"
#include "envs/random.h"

namespace sounder::conformance {

/// An observation between two guards: numbers that no environment has a reason to write.
class GuardedObservation {
 public:
  explicit GuardedObservation(std::size_t size);

  /// Marks every number as not written, by a NaN that no calculation gives, and views the observation.
  std::span<float> prepare();
  std::span<const float> numbers() const { return std::span(numbers_).subspan(kGuardSize, size_); }
  /// Tells whether nothing was written before or behind the observation.
  bool guards_intact() const;
  /// Tells whether a number has been written since prepare().
  static bool is_written(float number) noexcept;

 private:
  static constexpr std::size_t kGuardSize = 256;

  std::size_t size_;
  std::vector<float> numbers_;
};

/// Condenses numbers, bit for bit: equal where all of them are.
std::uint64_t fingerprint(std::span<const float> numbers) noexcept;
/// Condenses all that an environment shows at one moment.
std::uint64_t fingerprint(std::span<const float> observation, const StepResult& result, ActionMask mask = {}) noexcept;

/// The fingerprints of all moves of a play, the first reset included.
using History = std::vector<std::uint64_t>;

/// Which actions are played, of those that are allowed: drawn uniformly, or those at an end of the space.
enum class ActionStyle { random, lowest, highest, alternating };

/// What is played. Random numbers derive from two seeds, which may be equal.
struct Plan {
  std::uint64_t episodes;  ///< from it derives the n-th episode's seed
  std::uint64_t actions;   ///< from it derive the actions
  ActionStyle style = ActionStyle::random;
  std::optional<std::size_t> altered = {};  ///< a number of the action that is another than without this, each time
};

/// Counts the values that a number of a space has; two stand for the many of a Box.
std::int64_t choices(const Space& space, std::size_t number);

/// Plays episode after episode of one instance and remembers what it shows. For one thread at a time.
class Player {
 public:
  /// The spec must be a sensible one.
  explicit Player(Environment environment);

  /// Forgets everything and begins a first episode, as a new player with a new instance would.
  void begin(const Plan& plan);

  /// Makes one move: a step, or a reset if the episode has ended.
  void move();
  void move(std::int64_t times);
  /// Steps whether or not the episode has ended.
  void step();

  /// What the last move gave; of a reset: reward 0, not terminated.
  const StepResult& result() const { return result_; }
  const GuardedObservation& observation() const { return observation_; }
  const MaskReading& masks() const { return masks_; }
  bool ended() const { return result_.terminated || result_.truncated; }
  /// Counts the steps of the current episode.
  std::int64_t steps() const { return steps_; }
  /// Formats the current moment: "episode 2, step 17", "episode 2, reset".
  std::string place() const;
  const History& history() const { return history_; }
  Environment& environment() { return environment_; }

 private:
  void reset();
  void choose_action();
  void look();

  Environment environment_;
  Space action_space_;
  ActionArray action_;
  GuardedObservation observation_;
  MaskReading masks_;
  Plan plan_{};
  Rng action_rng_{0};
  Rng altering_rng_{0};
  std::uint64_t episode_ = 0;
  std::int64_t steps_ = 0;
  StepResult result_{.reward = 0.0F, .terminated = false};
  History history_;
};

/// Plays on until something else is shown than a history has there, at most to its end; words that moment. Empty: it
/// is all the same. The player has begun.
std::string first_difference(Player& player, std::span<const std::uint64_t> expected);

}  // namespace sounder::conformance
