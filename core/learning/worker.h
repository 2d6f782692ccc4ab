#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "core/aligned_floats.h"
#include "core/checkpoint/checkpoint.h"
#include "core/learning/action_masks.h"
#include "core/learning/agent.h"
#include "core/learning/environment_errors.h"
#include "core/learning/environment_factory.h"
#include "core/learning/episode_mailbox.h"
#include "core/learning/exploration.h"
#include "core/learning/phase_clock.h"
#include "core/learning/reward_shaping.h"
#include "core/learning/rollout.h"
#include "core/learning/worker_counters.h"
#include "core/sharing/gradient_pool.h"
#include "core/sharing/parameter_store.h"
#include "core/sharing/target_parameters.h"
#include "core/sharing/update_rule.h"
#include "envs/environment.h"

namespace sounder {

/// What workers of one run have in common.
struct WorkerSettings {
  std::uint64_t seed;        ///< the run's
  std::int64_t total_steps;  ///< global step at which to stop
  std::size_t rollout;       ///< most steps of each environment between two updates: t_max
  std::size_t environments;  ///< of each worker: K
  float max_gradient_norm;   ///< the gradient is scaled down to it
  LearningRateSchedule schedule;
  Optimizer optimizer;
  RewardShaping reward = {};
  std::int64_t exploration_steps = 0;  ///< over which epsilon falls to its final value, for agents that explore by it
  std::optional<float> final_epsilon = {};  ///< none: each worker draws its own
  bool staleness_aware = false;  ///< divides the learning rate of a gradient by its staleness (Zhang et al. 2016)
};

/// One actor-learner: its own environments, its own replica of the network, and a way into the shared parameters. To be
/// used by one thread at a time; waits for another worker in WriteMode::locked only, and for the time of a sum where
/// gradients are averaged.
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
    ParameterStore& store;
    WorkerSettings settings;
    const Stopwatch& clock;                   ///< of the run's training time; must outlive the worker
    std::size_t first_block = 0;              ///< of the parameters, at which its updates begin
    TargetParameters* target = nullptr;       ///< of agents that have them; null: they have none
    GradientPool* pool = nullptr;             ///< where gradients are averaged; null: each is an update of its own
    const std::atomic<bool>* stop = nullptr;  ///< ends a rollout early once it is true; null: nothing does
    std::function<void()> after_step = {};    ///< done after each step of an environment; empty: nothing
  };
  explicit Worker(const Parts& parts);
  Worker(const Worker&) = delete;  // its agent views its replica
  Worker& operator=(const Worker&) = delete;
  ~Worker();

  /// Pulls the parameters (unless the last push has left the newest ones in the replica), rolls out at most t_max steps
  /// of each environment (or what is left of the total, rounded up to a step of each) and learns: changes nothing that
  /// is shared. Throws Error if the environment leaves its space; whatever the environment throws passes through, an
  /// EnvironmentLost only where the run is to stop.
  void learn_once();

  /// Whether there is something to contribute: the latest learn_once came to its end.
  bool learnt() const noexcept { return learnt_; }

  /// Makes an update of the gradient that learn_once left, or a contribution to one; nothing where it left none. Throws
  /// Error if gradients in a row, or averages of them, were not finite.
  void contribute();

  /// What an asynchronous worker does, again and again.
  void run_once() {
    learn_once();
    contribute();
  }

  /// Has the next run_once pull: for whoever let this worker's thread do something else since the last one.
  void forget_replica() noexcept { pulled_ = false; }

  /// What it counted; any thread.
  const WorkerCounters& counters() const noexcept { return counters_; }
  EpisodeMailbox& mailbox() noexcept { return mailbox_; }

  /// The optimizer's statistics that this worker keeps, if it does. Any thread may load them.
  std::span<SharedArray> own_statistics() noexcept { return own_statistics_; }

  /// Goes on from a checkpoint, with new episodes. Only before the first run_once.
  void restore(const WorkerCount& count) noexcept;

 private:
  /// One environment, and how its present episode stands.
  struct Slot {
    Environment environment;
    bool in_episode = false;
    std::uint64_t seed = 0;       // of the episode
    float discounted_return = 0;  // of the steps so far: what rewards are normalised by
    double episode_return = 0;
    std::int64_t episode_length = 0;
  };
  struct EndedEpisode {
    double episode_return;
    std::int64_t length;
  };
  static std::vector<Slot> make_slots(const Parts& parts);

  std::span<float> observation(std::size_t k) noexcept;
  bool stopped() const noexcept;
  void pull();
  void roll_out(std::size_t horizon, PhaseClock& clock);
  void begin_episodes();
  void draw_episode(std::size_t k);
  void begin_episode(std::size_t k);
  void announce(std::size_t row);
  void step(std::size_t k, std::size_t row);
  std::optional<StepResult> step_environment(std::size_t k, std::size_t row);
  void check_observation(std::size_t k);
  void read_mask(std::size_t k);
  void hand_over_episodes();
  void count_moments();
  void merge_moments();
  struct Update {
    float rate_factor = 1;           // of the learning rate
    std::int64_t earlier_steps = 0;  // of the contributions before its last one: the global step has them already
  };
  bool average(bool finite, Update& update);
  void push_update(const Update& update);
  void check_row(int bad, double gradient_norm) const;

  std::int64_t index_;
  std::vector<Slot> slots_;  // [K]
  EnvironmentSpec spec_;
  bool announceable_;  // its environments are far away: they are told what they will be asked
  ObservationCheck is_valid_;
  ActionMasks masks_;  // [K, M], of the actions to choose from next
  ParameterStore& store_;
  std::size_t first_block_;
  WorkerSettings settings_;
  const Stopwatch& clock_;
  const std::atomic<bool>* stop_;
  std::function<void()> after_step_;

  AlignedFloats replica_;      // parameters, as pulled for this rollout
  std::uint64_t version_ = 0;  // of the replica
  bool pulled_ = false;        // the replica is as new as a pull would make it
  TargetParameters* target_;
  AlignedFloats target_replica_;
  std::uint64_t target_version_ = 0;  // of the target replica
  Exploration exploration_;
  AlignedFloats gradient_;  // flat, as the parameters
  std::unique_ptr<Agent> agent_;
  std::vector<SharedArray> own_statistics_;
  GradientPool* pool_;
  Rollout rollout_;

  // What learn_once came to.
  bool learnt_ = false;
  LossSums losses_;
  double gradient_norm_ = 0;
  bool timed_ = false;

  std::vector<float> observations_;                // [K, D], to act on next
  std::vector<float> states_;                      // [K, S], of the agent, before them
  std::vector<Rng> action_rngs_;                   // [K], of the present episodes
  std::optional<MomentsBlock> observation_block_;  // where they are normalised
  std::optional<MomentsBlock> return_block_;
  MomentsBatch observation_moments_;  // that were not merged yet
  MomentsBatch return_moments_;
  float reward_factor_ = 1;          // of this rollout
  std::vector<EndedEpisode> ended_;  // in this rollout; room for as many as it may have
  int bad_gradients_ = 0;            // in a row, not finite
  int bad_averages_ = 0;             // likewise, of those that this worker's gradients completed
  std::uint64_t rollouts_ = 0;

  WorkerCounters counters_;
  EpisodeMailbox mailbox_;
};

}  // namespace sounder
