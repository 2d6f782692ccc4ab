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

/// An observation between two guards, whose numbers no environment has a reason to write.
class GuardedObservation {
 public:
  explicit GuardedObservation(std::size_t size);

  /// Marks every number as unwritten with a NaN that no calculation produces. Returns a view of the observation.
  std::span<float> prepare();
  std::span<const float> numbers() const { return std::span(numbers_).subspan(kGuardSize, size_); }
  /// Returns whether the memory before and after the observation is unchanged.
  bool guards_intact() const;
  /// Returns whether a number has been written since prepare().
  static bool is_written(float number) noexcept;

 private:
  static constexpr std::size_t kGuardSize = 256;

  std::size_t size_;
  std::vector<float> numbers_;
};

/// Hashes numbers bit for bit.
std::uint64_t fingerprint(std::span<const float> numbers) noexcept;
/// Hashes an environment's complete output at one moment.
std::uint64_t fingerprint(std::span<const float> observation, const StepResult& result, ActionMask mask = {}) noexcept;

/// The fingerprints of all moves of a play, the first reset included.
using History = std::vector<std::uint64_t>;

/// Selects the actions to play among the allowed ones: drawn uniformly, or from an end of the space.
enum class ActionStyle { random, lowest, highest, alternating };

/// Describes a play. Its random numbers derive from two seeds, which may be equal.
struct Plan {
  std::uint64_t episodes;  ///< seed from which the seeds of the episodes derive
  std::uint64_t actions;   ///< seed from which the actions derive
  ActionStyle style = ActionStyle::random;
  std::optional<std::size_t> altered = {};  ///< index of a number of the action that is changed in each step
};

/// Returns the number of values that a number of a space can take; 2 for a Box, standing for many.
std::int64_t choices(const Space& space, std::size_t number);

/// Plays episodes of one instance and records a history of fingerprints. Not thread-safe.
class Player {
 public:
  /// The environment's spec must be valid.
  explicit Player(Environment environment);

  /// Clears the history and begins a first episode, like a new player.
  void begin(const Plan& plan);

  /// Makes one move: a step, or a reset if the episode has ended.
  void move();
  void move(std::int64_t times);
  /// Steps whether or not the episode has ended.
  void step();

  /// Returns the result of the last move; for a reset, reward 0 and not terminated.
  const StepResult& result() const { return result_; }
  const GuardedObservation& observation() const { return observation_; }
  const MaskReading& masks() const { return masks_; }
  bool ended() const { return result_.terminated || result_.truncated; }
  /// Returns the number of steps in the current episode.
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

/// Plays until the player's history differs from an expected one, at most to its end. Returns the moment of the first
/// difference, formatted; empty if there is none. Call begin() first.
std::string first_difference(Player& player, std::span<const std::uint64_t> expected);

}  // namespace sounder::conformance
