#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "envs/conformance.h"
#include "envs/conformance/player.h"
#include "envs/conformance/recording.h"
#include "envs/environment.h"

namespace sounder::conformance {

/// The environment under test: at most two instances, made on first use, with their recordings, so that checks can
/// share one play. Not thread-safe.
class Subject {
 public:
  /// `make` and the options must outlive the subject.
  Subject(const std::function<Environment()>& make, const ConformanceOptions& options)
      : make_(make), options_(options) {}

  /// Makes the first instance and reads its spec. Call it before anything else; the other functions need a valid spec.
  const EnvironmentSpec& read_spec();
  const EnvironmentSpec& spec() const { return spec_; }

  /// Returns the number of moves that a check plays.
  std::int64_t moves() const;
  /// Returns a plan. Plan 0 is the recorded one; others have different episodes and actions.
  Plan plan(std::uint64_t number = 0) const;

  /// Return the instances, each at any point of any play.
  Player& first();
  Player& second();
  /// Replaces an instance by a new one.
  Player& renew_first();
  Player& renew_second();
  /// Destroys the second instance and keeps the first.
  void discard_second() noexcept { second_.reset(); }
  /// Destroys both instances, because one may be broken.
  void discard() noexcept;

  /// Returns the recorded play of plan 0 by the first instance, when it was new and alone.
  const Recording& recording();
  /// Returns the history of plan 1, played by the second instance.
  const History& other_history();

 private:
  const std::function<Environment()>& make_;
  const ConformanceOptions& options_;
  EnvironmentSpec spec_{};
  std::optional<Environment> unplayed_;  // the instance whose spec was read
  std::optional<Player> first_;
  std::optional<Player> second_;
  std::optional<Recording> recording_;
  std::optional<History> other_history_;
};

}  // namespace sounder::conformance
