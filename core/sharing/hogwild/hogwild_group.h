#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/learning/agent.h"
#include "core/parameters.h"
#include "core/sharing/blocks/plan.h"
#include "core/sharing/blocks/schedule.h"
#include "core/sharing/blocks/shared_blocks.h"
#include "core/sharing/sharing.h"
#include "core/sharing/store/parameter_store.h"
#include "core/sharing/store/target_parameters.h"
#include "core/sharing/update.h"

namespace sounder {

/// One worker's way into a ParameterStore. A push that updates everything is a fetch as well: the replica receives the
/// parameters as the update leaves them, and the next fetch copies nothing.
class alignas(128) HogwildPort final : public Port {  // on cache lines of its own
 public:
  struct Parts {
    ParameterStore& store;
    TargetParameters* target = nullptr;  ///< null: there are none
    const UpdateSettings& update;
    std::span<SharedArray> own_statistics = {};  ///< of a worker that keeps its own; empty: the store's
    BlockSchedule* blocks = nullptr;             ///< says what an update writes; null: everything
    std::size_t first_block = 0;                 ///< of the parameters, at which its updates begin
    Replica replica;
    std::atomic<std::int64_t>* run_step = nullptr;  ///< see HogwildGroup::Settings
  };
  explicit HogwildPort(const Parts& parts) : parts_(parts), target_(parts.target, parts.replica.target) {}

  Fetched fetch() override;
  Given give(const Contribution& contribution) override;
  void merge(const MomentsBlock& block, MomentsBatch& batch) override { parts_.store.merge(block, batch); }
  void forget() noexcept override { fetched_ = false; }

  // What giving is made of, for schemes in which more happens to a gradient on its way.

  /// The version of the replica.
  std::uint64_t version() const noexcept { return version_; }

  /// The factor of the learning rate that is due to the replica's age, as it is now: updates that complete before the
  /// push come too late.
  float rate_factor() const noexcept { return parts_.update.rate_factor(parts_.store.updates() - version_); }

  struct Update {
    std::span<const float> gradient;
    double norm;              ///< of the gradient
    float rate_factor = 1;    ///< of the learning rate
    std::uint64_t version;    ///< of the parameters that the gradient was learnt with
    std::int64_t steps;       ///< of the last contribution to it
    std::int64_t before = 0;  ///< steps of the contributions before that one, which are counted already
  };
  /// Makes an update; where no block has one due, counts the steps and makes none.
  Given push(const Update& update);

  /// Counts steps of which no update is made.
  Given skip(std::int64_t steps);

 private:
  /// The global step.
  std::int64_t step() const noexcept;
  /// Ends a contribution whose steps the store has counted.
  Given end(std::int64_t steps, Given given);

  Parts parts_;
  TargetReplica target_;
  std::uint64_t version_ = 0;
  bool fetched_ = false;  // the replica is as new as a pull would make it
};

/// Parameters that some workers of a run share without locks: a ParameterStore, with the statistics of the update rule,
/// which are shared likewise or each worker's own, and the target parameters, where agents learn with them. Any thread
/// may call its functions at any time, but for those that say otherwise.
///
/// Saves "<prefix>worker<i>/<statistic>" of each worker or "<prefix><statistic>", then "<prefix>target", then what
/// SharedBlocks does.
class HogwildGroup {
 public:
  struct Settings {
    UpdateSettings update;
    BlockSettings blocks = {};     ///< what updates write
    std::uint64_t seed = 0;        ///< of the run, for blocks that are drawn
    std::size_t first_worker = 0;  ///< number of the group's first worker among all of the run
    WriteMode write_mode = WriteMode::relaxed;
    std::size_t workers = 1;
    std::int64_t target_interval = 1;  ///< global steps between copies of the target parameters
    std::string prefix = {};           ///< of the names of its tensors
    /// Counts the steps of all groups of a run, of which this is one; null: it is the only one, and the store counts.
    std::atomic<std::int64_t>* run_step = nullptr;
    std::shared_ptr<RunningMoments> moments = nullptr;  ///< of all groups of a run; null: the group makes its own
  };
  /// Begins with the parameters `initial`, laid out as those of the agents. Throws UsageError as SharedBlocks does.
  HogwildGroup(const Settings& settings, const AgentFactory& agents, std::span<const float> initial);

  /// Returns what the port of a worker, counted from 0 within the group, is made of. Before any worker runs.
  HogwildPort::Parts port_parts(std::size_t worker, const Replica& replica);

  ParameterStore& store() noexcept { return store_; }
  const ParameterStore& store() const noexcept { return store_; }

  /// Adds the numbers of groups, at least one, of the same settings: the updates lost, the mean over the groups, and
  /// those of SharedBlocks.
  static void measure(std::span<const HogwildGroup* const> groups, Measures& measures);

  /// Copies everything, as Sharing::snapshot does.
  Sharing::Snapshot snapshot() const;

  /// What the group goes on from.
  struct Restored {
    std::vector<float> parameters;
    std::int64_t step;      ///< global
    std::uint64_t updates;  ///< of the group
    std::size_t workers;    ///< that the tensors are of
    const std::vector<Tensor>& tensors;
  };
  /// Goes on from what a snapshot gave, maybe with another number of workers. Throws Error where a tensor is missing.
  /// Before any worker runs.
  void restore(const Restored& restored);

  /// Replaces the parameters and, where there are any, the target parameters, as Sharing::replace does.
  void replace(std::span<const float> parameters);

 private:
  std::string own_name(std::size_t worker, std::size_t statistic) const;
  std::string target_name() const;
  /// Throws Error if the workers' statistics are each one's own in a checkpoint and shared here, or the other way
  /// round: whether gradients are averaged decides it.
  void check_statistics_owner(const std::vector<Tensor>& tensors) const;

  const Settings settings_;
  const std::vector<std::string> statistic_names_;
  ParameterStore store_;
  std::optional<TargetParameters> target_;
  std::optional<SharedBlocks> blocks_;                    // none: updates write everything
  std::vector<std::vector<SharedArray>> own_statistics_;  // [workers], where each keeps its own
  // As read from a checkpoint, of workers that this part of the run does without: a later part may have them again.
  std::vector<Tensor> absent_statistics_;
};

}  // namespace sounder
