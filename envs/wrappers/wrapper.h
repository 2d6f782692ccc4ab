#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "envs/environment.h"

namespace sounder {

/// Base class of wrappers: owns the environment and forwards every call. A wrapper redeclares the functions that it
/// changes and sets its own spec in its constructor. A wrapper that changes actions must announce the changed ones.
template <EnvironmentModel E>
class Wrapper {
 public:
  using Action = typename E::Action;

  explicit Wrapper(E environment) : environment_(std::move(environment)), spec_(environment_.spec()) {}

  const EnvironmentSpec& spec() const noexcept { return spec_; }

  void reset(std::uint64_t seed, std::span<float> observation) { environment_.reset(seed, observation); }

  StepResult step(const Action& action, std::span<float> observation) { return environment_.step(action, observation); }

  bool announceable() const requires Announceable<E> {
    if constexpr (requires { environment_.announceable(); }) return environment_.announceable();
    return true;
  }
  void announce(const Action& action) requires Announceable<E> { environment_.announce(action); }
  void announce_reset(std::uint64_t seed) requires Announceable<E> { environment_.announce_reset(seed); }

  bool masks_actions() const requires Masking<E> { return sounder::masks_actions(environment_); }
  void action_mask(std::span<std::uint8_t> allowed) const requires Masking<E> { environment_.action_mask(allowed); }

  auto draw(Canvas& canvas) const requires Drawable<E> { return environment_.draw(canvas); }

  std::vector<double> state() const requires Replayable<E> { return environment_.state(); }

  void set_state(std::span<const double> state, std::span<float> observation) requires Replayable<E> {
    environment_.set_state(state, observation);
  }

 protected:
  E environment_;
  EnvironmentSpec spec_;
};

/// A closed range of numbers.
struct Range {
  double low;
  double high;
};

// Checks of a wrapper's environment and arguments. `wrapper` is its name in wrap(), used in errors.

/// Returns the environment's observation space. Throws UsageError if it is not a Box.
const Box& require_box_observation(std::string_view wrapper, const EnvironmentSpec& spec);

/// Returns the environment's action space. Throws UsageError if it is not a Box.
const Box& require_box_action(std::string_view wrapper, const EnvironmentSpec& spec);

/// Returns the environment's action space. Throws UsageError if it is not a Box with finite bounds.
const Box& require_finite_action(std::string_view wrapper, const EnvironmentSpec& spec);

/// Throws UsageError unless a wrapper's number lies within a range.
void require_within(std::string_view wrapper, double number, const Range& range);

}  // namespace sounder
