#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "envs/environment.h"

namespace sounder {

/// What a wrapper starts from: it owns the environment and passes everything through. A wrapper derives from it and
/// declares anew what it changes; it sets its own spec in its constructor. One that changes actions announces what it
/// changes them into.
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

// What wrappers ask of the environment and of their own arguments. `wrapper` is its name as wrap() takes it.

/// Views the Box that an environment's observations are of; throws UsageError if they are of another space.
const Box& require_box_observation(std::string_view wrapper, const EnvironmentSpec& spec);

/// Views the Box that an environment's actions are of; throws UsageError if they are of another space.
const Box& require_box_action(std::string_view wrapper, const EnvironmentSpec& spec);

/// The same; throws UsageError, too, if a bound is infinite.
const Box& require_finite_action(std::string_view wrapper, const EnvironmentSpec& spec);

/// Throws UsageError unless a wrapper's number lies within a range.
void require_within(std::string_view wrapper, double number, const Range& range);

}  // namespace sounder
