#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "core/aligned_floats.h"
#include "core/checkpoint/checkpoint.h"
#include "core/learning/agent.h"
#include "core/learning/environment_factory.h"
#include "core/learning/episode_mailbox.h"
#include "core/learning/episodes.h"
#include "core/learning/exploration.h"
#include "core/learning/phase_clock.h"
#include "core/learning/reward_shaping.h"
#include "core/learning/rollout.h"
#include "core/learning/worker_counters.h"
#include "core/sharing/sharing.h"

namespace sounder {

/// What workers of one run have in common.
struct WorkerSettings {
  std::uint64_t seed;        ///< the run's
  std::int64_t total_steps;  ///< global step at which to stop
  std::size_t rollout;       ///< most steps of each environment between two updates: t_max
  std::size_t environments;  ///< of each worker: K
  RewardShaping reward = {};
  std::int64_t exploration_steps = 0;  ///< over which epsilon falls to its final value, for agents that explore by it
  std::optional<float> final_epsilon = {};  ///< none: each worker draws its own
};

/// One actor-learner: its own environments, its own replica of the network, and its port of the sharing scheme. To be
/// used by one thread at a time; waits for another worker only where its port does.
///
/// With one environment a rollout ends where the episode ends, if not before, as in the paper. With K > 1 every rollout
/// has as many steps of each environment: one whose episode has ended is reset and goes on within the rollout.
///
/// An episode whose environment is lost (EnvironmentLost) counts as cut by a step without a reward, after which the
/// observation is the one before; its return is not reported.
class Worker {
 public:
  struct Parts {
    std::int64_t index;
    const EnvironmentFactory& make_environment;  ///< asked K times, by the constructor only
    /// Makes the agent over the replica, which the worker owns.
    const AgentFactory& agents;
    Sharing& sharing;
    WorkerSettings settings;
    const Stopwatch& clock;                   ///< of the run's training time; must outlive the worker
    const std::atomic<bool>* stop = nullptr;  ///< ends a rollout early once it is true; null: nothing does
    std::function<void()> after_step = {};    ///< done after each step of an environment; empty: nothing
  };
  explicit Worker(const Parts& parts);
  Worker(const Worker&) = delete;  // its agent views its replica
  Worker& operator=(const Worker&) = delete;

  /// Fetches the parameters, rolls out at most t_max steps of each environment (or what is left of the total, rounded
  /// up to a step of each) and learns: changes nothing that is shared. An agent with several passes learns from the
  /// latest rollout again, as often as it has them. Throws Error if the environment leaves its
  /// space; whatever the environment throws passes through, an EnvironmentLost only where the run is to stop.
  void learn_once();

  /// Whether there is something to contribute: the latest learn_once came to its end.
  bool learnt() const noexcept { return learnt_; }

  /// Whether learn_once is to learn from the latest rollout again.
  bool again() const noexcept { return passes_left_ > 0; }

  /// Gives the gradient that learn_once left; nothing where it left none. A rollout's steps count with its first
  /// gradient. Throws Error if gradients in a row, or
  /// averages of them, were not finite.
  void contribute();

  /// What an asynchronous worker does, again and again: a rollout, and all updates of it.
  void run_once() {
    do {
      learn_once();
      contribute();
    } while (again() && !stopped());
  }

  /// Has the next run_once fetch the newest parameters: to be called after this worker's thread did something else.
  void forget_replica() noexcept { port_->forget(); }

  /// What it counted; any thread.
  const WorkerCounters& counters() const noexcept { return counters_; }
  EpisodeMailbox& mailbox() noexcept { return mailbox_; }

  /// Goes on from a checkpoint, with new episodes. Only before the first run_once.
  void restore(const WorkerCount& count) noexcept;

 private:
  std::int64_t fetch();
  bool stopped() const noexcept;
  void make_rollout(std::int64_t step, PhaseClock& clock);
  void roll_out(std::size_t horizon, float epsilon, PhaseClock& clock);
  void step(std::size_t k, std::size_t row);
  void merge_moments();
  void count(bool usable, const Given& given);
  struct BadRow {
    int updates;           // in a row, not finite
    double gradient_norm;  // of the latest
  };
  void check_row(const BadRow& row, std::int64_t step) const;

  std::int64_t index_;
  WorkerSettings settings_;
  const Stopwatch& clock_;
  const std::atomic<bool>* stop_;

  AlignedFloats replica_;         // parameters, as fetched for this rollout
  AlignedFloats target_replica_;  // empty: the agents have none
  AlignedFloats gradient_;        // flat, as the parameters
  std::unique_ptr<Port> port_;
  std::unique_ptr<Agent> agent_;
  Exploration exploration_;
  WorkerCounters counters_;
  Episodes episodes_;
  EpisodeMailbox mailbox_;
  Rollout rollout_;
  std::size_t passes_left_ = 0;  // over the rollout
  std::int64_t new_steps_ = 0;   // of the rollout, while no gradient of it was given

  // What learn_once came to.
  bool learnt_ = false;
  LossSums losses_;
  double gradient_norm_ = 0;
  bool timed_ = false;

  std::optional<MomentsBlock> observation_block_;  // where they are normalised
  std::optional<MomentsBlock> return_block_;
  MomentsBatch observation_moments_;  // that were not merged yet
  MomentsBatch return_moments_;
  float reward_factor_ = 1;  // of this rollout
  int bad_gradients_ = 0;    // in a row, not finite
  int bad_averages_ = 0;     // in a row, of averages that this worker's gradients completed, not finite
  std::uint64_t rollouts_ = 0;
};

}  // namespace sounder
