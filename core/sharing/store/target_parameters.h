#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/aligned_floats.h"
#include "core/sharing/store/parameter_store.h"
#include "core/sharing/store/shared_array.h"
#include "core/sharing/store/target_claims.h"

namespace sounder {

/// The target parameters of a run (Mnih et al. 2016, algorithms 1 and S2): a copy of the shared parameters that stays
/// as it is for an interval of global steps. Workers take turns to make the copies, and each keeps a replica.
///
/// Promised: no function that workers call ever waits for another thread, no float is torn, and there is no data race
/// by the language's rules. Of the callers that see an interval pass exactly one copies. Copies never overlap: while
/// one is being made nobody may begin another, so that no older float can land on a newer copy. An interval that ends
/// meanwhile gets its copy from the first refresh after it, and intervals that pass between two refreshes get one for
/// all of them. All functions may be called by any thread at any time, but for those that say otherwise.
class TargetParameters {
 public:
  /// Makes target parameters of which nothing has been copied yet: the first refresh does, at whatever step. It, or
  /// restore, should come before any worker runs.
  TargetParameters(std::size_t size, std::int64_t interval);

  std::size_t size() const noexcept { return parameters_.size(); }

  /// Copies the parameters, which `pull` writes to the span that it is given, of size() floats, if `step` has reached
  /// the next copy's step and no other caller has claimed it; returns whether it did. The next copy is due at the
  /// following multiple of the interval. As a pull does, a copy may mix the parameters of updates that are made at the
  /// same time. `pull` must not throw.
  template <std::invocable<std::span<float>> Pull>
  bool refresh(std::int64_t step, Pull pull) noexcept {
    const std::optional<std::int64_t> following = claims_.claim(step, interval_);
    if (!following) return false;
    pull(std::span<float>(staging_));
    claims_.publish(*following, [&] { parameters_.store(staging_); });
    return true;
  }
  /// The same of a store's parameters.
  bool refresh(std::int64_t step, const ParameterStore& store) noexcept {
    return refresh(step, [&](std::span<float> out) { store.pull(out); });
  }

  /// Copies the target parameters out if there is another copy than `version`, the one that `out` holds (0: none), and
  /// returns the version of what `out` holds now: the number of copies that were complete before.
  ///
  /// `out` then has every float of that version, but for those in whose place a copy that was being made at the time
  /// has put newer ones already. Such a mixture has the older copy's version: when the newer one is complete, the next
  /// pull sees that and takes all of it.
  std::uint64_t pull(std::uint64_t version, std::span<float> out) const noexcept;

  /// Copies that are complete: the version of the target parameters.
  std::uint64_t version() const noexcept { return claims_.version(); }

  struct Snapshot {
    std::vector<float> parameters;
    std::int64_t next_step = 0;  ///< of the next copy
  };
  /// Copies everything, again and again until no copy was being made meanwhile. Gives up after a thousand tries (a
  /// worker that does not run while it copies): then the floats may be of two copies, and next_step is 0, so that a
  /// restored run copies anew with its first refresh. Delays nobody.
  Snapshot snapshot() const;

  /// Replaces everything, as read from a checkpoint. Only while no other thread uses this.
  void restore(const Snapshot& snapshot) noexcept;

 private:
  std::int64_t interval_;
  SharedArray parameters_;
  AlignedFloats staging_;  // used by the thread that has claimed a copy
  TargetClaims<> claims_;
};

/// A worker's replica of the target parameters. Used by one thread at a time.
class TargetReplica {
 public:
  /// `target` is null where there are none; else it has as many parameters as there are `floats`. Both outlive this.
  TargetReplica(const TargetParameters* target, std::span<float> floats) : target_(target), floats_(floats) {}

  /// Brings the replica up to date. Returns how many bytes it received: none where it was, or where there is no target.
  std::int64_t fetch() noexcept {
    if (target_ == nullptr) return 0;
    const std::uint64_t version = target_->pull(version_, floats_);
    if (version == version_) return 0;
    version_ = version;
    return static_cast<std::int64_t>(floats_.size_bytes());
  }

 private:
  const TargetParameters* target_;
  std::span<float> floats_;
  std::uint64_t version_ = 0;  // of the floats; 0: none yet
};

}  // namespace sounder
