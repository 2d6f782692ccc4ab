#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "envs/environment.h"
#include "envs/random.h"

namespace sounder::envs {

/// One possible result of an action in a state.
struct Transition {
  double probability;
  std::int64_t next_state;
  float reward;
  bool terminated;
};

/// The possible results of an action in a state: one entry of a transition table, in Gymnasium's order. Their
/// probabilities sum to 1. Entries are computed on demand, because a stored table would have to be rebuilt for each set
/// of options in reset(), which allocates nothing.
class Transitions {
 public:
  static constexpr std::size_t kMost = 3;

  Transitions() = default;
  /// Makes a deterministic transition.
  explicit Transitions(const Transition& transition) noexcept { add(transition); }

  /// Adds one; at most kMost.
  void add(const Transition& transition) noexcept;
  /// Draws one: the first at which the summed probabilities exceed a number from U(0, 1), as Gymnasium's
  /// categorical_sample does.
  const Transition& draw(Rng& rng) const noexcept;

  const Transition* begin() const noexcept { return transitions_.data(); }
  const Transition* end() const noexcept { return transitions_.data() + size_; }
  std::size_t size() const noexcept { return size_; }

 private:
  std::array<Transition, kMost> transitions_{};
  std::size_t size_ = 0;
};

/// An episode in an environment with numbered states: its current state and its randomness. Each step has its own
/// stream of random numbers, derived from the episode's key and the number of steps, so that three numbers hold the
/// complete state.
class TabularEpisode {
 public:
  /// Begins an episode, drawn from a seed; the environment then draws its state from chance().
  void begin(std::uint64_t seed) noexcept;
  /// Draws a transition and follows it. Returns its reward and whether the episode terminated.
  StepResult follow(const Transitions& transitions, Rng& rng) noexcept;
  /// Begins the next step and returns its random numbers.
  Rng next_step() noexcept;
  /// Returns the random numbers of the current step; of step 0, the initial state's.
  Rng chance() const noexcept;

  std::int64_t state() const noexcept { return state_; }
  void set_state(std::int64_t state) noexcept { state_ = state; }
  /// Writes the observation: [1], the state.
  void observe(std::span<float> observation) const noexcept;

  static constexpr std::size_t kNumbers = 3;
  /// Returns the complete state [3]: the environment's state, the episode's key (a 32-bit number), the number of steps
  /// taken.
  std::vector<double> numbers() const;
  /// Sets the complete state. Throws Error unless it has three integers in their ranges, the first below `states`.
  void set_numbers(std::span<const double> numbers, std::int64_t states);

 private:
  std::int64_t state_ = 0;
  std::uint64_t key_ = 0;
  std::int64_t steps_ = 0;
};

}  // namespace sounder::envs
