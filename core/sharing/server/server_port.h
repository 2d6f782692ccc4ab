#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/aligned_floats.h"
#include "core/parameters.h"
#include "core/sharing/blocks/schedule.h"
#include "core/sharing/server/shard.h"
#include "core/sharing/sharing.h"
#include "core/sharing/store/running_moments.h"
#include "core/sharing/store/shared_array.h"
#include "core/sharing/store/target_parameters.h"
#include "core/sharing/store/update_counts.h"
#include "core/sharing/store/update_range.h"
#include "core/sharing/update.h"

namespace sounder {

/// How a parameter server's clients work with it (Dean et al. 2012, algorithm 1.1).
struct ServerSettings {
  std::size_t shards = 1;
  std::uint64_t fetch_every = 1;  ///< rollouts of a client from fetch to fetch; beyond 1, it takes local steps
  std::uint64_t push_every = 1;   ///< rollouts whose gradients a client adds up for a push
  std::int64_t warm_start = 0;    ///< global step from which other workers than the first one run
};

/// What the clients of a run count together.
struct ServerCounts {
  /// Contributions, each of which a snapshot has as a whole or not at all; their steps are the global step.
  UpdateCounts<> contributions;
  alignas(128) std::atomic<std::uint64_t> updates{0};  ///< pushes; to be loaded as UpdateCounts says
};

/// What a client takes from rollout to rollout. Its own thread writes it, within a contribution; the atomics and the
/// shared arrays may be read by any thread at any time, as UpdateCounts says.
struct alignas(128) ServerClient {
  std::atomic<std::uint64_t> rollouts{0};          ///< that it contributed: k
  std::atomic<std::uint64_t> accrued_rollouts{0};  ///< whose gradients have been added up since the latest push
  std::atomic<bool> stepped{false};                ///< the replica took local steps, and its copy below is of now
  AlignedFloats accrued;                           ///< sum of clipped gradients; empty: each is pushed at once
  SharedArray accrued_copy{0};                     ///< of the sum, where accrued_rollouts is not 0
  SharedArray replica_copy{0};                     ///< of the replica, where it took local steps
};

/// One worker's end of a parameter server. What this client does with its rollout k:
///
///     if k mod fetch_every = 0:  replica <- parameters of all shards
///     g: the rollout's gradient, clipped;  accrued += g
///     replica <- replica - lr g            (the local step; not before a fetch)
///     k <- k + 1;  if k mod push_every = 0:  push accrued to all shards, slice by slice;  accrued <- 0
///
/// k counts from 0: a push is always of push_every rollouts, and comes before a fetch at the same k. The learning rate
/// is that of the global step before the rollout's steps are counted. A fetch replaces the replica, with the local
/// steps whose gradients were not pushed yet. Where an agent learns from a rollout several times, each is a k of its
/// own. A gradient that cannot be used counts in k and is not added; since the replica's local steps may be what made
/// it so, the next rollout begins with a fetch.
///
/// Of a push, blocks may be selected: what was accrued of the others is dropped, and a shard that has none of them is
/// not pushed to. Local steps are of all parameters.
class alignas(128) ServerPort final : public Port {  // on cache lines of its own
 public:
  /// A shard, and which slice it has.
  struct Link {
    Shard& shard;
    Slice slice;
  };
  struct Parts {
    const ServerSettings& settings;
    const UpdateSettings& update;
    std::vector<Link> links;  ///< in the order in which this client goes through the shards
    RunningMoments& moments;
    TargetParameters* target = nullptr;  ///< null: there are none
    BlockSchedule* blocks = nullptr;     ///< says what a push writes; null: everything
    std::size_t most_ranges = 0;         ///< that it says
    ServerCounts& counts;
    ServerClient& client;
    std::int64_t first_step = 0;  ///< global step from which its worker runs
    Replica replica;
  };
  explicit ServerPort(Parts parts)
      : parts_(std::move(parts)), target_(parts_.target, parts_.replica.target), versions_(parts_.links.size()) {
    slice_ranges_.reserve(parts_.most_ranges);
  }

  bool ready() const noexcept override { return parts_.counts.contributions.steps() >= parts_.first_step; }
  Fetched fetch() override;
  Given give(const Contribution& contribution) override;
  void merge(const MomentsBlock& block, MomentsBatch& batch) override { parts_.moments.merge(block, batch); }
  /// Does nothing: when to fetch is a matter of k alone. What others do meanwhile is staleness.
  void forget() noexcept override {}

 private:
  struct Update {
    std::span<const float> gradient;
    float scale = 1;  ///< of the gradient
    double norm;      ///< of the gradient
    float learning_rate;
  };
  Given push(const Update& update) noexcept;
  void select_within(const Slice& slice, std::span<const UpdateRange> ranges) noexcept;
  Given push_accrued(float learning_rate) noexcept;
  void accrue(std::span<const float> gradient, float scale) noexcept;
  void step_locally(std::span<const float> gradient, float rate) noexcept;
  template <class Keep>
  void fetch_shards(std::span<float> parameters, Keep keep_version) noexcept;

  Parts parts_;
  TargetReplica target_;
  std::vector<std::uint64_t> versions_;    // of the replica's slices, by link, plus this client's pushes since
  std::vector<UpdateRange> slice_ranges_;  // of one slice, of the push under way
  bool fetched_ = false;                   // the replica may be learnt with
};

}  // namespace sounder
