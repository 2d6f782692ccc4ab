#pragma once

#include <concepts>
#include <type_traits>

#include "envs/environment.h"

namespace sounder {

/// Returns whether E is an environment that can be registered. If it is not, a static assertion names the missing part
/// in one line, instead of the concept's whole derivation.
template <class E>
consteval bool explain_environment() {
  constexpr bool kMovable = std::movable<E>;
  static_assert(kMovable, "an environment has to be movable: it lacks a move constructor or assignment");
  constexpr bool kDefaultConstructible = std::default_initializable<E>;
  static_assert(
      kDefaultConstructible,
      "an environment has to be default-constructible: give its members defaults, or register a function that "
      "makes it");
  constexpr bool kHasSpec = requires(const E& e) {
    { e.spec() } -> std::convertible_to<EnvironmentSpec>;
  };
  static_assert(kHasSpec, "an environment needs a public `EnvironmentSpec spec() const`");
  constexpr bool kHasReset = requires(E e, std::uint64_t seed, std::span<float> observation) {
    e.reset(seed, observation);
  };
  static_assert(kHasReset,
                "an environment needs a public `void reset(std::uint64_t seed, std::span<float> observation)`");
  constexpr bool kHasAction = requires {
    typename E::Action;
  };
  static_assert(
      kHasAction,
      "an environment needs a public `using Action = ...;`: std::int64_t (Discrete), std::span<const float> (Box), "
      "std::span<const std::int64_t> (MultiDiscrete, MultiBinary), or sounder::Action (any)");
  if constexpr (kHasAction) {
    using A = typename E::Action;
    constexpr bool kKnown = std::same_as<A, std::int64_t> || std::same_as<A, std::span<const float>> ||
                            std::same_as<A, std::span<const std::int64_t>> || std::same_as<A, Action>;
    static_assert(
        kKnown,
        "an environment's Action has to be std::int64_t, std::span<const float>, std::span<const std::int64_t> "
        "or sounder::Action");
    constexpr bool kHasStep = requires(E e, A action, std::span<float> observation) {
      { e.step(action, observation) } -> std::convertible_to<StepResult>;
    };
    static_assert(kHasStep,
                  "an environment needs a public `StepResult step(Action action, std::span<float> observation)`");
    return kKnown && EnvironmentModel<E> && std::default_initializable<E>;
  } else {
    return false;
  }
}

}  // namespace sounder
