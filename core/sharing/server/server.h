#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/parameters.h"
#include "core/sharing/blocks/shared_blocks.h"
#include "core/sharing/server/server_port.h"
#include "core/sharing/server/shard.h"
#include "core/sharing/sharing.h"
#include "core/sharing/store/running_moments.h"
#include "core/sharing/store/target_parameters.h"
#include "core/sharing/update.h"

namespace sounder {

/// Downpour SGD (Dean et al. 2012): a parameter server of shards, each with a slice of the parameters, and workers as
/// its clients, which fetch and push slice by slice at their own pace. A shard makes one update or fetch at a time, and
/// loses none; nothing holds between shards: a fetch may have an update in one slice and not in the next. With one
/// shard, and one rollout from fetch to fetch and from push to push, it is Hogwild with WriteMode::locked, but for the
/// statistics.
///
/// Those are always the shards' own, one set for all workers, also of rules that keep each worker's own elsewhere. An
/// update of the run is a push, to all shards. Target parameters, where agents learn with them, are copied from the
/// shards once per interval.
///
/// Saves "<statistic>" of all shards together, so that a run may go on with another number of them; "shard_versions"
/// [S]; of each worker, where pushes or fetches are not of every rollout, "worker<i>/rollouts" [2] (those that it
/// contributed, and those that have accrued), and as far as they matter "worker<i>/accrued" and "worker<i>/replica";
/// then "target", and what SharedBlocks does. Counts are doubles.
class Server final : public Sharing {
 public:
  /// Throws UsageError for more shards than the parameters have cache lines, and as SharedBlocks does.
  Server(const TrainConfig& config, const AgentFactory& agents, const ServerSettings& settings);

  std::unique_ptr<Port> port(std::size_t worker, const Replica& replica) override;
  Pace pace() const noexcept override { return Pace::free; }
  std::int64_t step() const noexcept override { return counts_.contributions.steps(); }
  std::uint64_t updates() const noexcept override { return counts_.updates.load(std::memory_order_relaxed); }
  Snapshot snapshot() const override;
  void restore(const Checkpoint& checkpoint) override;
  void measure(Measures& measures) const override;
  std::span<float> quiescent_view() override;
  void replace(std::span<const float> parameters) override;

  std::size_t shards() const noexcept { return shards_.size(); }
  const Slice& slice(std::size_t shard) const noexcept { return slices_[shard]; }
  LocalShard& shard(std::size_t shard) noexcept { return shards_[shard]; }

 private:
  /// Everything that updates change, as it is in memory.
  struct Copy {
    std::vector<float> parameters;
    std::vector<std::vector<float>> statistics;
    std::vector<std::uint64_t> versions;
    std::vector<Tensor> clients;
    std::uint64_t updates = 0;
  };
  void pull(std::span<float> out) const noexcept;
  void copy_shards(Copy& copy) const;
  void copy_client(std::size_t worker, Copy& copy) const;
  void restore_client(std::size_t worker, const std::vector<Tensor>& tensors);
  bool counts_rollouts(const ServerClient& client) const noexcept;

  const ServerSettings settings_;
  const UpdateSettings update_;
  const std::vector<std::string> statistic_names_;
  const ParameterLayout& layout_;
  const std::int64_t target_interval_;
  const std::vector<Slice> slices_;
  std::deque<LocalShard> shards_;
  RunningMoments moments_;
  std::optional<TargetParameters> target_;
  std::optional<SharedBlocks> blocks_;  // none: pushes write everything
  ServerCounts counts_;
  std::deque<ServerClient> clients_;  // [workers]
  // As read from a checkpoint, of workers that this part of the run does without: a later part may have them again.
  std::vector<Tensor> absent_;
  std::vector<float> view_;
};

/// Makes the server that a configuration asks for. Throws UsageError where it does not fit together.
std::unique_ptr<Sharing> make_server(const TrainConfig& config, const AgentFactory& agents);

}  // namespace sounder
