#pragma once

#include <concepts>
#include <cstddef>
#include <functional>
#include <utility>

#include "envs/environment.h"

namespace sounder {

/// For whom an environment is made: one of the environments that a player steps side by side. A player uses its own
/// from one thread at a time.
struct Seat {
  enum class Player { worker, evaluator };
  Player player = Player::worker;
  std::size_t number = 0;  ///< the worker's index; 0 of the evaluator
  std::size_t slot = 0;    ///< which of the player's environments
};

/// Makes environments that are not all alike: in an evaluation, those of every variants()-th slot are.
template <class Make>
concept MakesVariants = requires(const Make& make) {
  { make.variants() } -> std::convertible_to<std::size_t>;
};

/// Makes the environments of a run: what may differ from one to the other (options by worker), and what those of one
/// player have in common (a process), is its own affair. A copyable value; called from one thread at a time.
class EnvironmentFactory {
 public:
  /// Takes what makes an environment for a seat, or one that is the same for all.
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

  /// Counts the kinds of environments that are dealt out to an evaluation's episodes in turn: episode i is to be played
  /// in an environment of slot i modulo as many.
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
