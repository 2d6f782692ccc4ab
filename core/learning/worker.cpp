#include "core/learning/worker.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/sharing/store/update_kernels.h"
#include "envs/error.h"

namespace sounder {
namespace {

// Timing one rollout in 32 estimates the shares well, at no measurable cost.
constexpr std::uint64_t kRolloutsPerTimed = 32;

// After this number of consecutive updates that are not finite, the run is lost, not just one rollout unlucky.
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
      settings_(parts.settings),
      clock_(parts.clock),
      stop_(parts.stop),
      replica_(parts.agents.layout().size),
      target_replica_(parts.agents.has_target() ? replica_.size() : 0),
      gradient_(replica_.size()),
      port_(parts.sharing.port(static_cast<std::size_t>(index_), {.parameters = replica_, .target = target_replica_})),
      agent_(parts.agents.make({.parameters = replica_, .target = target_replica_},
                               {.observations = settings_.environments,
                                .steps = settings_.rollout,
                                .worker = static_cast<std::size_t>(index_)})),
      exploration_(make_exploration(parts)),
      episodes_({.worker = index_,
                 .make_environment = parts.make_environment,
                 .environments = settings_.environments,
                 .state_size = agent_->state_size(),
                 .seed = settings_.seed,
                 .discount = settings_.reward.discount,
                 .most_ended = settings_.environments * settings_.rollout,
                 .stop = stop_,
                 .after_step = parts.after_step},
                counters_),
      rollout_(episodes_.spec(),
               {.steps = settings_.rollout, .environments = episodes_.size(), .mask_size = episodes_.mask_size()}),
      observation_block_(parts.agents.layout().observation_moments),
      return_block_(parts.agents.layout().return_moments),
      observation_moments_(observation_block_ ? observation_block_->width : 0),
      return_moments_(1) {}

void Worker::restore(const WorkerCount& count) noexcept {
  counters_.steps.set(count.steps);
  counters_.episodes_begun.set(count.episodes_begun);
}

void Worker::learn_once() {
  learnt_ = false;
  timed_ = rollouts_++ % kRolloutsPerTimed == 0;
  PhaseClock clock(counters_, timed_ ? PhaseClock::Mode::on : PhaseClock::Mode::off);

  const std::int64_t step = fetch();
  if (passes_left_ == 0) {
    if (step >= settings_.total_steps) return;
    make_rollout(step, clock);
    passes_left_ = agent_->passes();
  } else {
    clock.lap(Phase::share);
  }
  --passes_left_;

  losses_ = agent_->learn(rollout_, gradient_);
  gradient_norm_ = update_kernels().norm(gradient_);
  learnt_ = true;
  clock.lap(Phase::learn);
}

void Worker::make_rollout(std::int64_t step, PhaseClock& clock) {
  rollout_.clear();
  const std::int64_t left = settings_.total_steps - step;
  const auto environments = static_cast<std::int64_t>(episodes_.size());
  const auto horizon = static_cast<std::size_t>(
      std::min((left + environments - 1) / environments, static_cast<std::int64_t>(settings_.rollout)));
  const float return_variance = return_block_ ? Moments::of(*return_block_, replica_).variance[0] : 1.0F;
  reward_factor_ = settings_.reward.factor(return_variance);
  clock.lap(Phase::share);
  roll_out(horizon, exploration_.at(step), clock);
  clock.lap(Phase::environment);
  new_steps_ = static_cast<std::int64_t>(rollout_.size());
}

void Worker::contribute() {
  if (!learnt_) return;
  learnt_ = false;
  PhaseClock clock(counters_, timed_ ? PhaseClock::Mode::on : PhaseClock::Mode::off);
  merge_moments();
  const bool usable = std::isfinite(gradient_norm_) && std::isfinite(losses_.policy + losses_.value + losses_.entropy);
  const Given given = port_->give(
      {.gradient = gradient_, .norm = gradient_norm_, .steps = std::exchange(new_steps_, 0), .usable = usable});
  count(usable, given);
  clock.lap(Phase::share);
  episodes_.hand_over(mailbox_, given.step, clock_);
}

std::int64_t Worker::fetch() {
  const Fetched fetched = port_->fetch();
  if (fetched.parameters) agent_->parameters_changed();
  if (fetched.target) agent_->target_changed();
  counters_.bytes.add(fetched.bytes);
  return fetched.step;
}

void Worker::count(bool usable, const Given& given) {
  counters_.bytes.add(given.bytes);
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
  // Separate rows: a gradient without an average says nothing about averages, nor averages of others about it.
  bad_gradients_ = usable ? 0 : bad_gradients_ + 1;
  if (given.updates > 0) bad_averages_ = 0;
  if (given.dropped) ++bad_averages_;
  check_row({.updates = bad_gradients_, .gradient_norm = gradient_norm_}, given.step);
  check_row({.updates = bad_averages_, .gradient_norm = given.gradient_norm}, given.step);
}

bool Worker::stopped() const noexcept {
  // Relaxed, because the request publishes no data.
  return stop_ != nullptr && stop_->load(std::memory_order_relaxed);
}

void Worker::roll_out(std::size_t horizon, float epsilon, PhaseClock& clock) {
  const auto over = [&] { return episodes_.size() == 1 && !episodes_.under_way(0); };
  do {
    episodes_.begin();
    const std::size_t row = rollout_.begin_step(episodes_.observations(), episodes_.masks());
    clock.lap(Phase::environment);
    agent_->act({.observations = episodes_.observations(),
                 .first_row = row,
                 .rngs = episodes_.action_rngs(),
                 .states = episodes_.states(),
                 .masks = episodes_.masks(),
                 .epsilon = epsilon},
                rollout_.actions());
    clock.lap(Phase::forward);
    episodes_.announce(rollout_.actions(), row);
    for (std::size_t k = 0; k < episodes_.size(); ++k) step(k, row + k);
  } while (rollout_.steps() < horizon && !over() && !stopped());  // a rollout has at least one step
  rollout_.finish(episodes_.observations(), episodes_.masks());
  if (observation_block_) {
    for (std::size_t row = 0; row < rollout_.size(); ++row) observation_moments_.add(rollout_.observation(row));
  }
  counters_.steps.add(static_cast<std::int64_t>(rollout_.size()));
}

void Worker::step(std::size_t k, std::size_t row) {
  const auto step = episodes_.step(k, rollout_.actions()[row]);
  // Bootstraps a lost step from the observation before it, so that almost nothing is learnt from it.
  float reward = 0;
  if (step) {
    if (return_block_) return_moments_.add({&step->discounted_return, 1});
    reward = settings_.reward(step->reward, reward_factor_);
  }
  rollout_.end_step(reward, step ? step->end : StepEnd::truncated, episodes_.observation(k), episodes_.mask(k));
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
