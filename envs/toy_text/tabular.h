#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "envs/environment.h"
#include "envs/random.h"

namespace sounder::envs {

/// One of the things that may follow a state and an action.
struct Transition {
  double probability;
  std::int64_t next_state;
  float reward;
  bool terminated;
};

/// What may follow a state and an action: one entry of a transition table, in Gymnasium's order; the probabilities sum
/// to 1. It is worked out when it is asked for: a table that is kept would have to be built anew for every set of
/// options, in a reset, which allocates nothing.
class Transitions {
 public:
  static constexpr std::size_t kMost = 3;

  Transitions() = default;
  /// Makes one that is certain.
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

/// An episode in an environment of countably many states: the state it is in, and what its chance derives from. Each
/// step's chance is a stream of its own, of the episode's key and the number of steps, so that three numbers are all
/// that there is to remember.
class TabularEpisode {
 public:
  /// Begins an episode, drawn from a seed; the environment then draws its state from chance().
  void begin(std::uint64_t seed) noexcept;
  /// Draws what follows an action, and goes there with the same chance; returns the reward and whether it ended.
  StepResult follow(const Transitions& transitions, Rng& rng) noexcept;
  /// Begins the next step: gives its random numbers.
  Rng next_step() noexcept;
  /// Gives the random numbers of the current step; of step 0, the initial state's.
  Rng chance() const noexcept;

  std::int64_t state() const noexcept { return state_; }
  void set_state(std::int64_t state) noexcept { state_ = state; }
  /// Writes the observation: [1], the state.
  void observe(std::span<float> observation) const noexcept;

  static constexpr std::size_t kNumbers = 3;
  /// Gives all there is to remember [3]: the state, the episode's key (a 32-bit number), the number of steps done.
  std::vector<double> numbers() const;
  /// Sets it; throws Error unless these are three numbers, whole and in their ranges, of one of `states` states.
  void set_numbers(std::span<const double> numbers, std::int64_t states);

 private:
  std::int64_t state_ = 0;
  std::uint64_t key_ = 0;
  std::int64_t steps_ = 0;
};

}  // namespace sounder::envs
