#pragma once

#include <concepts>
#include <cstddef>
#include <functional>
#include <utility>

#include "envs/environment.h"

namespace sounder {

/// Identifies the player that an environment is made for, and its place among the player's environments. A player uses
/// its environments from one thread at a time.
struct Seat {
  enum class Player { worker, evaluator };
  Player player = Player::worker;
  std::size_t number = 0;  ///< the worker's index; 0 for the evaluator
  std::size_t slot = 0;    ///< index among the player's environments
};

/// A factory of several kinds of environments. In an evaluation, every variants()-th slot has the same kind.
template <class Make>
concept MakesVariants = requires(const Make& make) {
  { make.variants() } -> std::convertible_to<std::size_t>;
};

/// Makes the environments of a run. Environments may differ (options by worker), and those of one player may share
/// resources (a process). A copyable value. Not thread-safe.
class EnvironmentFactory {
 public:
  /// Takes a function that makes an environment for a seat, or one without parameters for all seats.
  template <class Make>
  requires(!std::same_as<std::remove_cvref_t<Make>, EnvironmentFactory>) &&
      std::is_invocable_r_v<Environment, Make&, const Seat&> EnvironmentFactory(Make make)  // NOLINT: implicitly
      : variants_(count_variants(make)),
  make_(std::move(make)) {}
  template <class Make>
  requires(!std::same_as<std::remove_cvref_t<Make>, EnvironmentFactory>) && std::is_invocable_r_v<Environment, Make&> &&
      (!std::is_invocable_v<Make&, const Seat&>)EnvironmentFactory(Make make)  // NOLINT: implicitly
      : variants_(count_variants(make)),
  make_([make = std::move(make)](const Seat&) { return make(); }) {}

  Environment operator()(const Seat& seat = {}) const { return make_(seat); }

  /// Returns the number of kinds of environments. An evaluation plays episode i in an environment of slot i modulo
  /// variants().
  std::size_t variants() const noexcept { return variants_; }

 private:
  template <class Make>
  static std::size_t count_variants(const Make& make) {
    if constexpr (MakesVariants<Make>) return make.variants();
    return 1;
  }

  std::size_t variants_;
  std::function<Environment(const Seat&)> make_;
};

}  // namespace sounder
