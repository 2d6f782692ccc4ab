#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "core/learning/action_masks.h"
#include "core/learning/environment_errors.h"
#include "core/learning/environment_factory.h"
#include "core/learning/episode_mailbox.h"
#include "core/learning/phase_clock.h"
#include "core/learning/step_end.h"
#include "core/learning/worker_counters.h"
#include "envs/environment.h"
#include "envs/random.h"

namespace sounder {

/// The environments of one worker, side by side, and how the present episode of each stands. To be used by one thread
/// at a time; allocates when it is made.
///
/// Each episode has random streams of its own, derived from the run's seed, the worker and how many episodes it has
/// begun: a run that goes on from a checkpoint needs no generator's state, only a count.
class Episodes {
 public:
  struct Parts {
    std::int64_t worker;                         ///< its index
    const EnvironmentFactory& make_environment;  ///< asked K times, by the constructor only
    std::size_t environments;                    ///< K
    std::size_t state_size;                      ///< S, of the agent
    std::uint64_t seed;                          ///< the run's
    float discount;                              ///< of Step::discounted_return
    std::size_t most_ended;                      ///< between two calls of hand_over: for so many there is room
    const std::atomic<bool>* stop = nullptr;     ///< once it is true, a lost environment is not waited for; null: never
    std::function<void()> after_step = {};       ///< done after each step of an environment; empty: nothing
  };
  /// `counters` counts the episodes; it must outlive this.
  Episodes(const Parts& parts, WorkerCounters& counters);

  const EnvironmentSpec& spec() const noexcept { return spec_; }
  std::size_t size() const noexcept { return slots_.size(); }       ///< K
  std::size_t mask_size() const noexcept { return masks_.size(); }  ///< M

  // What the next actions are chosen on.
  std::span<const float> observations() const noexcept { return observations_; }  ///< [K, D]
  ActionMask masks() const noexcept { return masks_.first(size()); }              ///< [K, M]
  std::span<Rng> action_rngs() noexcept { return action_rngs_; }                  ///< [K], the episodes' own
  std::span<float> states() noexcept { return states_; }                          ///< [K, S], the agent's
  std::span<const float> observation(std::size_t k) const noexcept {              ///< [D]
    return observations().subspan(k * observation_size_, observation_size_);
  }
  ActionMask mask(std::size_t k) const noexcept { return masks_[k]; }  ///< [M]
  bool under_way(std::size_t k) const noexcept { return slots_[k].under_way; }

  /// Begins an episode wherever the last one has ended. Throws Error if the environment leaves its space; whatever it
  /// throws passes through, an EnvironmentLost only where the run is to stop.
  void begin();

  /// Tells the environments the actions first, ..., first + K - 1 if they want to know before they are stepped one by
  /// one.
  void announce(const ActionArray& actions, std::size_t first);

  struct Step {
    float reward;
    StepEnd end;
    float discounted_return;  ///< of the episode's rewards so far
  };
  /// Steps one environment. Nothing if it was lost: its episode is cut there, the observation is the one before, and
  /// its return is not reported. Throws as `begin` does, and Error for a reward that is not finite.
  std::optional<Step> step(std::size_t k, const Action& action);

  /// Puts the episodes that have ended since the last call into the mailbox: as of a global step, and of now.
  void hand_over(EpisodeMailbox& mailbox, std::int64_t step, const Stopwatch& clock);

 private:
  /// One environment, and how its present episode stands.
  struct Slot {
    Environment environment;
    bool under_way = false;
    std::uint64_t seed = 0;  // of the episode
    float discounted_return = 0;
    double episode_return = 0;
    std::int64_t length = 0;
  };
  struct Ended {
    double episode_return;
    std::int64_t length;
  };
  static std::vector<Slot> make_slots(const Parts& parts);

  std::span<float> own_observation(std::size_t k) noexcept;
  bool stopped() const noexcept;
  void draw(std::size_t k);
  void begin_in(std::size_t k);
  std::optional<StepResult> step_environment(std::size_t k, const Action& action);
  void check_observation(std::size_t k) const;
  void read_mask(std::size_t k);
  Moment moment(std::size_t k) const;

  std::int64_t worker_;
  std::vector<Slot> slots_;  // [K]
  EnvironmentSpec spec_;
  bool announceable_;  // they are far away: they are told what they will be asked
  ObservationCheck is_valid_;
  ActionMasks masks_;
  std::size_t observation_size_;
  std::uint64_t seed_;
  float discount_;
  const std::atomic<bool>* stop_;
  std::function<void()> after_step_;
  WorkerCounters& counters_;
  std::vector<float> observations_;
  std::vector<float> states_;
  std::vector<Rng> action_rngs_;
  std::vector<Ended> ended_;  // since the last hand_over
};

}  // namespace sounder
