#include "core/learning/worker.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/sharing/update_kernels.h"
#include "envs/error.h"

namespace sounder {
namespace {

// One rollout in 32 is timed, which estimates the shares well and costs nothing that can be measured.
constexpr std::uint64_t kRolloutsPerTimed = 32;

// So many updates in a row that are not finite mean that the run is lost, not that one rollout was unlucky.
constexpr int kMostDroppedInARow = 20;

Exploration make_exploration(const Worker::Parts& parts) {
  const WorkerSettings& settings = parts.settings;
  const Explorer explorer{.seed = settings.seed, .worker = static_cast<std::uint64_t>(parts.index)};
  return {.steps = settings.exploration_steps,
          .final_epsilon = settings.final_epsilon.value_or(draw_final_epsilon(explorer))};
}

}  // namespace

Worker::Worker(const Parts& parts)
    : index_(parts.index),
      slots_(make_slots(parts)),
      spec_(slots_.front().environment.spec()),
      announceable_(slots_.front().environment.announceable()),
      is_valid_(spec_.observation_space),
      masks_(make_action_masks(slots_.size(), slots_, &Slot::environment)),
      settings_(parts.settings),
      clock_(parts.clock),
      stop_(parts.stop),
      after_step_(parts.after_step),
      replica_(parts.agents.layout().size),
      target_replica_(parts.agents.has_target() ? replica_.size() : 0),
      gradient_(replica_.size()),
      port_(parts.sharing.port(static_cast<std::size_t>(parts.index),
                               {.parameters = replica_, .target = target_replica_})),
      agent_(parts.agents.make({.parameters = replica_, .target = target_replica_},
                               {.observations = slots_.size(), .steps = settings_.rollout})),
      exploration_(make_exploration(parts)),
      rollout_(spec_, {.steps = settings_.rollout, .environments = slots_.size(), .mask_size = masks_.size()}),
      observations_(slots_.size() * rollout_.observation_size()),
      states_(slots_.size() * agent_->state_size()),
      action_rngs_(slots_.size(), Rng(0)),
      observation_block_(parts.agents.layout().observation_moments),
      return_block_(parts.agents.layout().return_moments),
      observation_moments_(observation_block_ ? observation_block_->width : 0),
      return_moments_(1) {
  ended_.reserve(rollout_.capacity());
}

Worker::~Worker() = default;

void Worker::restore(const WorkerCount& count) noexcept {
  counters_.steps.set(count.steps);
  counters_.episodes_begun.set(count.episodes_begun);
}

void Worker::learn_once() {
  rollout_.clear();
  learnt_ = false;
  timed_ = rollouts_++ % kRolloutsPerTimed == 0;
  PhaseClock clock(counters_, timed_ ? PhaseClock::Mode::on : PhaseClock::Mode::off);

  const std::int64_t step = fetch();
  const std::int64_t left = settings_.total_steps - step;
  if (left <= 0) return;
  const auto environments = static_cast<std::int64_t>(slots_.size());
  const auto horizon = static_cast<std::size_t>(
      std::min((left + environments - 1) / environments, static_cast<std::int64_t>(settings_.rollout)));
  const float return_variance = return_block_ ? Moments::of(*return_block_, replica_).variance[0] : 1.0F;
  reward_factor_ = settings_.reward.factor(return_variance);
  clock.lap(Phase::share);
  roll_out(horizon, exploration_.at(step), clock);
  clock.lap(Phase::environment);

  losses_ = agent_->learn(rollout_, gradient_);
  gradient_norm_ = update_kernels().norm(gradient_);
  learnt_ = true;
  clock.lap(Phase::learn);
}

void Worker::contribute() {
  if (!learnt_) return;
  learnt_ = false;
  PhaseClock clock(counters_, timed_ ? PhaseClock::Mode::on : PhaseClock::Mode::off);
  merge_moments();
  const bool usable = std::isfinite(gradient_norm_) && std::isfinite(losses_.policy + losses_.value + losses_.entropy);
  const Given given = port_->give({.gradient = gradient_,
                                   .norm = gradient_norm_,
                                   .steps = static_cast<std::int64_t>(rollout_.size()),
                                   .usable = usable});
  count(usable, given);
  clock.lap(Phase::share);
  hand_over_episodes(given.step);
}

std::int64_t Worker::fetch() {
  const Fetched fetched = port_->fetch();
  if (fetched.parameters) agent_->parameters_changed();
  if (fetched.target) agent_->target_changed();
  return fetched.step;
}

void Worker::count(bool usable, const Given& given) {
  if (usable) {
    counters_.learnt_steps.add(static_cast<std::int64_t>(rollout_.size()));
    counters_.policy_loss.add(static_cast<double>(losses_.policy));
    counters_.value_loss.add(static_cast<double>(losses_.value));
    counters_.entropy.add(static_cast<double>(losses_.entropy));
  }
  if (given.updates > 0) {
    counters_.updates.add(given.updates);
    counters_.gradient_norm.add(given.gradient_norm);
    counters_.staleness.add(static_cast<double>(given.staleness));
  }
  if (!usable || given.dropped) counters_.dropped_updates.add(1);
  // Rows of their own: a gradient that completes no average tells nothing of averages, nor others' of its worker's.
  bad_gradients_ = usable ? 0 : bad_gradients_ + 1;
  if (given.updates > 0) bad_averages_ = 0;
  if (given.dropped) ++bad_averages_;
  check_row({.updates = bad_gradients_, .gradient_norm = gradient_norm_}, given.step);
  check_row({.updates = bad_averages_, .gradient_norm = given.gradient_norm}, given.step);
}

std::vector<Worker::Slot> Worker::make_slots(const Parts& parts) {
  std::vector<Slot> slots;
  for (std::size_t k = 0; k < parts.settings.environments; ++k) {
    slots.push_back(
        {.environment = parts.make_environment(
             {.player = Seat::Player::worker, .number = static_cast<std::size_t>(parts.index), .slot = k})});
  }
  return slots;
}

std::span<float> Worker::observation(std::size_t k) noexcept {
  return std::span(observations_).subspan(k * rollout_.observation_size(), rollout_.observation_size());
}

bool Worker::stopped() const noexcept {
  // Relaxed: a request to end, which publishes nothing.
  return stop_ != nullptr && stop_->load(std::memory_order_relaxed);
}

void Worker::roll_out(std::size_t horizon, float epsilon, PhaseClock& clock) {
  const auto over = [&] { return slots_.size() == 1 && !slots_[0].in_episode; };
  do {
    begin_episodes();
    const std::size_t row = rollout_.begin_step(observations_, masks_.first(slots_.size()));
    clock.lap(Phase::environment);
    agent_->act({.observations = observations_,
                 .first_row = row,
                 .rngs = action_rngs_,
                 .states = states_,
                 .masks = masks_.first(slots_.size()),
                 .epsilon = epsilon},
                rollout_.actions());
    clock.lap(Phase::forward);
    if (announceable_) announce(row);
    for (std::size_t k = 0; k < slots_.size(); ++k) step(k, row + k);
  } while (rollout_.steps() < horizon && !over() && !stopped());  // a rollout has at least one step
  rollout_.finish(observations_, masks_.first(slots_.size()));
  count_moments();
  counters_.steps.add(static_cast<std::int64_t>(rollout_.size()));
}

void Worker::begin_episodes() {
  // All are drawn, and announced, before the first is waited for.
  for (std::size_t k = 0; k < slots_.size(); ++k) {
    if (!slots_[k].in_episode) draw_episode(k);
  }
  for (std::size_t k = 0; k < slots_.size(); ++k) {
    if (!slots_[k].in_episode) begin_episode(k);
  }
}

void Worker::draw_episode(std::size_t k) {
  // Each episode has streams of its own: a run that goes on from a checkpoint needs no generator's state, only a count.
  const auto episode = static_cast<std::uint64_t>(counters_.episodes_begun.get());
  const auto worker = static_cast<std::uint64_t>(index_);
  action_rngs_[k] = Rng({.seed = settings_.seed, .worker = worker, .purpose = Stream::action, .index = episode});
  counters_.episodes_begun.add(1);
  Slot& slot = slots_[k];
  slot.seed = derive_seed({.seed = settings_.seed, .worker = worker, .purpose = Stream::environment, .index = episode});
  if (announceable_) slot.environment.announce_reset(slot.seed);
}

void Worker::begin_episode(std::size_t k) {
  Slot& slot = slots_[k];
  for (bool begun = false; !begun;) {
    try {
      slot.environment.reset(slot.seed, observation(k));
      begun = true;
    } catch (const EnvironmentLost&) {
      if (stopped()) throw;  // else it is back, and is asked again; one that stays away throws something else
    }
  }
  const std::size_t state_size = agent_->state_size();
  std::ranges::fill(std::span(states_).subspan(k * state_size, state_size), 0.0F);
  slot.in_episode = true;
  slot.discounted_return = 0;
  slot.episode_return = 0;
  slot.episode_length = 0;
  check_observation(k);
  read_mask(k);
}

void Worker::announce(std::size_t row) {
  for (std::size_t k = 0; k < slots_.size(); ++k) slots_[k].environment.announce(rollout_.actions()[row + k]);
}

std::optional<StepResult> Worker::step_environment(std::size_t k, std::size_t row) {
  try {
    return slots_[k].environment.step(rollout_.actions()[row], observation(k));
  } catch (const EnvironmentLost&) {
    if (stopped()) throw;
    return std::nullopt;
  }
}

void Worker::step(std::size_t k, std::size_t row) {
  Slot& slot = slots_[k];
  const std::optional<StepResult> outcome = step_environment(k, row);
  if (!outcome) {
    // What would have come is worth what the observation before is worth: next to nothing is learnt from it.
    rollout_.end_step(0.0F, StepEnd::truncated, observation(k), masks_[k]);
    slot.in_episode = false;
    return;
  }
  const StepResult& result = *outcome;
  if (after_step_) after_step_();
  slot.episode_return += static_cast<double>(result.reward);
  ++slot.episode_length;
  if (!std::isfinite(result.reward)) {
    throw invalid_reward(result.reward, {.who = fmt::format("worker {}", index_), .step = slot.episode_length});
  }
  check_observation(k);
  const StepEnd end = step_end(result);
  if (end != StepEnd::terminated) read_mask(k);
  if (return_block_) {
    slot.discounted_return = settings_.reward.discount * slot.discounted_return + result.reward;
    return_moments_.add({&slot.discounted_return, 1});
  }
  rollout_.end_step(settings_.reward(result.reward, reward_factor_), end, observation(k), masks_[k]);
  if (end == StepEnd::none) return;
  slot.in_episode = false;
  ended_.push_back({.episode_return = slot.episode_return, .length = slot.episode_length});
}

void Worker::check_observation(std::size_t k) {
  if (is_valid_(observation(k))) return;
  throw invalid_observation(spec_.observation_space, observation(k),
                            {.who = fmt::format("worker {}", index_), .step = slots_[k].episode_length});
}

void Worker::read_mask(std::size_t k) {
  if (masks_.read(k, slots_[k].environment)) return;
  throw invalid_mask({.who = fmt::format("worker {}", index_), .step = slots_[k].episode_length});
}

void Worker::hand_over_episodes(std::int64_t step) {
  for (const EndedEpisode& episode : ended_) {
    counters_.episodes_ended.add(1);
    mailbox_.add({.worker = index_,
                  .step = step,
                  .episode_return = episode.episode_return,
                  .length = episode.length,
                  .seconds = clock_.seconds()});
  }
  ended_.clear();
}

void Worker::count_moments() {
  if (!observation_block_) return;
  for (std::size_t row = 0; row < rollout_.size(); ++row) observation_moments_.add(rollout_.observation(row));
}

void Worker::merge_moments() {
  if (observation_block_) port_->merge(*observation_block_, observation_moments_);
  if (return_block_) port_->merge(*return_block_, return_moments_);
}

void Worker::check_row(const BadRow& row, std::int64_t step) const {
  if (row.updates < kMostDroppedInARow) return;
  throw Error(fmt::format(
      "worker {}: {} updates in a row were not finite, up to global step {} (policy loss {}, value loss {}, "
      "entropy {}, gradient norm {}); try a lower learning_rate or max_gradient_norm",
      index_, row.updates, step, losses_.policy, losses_.value, losses_.entropy, row.gradient_norm));
}

}  // namespace sounder
