#include "core/learning/episodes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "envs/error.h"

namespace sounder {

Episodes::Episodes(const Parts& parts, WorkerCounters& counters)
    : worker_(parts.worker),
      slots_(make_slots(parts)),
      spec_(slots_.front().environment.spec()),
      announceable_(slots_.front().environment.announceable()),
      is_valid_(spec_.observation_space),
      masks_(make_action_masks(slots_.size(), slots_, &Slot::environment)),
      observation_size_(flat_size(spec_.observation_space)),
      seed_(parts.seed),
      discount_(parts.discount),
      stop_(parts.stop),
      after_step_(parts.after_step),
      counters_(counters),
      observations_(slots_.size() * observation_size_),
      states_(slots_.size() * parts.state_size),
      action_rngs_(slots_.size(), Rng(0)) {
  ended_.reserve(parts.most_ended);
}

std::vector<Episodes::Slot> Episodes::make_slots(const Parts& parts) {
  std::vector<Slot> slots;
  for (std::size_t k = 0; k < parts.environments; ++k) {
    slots.push_back(
        {.environment = parts.make_environment(
             {.player = Seat::Player::worker, .number = static_cast<std::size_t>(parts.worker), .slot = k})});
  }
  return slots;
}

std::span<float> Episodes::own_observation(std::size_t k) noexcept {
  return std::span(observations_).subspan(k * observation_size_, observation_size_);
}

bool Episodes::stopped() const noexcept {
  // Relaxed, because the request to stop publishes no other data.
  return stop_ != nullptr && stop_->load(std::memory_order_relaxed);
}

void Episodes::begin() {
  // Draws and announces all episodes before waiting for the first.
  for (std::size_t k = 0; k < slots_.size(); ++k) {
    if (!slots_[k].under_way) draw(k);
  }
  for (std::size_t k = 0; k < slots_.size(); ++k) {
    if (!slots_[k].under_way) begin_in(k);
  }
}

void Episodes::draw(std::size_t k) {
  const auto episode = static_cast<std::uint64_t>(counters_.episodes_begun.get());
  const auto worker = static_cast<std::uint64_t>(worker_);
  action_rngs_[k] = Rng({.seed = seed_, .worker = worker, .purpose = Stream::action, .index = episode});
  counters_.episodes_begun.add(1);
  Slot& slot = slots_[k];
  slot.seed = derive_seed({.seed = seed_, .worker = worker, .purpose = Stream::environment, .index = episode});
  if (announceable_) slot.environment.announce_reset(slot.seed);
}

void Episodes::begin_in(std::size_t k) {
  Slot& slot = slots_[k];
  for (bool begun = false; !begun;) {
    try {
      slot.environment.reset(slot.seed, own_observation(k));
      begun = true;
    } catch (const EnvironmentLost&) {
      if (stopped()) throw;  // otherwise tries again: it was restarted, or the next call throws another error
    }
  }
  const std::size_t state_size = states_.size() / slots_.size();
  std::ranges::fill(states().subspan(k * state_size, state_size), 0.0F);
  slot.under_way = true;
  slot.discounted_return = 0;
  slot.episode_return = 0;
  slot.length = 0;
  check_observation(k);
  read_mask(k);
}

void Episodes::announce(const ActionArray& actions, std::size_t first) {
  if (!announceable_) return;
  for (std::size_t k = 0; k < slots_.size(); ++k) slots_[k].environment.announce(actions[first + k]);
}

std::optional<StepResult> Episodes::step_environment(std::size_t k, const Action& action) {
  try {
    return slots_[k].environment.step(action, own_observation(k));
  } catch (const EnvironmentLost&) {
    if (stopped()) throw;
    return std::nullopt;
  }
}

std::optional<Episodes::Step> Episodes::step(std::size_t k, const Action& action) {
  Slot& slot = slots_[k];
  const std::optional<StepResult> result = step_environment(k, action);
  if (!result) {
    slot.under_way = false;
    return std::nullopt;
  }
  if (after_step_) after_step_();
  slot.episode_return += static_cast<double>(result->reward);
  ++slot.length;
  if (!std::isfinite(result->reward)) throw invalid_reward(result->reward, moment(k));
  check_observation(k);
  const StepEnd end = step_end(*result);
  if (end != StepEnd::terminated) read_mask(k);
  slot.discounted_return = discount_ * slot.discounted_return + result->reward;
  if (end != StepEnd::none) {
    slot.under_way = false;
    ended_.push_back({.episode_return = slot.episode_return, .length = slot.length});
  }
  return Step{.reward = result->reward, .end = end, .discounted_return = slot.discounted_return};
}

void Episodes::check_observation(std::size_t k) const {
  if (is_valid_(observation(k))) return;
  throw invalid_observation(spec_.observation_space, observation(k), moment(k));
}

void Episodes::read_mask(std::size_t k) {
  if (!masks_.read(k, slots_[k].environment)) throw invalid_mask(moment(k));
}

Moment Episodes::moment(std::size_t k) const {
  return {.who = fmt::format("worker {}", worker_), .step = slots_[k].length};
}

void Episodes::hand_over(EpisodeMailbox& mailbox, std::int64_t step, const Stopwatch& clock) {
  for (const Ended& episode : ended_) {
    counters_.episodes_ended.add(1);
    mailbox.add({.worker = worker_,
                 .step = step,
                 .episode_return = episode.episode_return,
                 .length = episode.length,
                 .seconds = clock.seconds()});
  }
  ended_.clear();
}

}  // namespace sounder
