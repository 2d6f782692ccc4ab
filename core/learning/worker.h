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

/// The common settings of a run's workers.
struct WorkerSettings {
  std::uint64_t seed;        ///< seed of the run
  std::int64_t total_steps;  ///< global step at which to stop
  std::size_t rollout;       ///< t_max: most steps of each environment between two updates
  std::size_t environments;  ///< K: environments per worker
  RewardShaping reward = {};
  std::int64_t exploration_steps = 0;       ///< over which epsilon falls to its final value, for epsilon-greedy agents
  std::optional<float> final_epsilon = {};  ///< none: each worker draws its own
};

/// One actor-learner, with its own environments, its own replica of the network, and its port of the sharing scheme.
/// One thread at a time. It waits for no other worker.
///
/// With one environment, a rollout ends at the latest with the episode, as in the paper. With K > 1, every rollout has
/// the same number of steps of each environment: one whose episode has ended is reset and continues within the rollout.
///
/// If an environment is lost (EnvironmentLost), its episode is truncated by a step without a reward that repeats the
/// previous observation. Its return is not reported.
class Worker {
 public:
  struct Parts {
    std::int64_t index;
    const EnvironmentFactory& make_environment;  ///< called K times, by the constructor only
    /// Makes the agent over the replica, which the worker owns.
    const AgentFactory& agents;
    Sharing& sharing;
    WorkerSettings settings;
    const Stopwatch& clock;                   ///< of the run's training time; must outlive the worker
    const std::atomic<bool>* stop = nullptr;  ///< once true, ends a rollout early; may be null
    std::function<void()> after_step = {};    ///< called after each step of an environment; may be empty
  };
  explicit Worker(const Parts& parts);
  Worker(const Worker&) = delete;  // its agent views its replica
  Worker& operator=(const Worker&) = delete;

  /// Fetches the parameters, rolls out at most t_max steps of each environment (or the remaining steps, rounded up to
  /// one step of each), and learns. Changes nothing shared. If the agent makes several passes, the following calls
  /// learn from the same rollout. Throws Error if the environment leaves its space; its own exceptions pass through,
  /// but EnvironmentLost only if the run is to stop.
  void learn_once();

  /// Returns whether the latest learn_once() completed, so that there is something to contribute.
  bool learnt() const noexcept { return learnt_; }

  /// Returns whether the next learn_once() learns from the same rollout.
  bool again() const noexcept { return passes_left_ > 0; }

  /// Contributes the gradient of learn_once(), if there is one. A rollout's steps count with its first gradient. Throws
  /// Error after too many gradients in a row, or averages of them, that are not finite.
  void contribute();

  /// Performs one iteration of an asynchronous worker: a rollout and all its updates.
  void run_once() {
    do {
      learn_once();
      contribute();
    } while (again() && !stopped());
  }

  /// Returns whether the sharing scheme lets it begin a rollout now. Of asynchronous workers.
  bool ready() const noexcept { return port_->ready(); }

  /// Makes the next run_once() fetch the newest parameters. Call it after the worker's thread has done something else.
  void forget_replica() noexcept { port_->forget(); }

  /// Returns the worker's counts. Any thread.
  const WorkerCounters& counters() const noexcept { return counters_; }
  EpisodeMailbox& mailbox() noexcept { return mailbox_; }

  /// Continues from a checkpoint, with new episodes. Call it before the first run_once().
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
    int updates;           // number in a row that are not finite
    double gradient_norm;  // that of the latest one
  };
  void check_row(const BadRow& row, std::int64_t step) const;

  std::int64_t index_;
  WorkerSettings settings_;
  const Stopwatch& clock_;
  const std::atomic<bool>* stop_;

  AlignedFloats replica_;         // parameters fetched for this rollout
  AlignedFloats target_replica_;  // empty if the agents have no target
  AlignedFloats gradient_;        // flat, like the parameters
  std::unique_ptr<Port> port_;
  std::unique_ptr<Agent> agent_;
  Exploration exploration_;
  WorkerCounters counters_;
  Episodes episodes_;
  EpisodeMailbox mailbox_;
  Rollout rollout_;
  std::size_t passes_left_ = 0;  // passes left over the rollout
  std::int64_t new_steps_ = 0;   // steps of the rollout that no gradient has counted yet

  // The results of learn_once().
  bool learnt_ = false;
  LossSums losses_;
  double gradient_norm_ = 0;
  bool timed_ = false;

  std::optional<MomentsBlock> observation_block_;  // if they are normalised
  std::optional<MomentsBlock> return_block_;
  MomentsBatch observation_moments_;  // not merged yet
  MomentsBatch return_moments_;
  float reward_factor_ = 1;  // for this rollout
  int bad_gradients_ = 0;    // number in a row that are not finite
  int bad_averages_ = 0;     // the same, of averages that this worker's gradients completed
  std::uint64_t rollouts_ = 0;
};

}  // namespace sounder
