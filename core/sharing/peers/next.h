#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/mutex.h"
#include "core/parameters.h"
#include "core/sharing/blocks/shared_blocks.h"
#include "core/sharing/peers/gradient_tracking.h"
#include "core/sharing/peers/graph.h"
#include "core/sharing/peers/mixing.h"
#include "core/sharing/sharing.h"
#include "core/sharing/store/running_moments.h"
#include "core/sharing/update.h"

namespace sounder {

/// NEXT (Di Lorenzo and Scutari 2016; see GradientTracking): peers with parameters of their own, which exchange them
/// and a tracked gradient with their neighbours on an undirected graph, in rounds. Each peer has as many workers,
/// neighbours in their numbers: worker i is of peer i / (workers / peers).
///
/// A peer's gradient of a round is the mean of its workers' clipped gradients, of those that are finite; of a peer
/// that has none, the gradient of the round before. A round in which no peer has one changes nothing but the global
/// step. The running moments are the run's, not a peer's. Target parameters, where agents learn with them, are copies
/// of a peer's own, made at the end of the first round that reaches a multiple of the target interval.
///
/// Blocks, if any, are those that a peer's local step changes; y is tracked of all parameters. Each peer has a schedule
/// of its own, and BlockChoice::owner deals the blocks out to the peers.
///
/// Threads share the arithmetic of a round: each settles a slice of the parameters, of all peers. A lock guards the
/// state: held while a round is settled, and by those that copy it. A snapshot is of the end of a round, and delays the
/// one that is to be settled.
///
/// Saves of each peer "peer<p>/exact_parameters", "peer<p>/tracker", "peer<p>/gradient" and "peer<p>/<statistic>" in
/// double and, as floats, "peer<p>/parameters" (those that act) and "peer<p>/target"; and "step_factor".
class Next final : public Sharing {
 public:
  struct Settings {
    UpdateSettings update;
    BlockSettings blocks = {};  ///< what local steps change; each peer has a schedule of its own
    std::size_t workers;
    std::size_t peers;  ///< a divisor of workers
    GraphKind graph = GraphKind::ring;
    double link_probability = 1;  ///< that a link is up in a round
    Mixing mixing = Mixing::metropolis;
    double step_decay = 0;  ///< mu
    double proximal = 0;    ///< tau; 0: as many as there are peers
    Regularization regularization = Regularization::none;
    double regularization_weight = 0;  ///< lambda
    std::int64_t target_interval = 1;  ///< global steps
    std::uint64_t seed = 0;
  };
  /// Throws UsageError where the settings do not fit together.
  Next(const Settings& settings, const AgentFactory& agents);

  std::unique_ptr<Port> port(std::size_t worker, const Replica& replica) override;
  Pace pace() const noexcept override { return Pace::rounds; }
  std::int64_t step() const noexcept override { return step_.load(std::memory_order_relaxed); }
  std::uint64_t updates() const noexcept override { return updates_.load(std::memory_order_relaxed); }
  bool begin_settling() override SOUNDER_THREADS(try_acquire_capability(true, mutex_));
  void settle(const Part& part) noexcept override SOUNDER_THREADS(requires_capability(mutex_));
  void end_settling() noexcept override SOUNDER_THREADS(release_capability(mutex_));
  Snapshot snapshot() const override;
  void restore(const Checkpoint& checkpoint) override;
  void measure(Measures& measures) const override;
  std::span<float> quiescent_view() override;
  void replace(std::span<const float> parameters) override;

 private:
  class WorkerPort;

  Given give(std::size_t peer, const Contribution& contribution);
  bool no_gradients() const noexcept;
  void choose_blocks() SOUNDER_THREADS(requires_capability(mutex_));
  void average(std::size_t peer, const GradientTracking::Slice& slice) noexcept
      SOUNDER_THREADS(requires_capability(mutex_));
  void publish(const GradientTracking::Slice& slice) noexcept SOUNDER_THREADS(requires_capability(mutex_));
  void end_round() noexcept SOUNDER_THREADS(requires_capability(mutex_));
  void refresh_targets() noexcept SOUNDER_THREADS(requires_capability(mutex_));
  std::vector<float> mean() const;

  const Settings settings_;
  const std::vector<std::string> statistic_names_;
  const ParameterLayout& layout_;
  const bool has_target_;
  const Graph graph_;
  RunningMoments moments_;

  // What the peers' workers fetch [peers][n]. Written under the lock, while no worker fetches.
  std::vector<std::vector<float>> parameters_;
  std::vector<std::vector<float>> targets_;  // empty: there are none
  std::uint64_t target_version_ = 1;
  std::vector<float> view_;  // of quiescent_view

  // Relaxed, as nothing is published with them.
  std::atomic<std::int64_t> step_{0};
  std::atomic<std::uint64_t> updates_{0};

  // Of the round that is under way: used by one thread, while all workers wait, and read while it is settled.
  struct Gradient {
    std::span<const float> values;  // the worker's
    float scale;
  };
  std::vector<std::vector<Gradient>> gradients_;  // [peers][workers of it whose are finite]
  std::size_t given_ = 0;                         // contributions
  double norms_ = 0;                              // of those gradients, sum
  MixingWeights weights_;
  double rate_ = 0;

  mutable HandedMutex mutex_;
  // In the places of moments and constants all of its arrays are zero.
  GradientTracking tracking_ SOUNDER_THREADS(guarded_by(mutex_));
  std::optional<SharedBlocks> blocks_ SOUNDER_THREADS(guarded_by(mutex_));  // none: local steps change everything
  std::vector<float> gradient_ SOUNDER_THREADS(guarded_by(mutex_));         // of a peer, from which blocks are chosen
  DecayingStep alpha_ SOUNDER_THREADS(guarded_by(mutex_));
  std::int64_t round_step_ SOUNDER_THREADS(guarded_by(mutex_)) = 0;   // at the end of the latest round
  std::int64_t next_target_ SOUNDER_THREADS(guarded_by(mutex_)) = 0;  // step of the next copies
};

/// Makes NEXT as the configuration has it. Throws UsageError where it does not fit together.
std::unique_ptr<Sharing> make_next(const TrainConfig& config, const AgentFactory& agents);

}  // namespace sounder
