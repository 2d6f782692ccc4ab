#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "envs/conformance.h"
#include "envs/conformance/player.h"
#include "envs/conformance/recording.h"
#include "envs/environment.h"

namespace sounder::conformance {

/// The environment that is checked: two instances at most, made when they are first needed, and what was seen of them,
/// so that nothing is played twice without need. For one thread at a time.
class Subject {
 public:
  /// `make` and the options outlive it.
  Subject(const std::function<Environment()>& make, const ConformanceOptions& options)
      : make_(make), options_(options) {}

  /// Makes the first instance and asks for its spec. Before this, and unless the spec is sensible, nothing else works.
  const EnvironmentSpec& read_spec();
  const EnvironmentSpec& spec() const { return spec_; }

  /// How many moves a check plays.
  std::int64_t moves() const;
  /// Plan 0 is the one that is recorded; others have other episodes and actions.
  Plan plan(std::uint64_t number = 0) const;

  /// The instances; each may be anywhere in any play.
  Player& first();
  Player& second();
  /// Replaces an instance by a new one.
  Player& renew_first();
  Player& renew_second();
  /// Ends the second instance, while the first one goes on.
  void discard_second() noexcept { second_.reset(); }
  /// Forgets both instances: one may be broken.
  void discard() noexcept;

  /// Gives the play of plan 0 by the first instance, while it was new and alone.
  const Recording& recording();
  /// Gives the history of plan 1, by the second instance.
  const History& other_history();

 private:
  const std::function<Environment()>& make_;
  const ConformanceOptions& options_;
  EnvironmentSpec spec_{};
  std::optional<Environment> unplayed_;  // the instance whose spec was asked for
  std::optional<Player> first_;
  std::optional<Player> second_;
  std::optional<Recording> recording_;
  std::optional<History> other_history_;
};

}  // namespace sounder::conformance
