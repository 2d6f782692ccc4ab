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

/// The environments of one worker and the state of their current episodes. Not thread-safe. Allocates at construction
/// only.
///
/// Each episode has its own random streams, derived from the run's seed, the worker and the number of episodes that the
/// worker has begun. A resumed run therefore needs only that count, not the state of a generator.
class Episodes {
 public:
  struct Parts {
    std::int64_t worker;                         ///< its index
    const EnvironmentFactory& make_environment;  ///< called K times, by the constructor only
    std::size_t environments;                    ///< K
    std::size_t state_size;                      ///< S, of the agent
    std::uint64_t seed;                          ///< the run's
    float discount;                              ///< discount of Step::discounted_return
    std::size_t most_ended;                      ///< capacity for episodes that end between two calls of hand_over()
    const std::atomic<bool>* stop = nullptr;     ///< once true, lost environments are not waited for; may be null
    std::function<void()> after_step = {};       ///< called after each step of an environment; may be empty
  };
  /// Counts episodes in `counters`, which must outlive this object.
  Episodes(const Parts& parts, WorkerCounters& counters);

  const EnvironmentSpec& spec() const noexcept { return spec_; }
  std::size_t size() const noexcept { return slots_.size(); }       ///< K
  std::size_t mask_size() const noexcept { return masks_.size(); }  ///< M

  // The inputs for choosing the next actions.
  std::span<const float> observations() const noexcept { return observations_; }  ///< [K, D]
  ActionMask masks() const noexcept { return masks_.first(size()); }              ///< [K, M]
  std::span<Rng> action_rngs() noexcept { return action_rngs_; }                  ///< [K], one per episode
  std::span<float> states() noexcept { return states_; }                          ///< [K, S], the agent's
  std::span<const float> observation(std::size_t k) const noexcept {              ///< [D]
    return observations().subspan(k * observation_size_, observation_size_);
  }
  ActionMask mask(std::size_t k) const noexcept { return masks_[k]; }  ///< [M]
  bool under_way(std::size_t k) const noexcept { return slots_[k].under_way; }

  /// Begins an episode in each environment whose last one has ended. Throws Error if an observation is outside of its
  /// space. Exceptions from the environment pass through; EnvironmentLost only if the run is to stop.
  void begin();

  /// Announces the actions in rows first, ..., first + K - 1 to environments that are announceable, before they are
  /// stepped one by one.
  void announce(const ActionArray& actions, std::size_t first);

  struct Step {
    float reward;
    StepEnd end;
    float discounted_return;  ///< of the episode's rewards up to this step
  };
  /// Steps one environment. Returns nothing if it was lost: its episode is cut at the previous observation and its
  /// return is not reported. Throws as begin() does, and Error for a reward that is not finite.
  std::optional<Step> step(std::size_t k, const Action& action);

  /// Moves the episodes that ended since the last call to the mailbox, stamped with a global step and the present time.
  void hand_over(EpisodeMailbox& mailbox, std::int64_t step, const Stopwatch& clock);

 private:
  /// One environment and the state of its current episode.
  struct Slot {
    Environment environment;
    bool under_way = false;
    std::uint64_t seed = 0;  // seed of the episode
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
  bool announceable_;  // remote environments, to which requests are announced
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
  std::vector<Ended> ended_;  // since the last call of hand_over()
};

}  // namespace sounder
