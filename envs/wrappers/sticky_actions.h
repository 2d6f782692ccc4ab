#pragma once

#include <concepts>
#include <cstdint>
#include <span>
#include <utility>
#include <variant>
#include <vector>

#include "envs/action.h"
#include "envs/random.h"
#include "envs/wrappers/mask_reader.h"
#include "envs/wrappers/wrapper.h"

namespace sounder {

/// Repeats the previous step's action instead of the agent's with some probability (Machado et al. 2018, "Revisiting
/// the Arcade Learning Environment", section 5.2). Never repeats on an episode's first step, nor an action that the
/// environment's mask no longer allows. Draws from its own stream, which derives from the episode's seed. Offers no
/// state, because that would have to include the stream's.
template <EnvironmentModel E>
class StickyActions : public Wrapper<E> {
 public:
  using Action = typename E::Action;

  /// Throws UsageError unless the probability is from 0 to 1.
  StickyActions(E environment, float probability)
      : Wrapper<E>(std::move(environment)),
        probability_(probability),
        last_(this->spec_.action_space, 1),
        mask_(this->environment_) {
    require_within("sticky_actions", static_cast<double>(probability), {0.0, 1.0});
  }

  void reset(std::uint64_t seed, std::span<float> observation) {
    rng_ = Rng(StreamKey{.seed = seed, .worker = 0, .purpose = Stream::sticky_actions});
    first_ = true;
    chosen_ = false;
    Wrapper<E>::reset(seed, observation);
  }

  StepResult step(const Action& action, std::span<float> observation) {
    if (!chosen_) choose(action);
    chosen_ = false;
    return Wrapper<E>::step(last_as_action(), observation);
  }

  void announce(const Action& action) requires Announceable<E> {
    choose(action);
    chosen_ = true;
    Wrapper<E>::announce(last_as_action());
  }

  std::vector<double> state() const = delete;
  void set_state(std::span<const double> state, std::span<float> observation) = delete;

 private:
  void choose(const Action& action) {
    const bool sticks = !first_ && rng_.uniform() < probability_ && mask_.allows(this->environment_, last_[0]);
    if (!sticks) last_.assign(0, action);
    first_ = false;
  }

  Action last_as_action() const {
    if constexpr (std::same_as<Action, sounder::Action>) {
      return last_[0];
    } else {
      return std::get<Action>(last_[0]);
    }
  }

  float probability_;
  ActionArray last_;  // the previous step's action
  MaskReader<E> mask_;
  Rng rng_{0};
  bool first_ = true;
  bool chosen_ = false;  // the next step's action was announced and is in last_
};

}  // namespace sounder
