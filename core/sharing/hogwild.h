#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "core/parameters.h"
#include "core/sharing/parameter_store.h"
#include "core/sharing/sharing.h"
#include "core/sharing/target_parameters.h"
#include "core/sharing/update.h"

namespace sounder {

/// One worker's way into a ParameterStore. A push that makes an update is a fetch as well: the replica receives the
/// parameters as the update leaves them, and the next fetch copies nothing.
class alignas(128) HogwildPort final : public Port {  // on cache lines of its own
 public:
  struct Parts {
    ParameterStore& store;
    TargetParameters* target = nullptr;  ///< null: there are none
    const UpdateSettings& update;
    std::span<SharedArray> own_statistics = {};  ///< of a worker that keeps its own; empty: the store's
    std::size_t first_block = 0;                 ///< of the parameters, at which its updates begin
    Replica replica;
  };
  explicit HogwildPort(const Parts& parts) : parts_(parts) {}

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
  /// Makes an update.
  Given push(const Update& update);

  /// Counts steps of which no update is made.
  Given skip(std::int64_t steps);

 private:
  Given end(Given given);

  Parts parts_;
  std::uint64_t version_ = 0;
  bool fetched_ = false;              // the replica is as new as a pull would make it
  std::uint64_t target_version_ = 0;  // of the target replica
};

/// Hogwild! (Niu et al. 2011): one array of parameters, which all workers write without locks, each as fast as it can.
/// Statistics of the update rule are shared likewise, or each worker's own; target parameters, where agents learn with
/// them, are copied once per interval. See ParameterStore for what is promised.
///
/// Saves "worker<i>/<statistic>" of each worker or "<statistic>", then "target".
class Hogwild : public Sharing {
 public:
  Hogwild(const TrainConfig& config, const AgentFactory& agents)
      : Hogwild(config, agents, make_update_settings(config)) {}

  std::unique_ptr<Port> port(std::size_t worker, const Replica& replica) override;
  Pace pace() const noexcept override { return Pace::free; }
  std::int64_t step() const noexcept override { return store_.steps(); }
  std::uint64_t updates() const noexcept override { return store_.updates(); }
  Snapshot snapshot() const override;
  void restore(const Checkpoint& checkpoint) override;
  void measure(Measures& measures) const override;
  std::span<float> quiescent_view() override { return store_.quiescent_view(); }

  ParameterStore& store() noexcept { return store_; }

 protected:
  Hogwild(const TrainConfig& config, const AgentFactory& agents, const UpdateSettings& update);

  HogwildPort::Parts port_parts(std::size_t worker, const Replica& replica);

 private:
  const UpdateSettings update_;
  const std::vector<std::string> statistic_names_;
  const ParameterLayout& layout_;
  const std::int64_t target_interval_;
  ParameterStore store_;
  std::optional<TargetParameters> target_;
  std::vector<std::vector<SharedArray>> own_statistics_;  // [workers], where each keeps its own
  // As read from a checkpoint, of workers that this part of the run does without: a later part may have them again.
  std::vector<Tensor> absent_statistics_;
};

}  // namespace sounder
