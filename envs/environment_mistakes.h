#pragma once

#include <concepts>
#include <type_traits>

#include "envs/environment.h"

namespace sounder {

/// Tells whether E is an environment that can be registered. Of one that is not, the compiler says in a line what is
/// missing, in place of the concept's whole derivation.
template <class E>
consteval bool explain_environment() {
  constexpr bool movable = std::movable<E>;
  static_assert(movable, "an environment has to be movable: it lacks a move constructor or assignment");
  constexpr bool default_constructible = std::default_initializable<E>;
  static_assert(
      default_constructible,
      "an environment has to be default-constructible: give its members defaults, or register a function that "
      "makes it");
  constexpr bool has_spec = requires(const E& e) {
    { e.spec() } -> std::convertible_to<EnvironmentSpec>;
  };
  static_assert(has_spec, "an environment needs a public `EnvironmentSpec spec() const`");
  constexpr bool has_reset = requires(E e, std::uint64_t seed, std::span<float> observation) {
    e.reset(seed, observation);
  };
  static_assert(has_reset,
                "an environment needs a public `void reset(std::uint64_t seed, std::span<float> observation)`");
  constexpr bool has_action = requires {
    typename E::Action;
  };
  static_assert(
      has_action,
      "an environment needs a public `using Action = ...;`: std::int64_t (Discrete), std::span<const float> (Box), "
      "std::span<const std::int64_t> (MultiDiscrete, MultiBinary), or sounder::Action (any)");
  if constexpr (has_action) {
    using A = typename E::Action;
    constexpr bool known = std::same_as<A, std::int64_t> || std::same_as<A, std::span<const float>> ||
                           std::same_as<A, std::span<const std::int64_t>> || std::same_as<A, Action>;
    static_assert(
        known,
        "an environment's Action has to be std::int64_t, std::span<const float>, std::span<const std::int64_t> "
        "or sounder::Action");
    constexpr bool has_step = requires(E e, A action, std::span<float> observation) {
      { e.step(action, observation) } -> std::convertible_to<StepResult>;
    };
    static_assert(has_step,
                  "an environment needs a public `StepResult step(Action action, std::span<float> observation)`");
    return known && EnvironmentModel<E> && std::default_initializable<E>;
  } else {
    return false;
  }
}

}  // namespace sounder
