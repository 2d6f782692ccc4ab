#include "core/worker.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "core/environment_errors.h"
#include "envs/error.h"

namespace sounder {
namespace {

// One rollout in eight is timed, which estimates the shares well and costs nothing that can be measured.
constexpr std::uint64_t kRolloutsPerTimed = 8;

// So many updates in a row that are not finite mean that the run is lost, not that one rollout was unlucky.
constexpr int kMostDroppedInARow = 20;

/// The Euclidean norm. In double, where the square of a float is exact: whether it is added by one instruction or two
/// makes no difference to the sum. The lanes let the compiler vectorise it.
double norm(std::span<const float> vector) noexcept {
  constexpr std::size_t kLanes = 32;
  std::array<double, kLanes> sums{};
  const auto add = [&](std::size_t lane, std::size_t i) {
    const double x = static_cast<double>(vector[i]);
#if defined(__FMA__) || defined(__aarch64__)
    sums[lane] = std::fma(x, x, sums[lane]);
#else
    sums[lane] += x * x;
#endif
  };
  std::size_t i = 0;
  for (; i + kLanes <= vector.size(); i += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) add(lane, i + lane);
  }
  for (; i < vector.size(); ++i) add(0, i);
  double sum = 0;
  for (const double lane_sum : sums) sum += lane_sum;
  return std::sqrt(sum);
}

}  // namespace

void EpisodeMailbox::add(const EpisodeRecord& episode) {
  kept_.push_back(episode);
  if (const std::unique_lock lock(mutex_, std::try_to_lock); lock) {
    handed_over_.insert(handed_over_.end(), kept_.begin(), kept_.end());
    kept_.clear();
  }
}

void EpisodeMailbox::flush() {
  const std::lock_guard lock(mutex_);
  handed_over_.insert(handed_over_.end(), kept_.begin(), kept_.end());
  kept_.clear();
}

void EpisodeMailbox::collect(std::vector<EpisodeRecord>& episodes) {
  const std::lock_guard lock(mutex_);
  episodes.insert(episodes.end(), handed_over_.begin(), handed_over_.end());
  handed_over_.clear();
}

Worker::Worker(Parts parts)
    : index_(parts.index),
      environment_(std::move(parts.environment)),
      spec_(environment_.spec()),
      store_(parts.store),
      settings_(parts.settings),
      clock_(parts.clock),
      stop_(parts.stop),
      replica_(store_.size()),
      gradient_(store_.size()),
      agent_(parts.agents.make(replica_, settings_.rollout)),
      rollout_(spec_, settings_.rollout),
      observation_(flat_size(spec_.observation_space)) {
  if (settings_.optimizer.owner == StatisticsOwner::worker) {
    own_statistics_.assign(settings_.optimizer.statistic_names().size(), SharedArray(store_.size()));
  }
}

Worker::~Worker() = default;

void Worker::restore(const WorkerCount& count) noexcept {
  counters_.steps.set(count.steps);
  counters_.episodes_begun.set(count.episodes_begun);
}

void Worker::run_once() {
  const std::int64_t left = settings_.total_steps - store_.step();
  if (left <= 0) return;
  const auto horizon = static_cast<std::size_t>(std::min(left, static_cast<std::int64_t>(settings_.rollout)));
  PhaseClock clock(counters_, rollouts_++ % kRolloutsPerTimed == 0 ? PhaseClock::Mode::on : PhaseClock::Mode::off);

  if (!pulled_) version_ = store_.pull(replica_);
  agent_->parameters_changed();
  clock.lap(Phase::share);
  if (!in_episode_) begin_episode();
  roll_out(horizon, clock);
  check_rollout();
  clock.lap(Phase::environment);

  const LossSums losses = agent_->learn(rollout_, gradient_);
  const double gradient_norm = norm(gradient_);
  clock.lap(Phase::learn);
  if (std::isfinite(gradient_norm) && std::isfinite(losses.policy + losses.value + losses.entropy)) {
    push_update(losses, gradient_norm);
  } else {
    drop_update(losses, gradient_norm);
  }
  clock.lap(Phase::share);
  if (!in_episode_) end_episode();
}

void Worker::begin_episode() {
  // Each episode has streams of its own: a run that goes on from a checkpoint needs no generator's state, only a count.
  const auto episode = static_cast<std::uint64_t>(counters_.episodes_begun.get());
  const auto worker = static_cast<std::uint64_t>(index_);
  action_rng_ = Rng({.seed = settings_.seed, .worker = worker, .purpose = Stream::action, .index = episode});
  counters_.episodes_begun.add(1);
  environment_.reset(
      derive_seed({.seed = settings_.seed, .worker = worker, .purpose = Stream::environment, .index = episode}),
      observation_);
  in_episode_ = true;
  episode_return_ = 0;
  episode_length_ = 0;
}

void Worker::roll_out(std::size_t horizon, PhaseClock& clock) {
  rollout_.clear();
  RolloutEnd end = RolloutEnd::horizon;
  // Relaxed: a request to end, which publishes nothing. A rollout has at least one step.
  const auto stopped = [&] {
    return rollout_.size() > 0 && stop_ != nullptr && stop_->load(std::memory_order_relaxed);
  };
  while (in_episode_ && rollout_.size() < horizon && !stopped()) {
    const std::size_t row = rollout_.begin_step(observation_);
    clock.lap(Phase::environment);
    agent_->act({.observations = observation_, .first_row = row, .rng = action_rng_}, rollout_.actions());
    clock.lap(Phase::forward);
    const StepResult result = environment_.step(rollout_.actions()[row], observation_);
    rollout_.end_step(result.reward);
    episode_return_ += static_cast<double>(result.reward);
    ++episode_length_;
    if (result.terminated) {
      end = RolloutEnd::terminated;
    } else if (result.truncated) {
      end = RolloutEnd::truncated;
    }
    in_episode_ = end == RolloutEnd::horizon;
  }
  rollout_.finish(observation_, end);
  counters_.steps.add(static_cast<std::int64_t>(rollout_.size()));
}

void Worker::end_episode() {
  counters_.episodes_ended.add(1);
  mailbox_.add({.worker = index_,
                .step = store_.step(),
                .episode_return = episode_return_,
                .length = episode_length_,
                .seconds = clock_.seconds()});
}

void Worker::check_rollout() const {
  const std::int64_t first_step = episode_length_ - static_cast<std::int64_t>(rollout_.size());
  const auto moment = [&](std::size_t row) {
    return Moment{.who = fmt::format("worker {}", index_), .step = first_step + static_cast<std::int64_t>(row)};
  };
  for (std::size_t row = 0; row < rollout_.size(); ++row) {
    if (!is_valid(spec_.observation_space, rollout_.observation(row))) {
      throw invalid_observation(spec_.observation_space, rollout_.observation(row), moment(row));
    }
    if (!std::isfinite(rollout_.rewards()[row])) throw invalid_reward(rollout_.rewards()[row], moment(row + 1));
  }
  if (!is_valid(spec_.observation_space, rollout_.next_observation())) {
    throw invalid_observation(spec_.observation_space, rollout_.next_observation(), moment(rollout_.size()));
  }
}

void Worker::push_update(const LossSums& losses, double gradient_norm) {
  const double limit = static_cast<double>(settings_.max_gradient_norm);
  const auto scale = gradient_norm > limit ? static_cast<float>(limit / gradient_norm) : 1.0F;
  const float learning_rate = settings_.schedule.at(store_.step());
  const auto steps = static_cast<std::int64_t>(rollout_.size());
  const auto [staleness, version] = std::visit(
      [&](const auto& rule) {
        return store_.push({.gradient = gradient_,
                            .scale = scale,
                            .learning_rate = learning_rate,
                            .steps = steps,
                            .version = version_,
                            .own_statistics = own_statistics_,
                            .replica = replica_},
                           rule);
      },
      settings_.optimizer.rule);
  version_ = version;
  pulled_ = true;

  dropped_in_a_row_ = 0;
  counters_.updates.add(1);
  counters_.learnt_steps.add(steps);
  counters_.policy_loss.add(static_cast<double>(losses.policy));
  counters_.value_loss.add(static_cast<double>(losses.value));
  counters_.entropy.add(static_cast<double>(losses.entropy));
  counters_.gradient_norm.add(gradient_norm);
  counters_.staleness.add(static_cast<double>(staleness));
}

void Worker::drop_update(const LossSums& losses, double gradient_norm) {
  store_.skip(static_cast<std::int64_t>(rollout_.size()));
  counters_.dropped_updates.add(1);
  pulled_ = false;
  if (++dropped_in_a_row_ < kMostDroppedInARow) return;
  throw Error(fmt::format(
      "worker {}: {} updates in a row were not finite, up to global step {} (policy loss {}, value loss {}, "
      "entropy {}, gradient norm {}); try a lower learning_rate or max_gradient_norm",
      index_, dropped_in_a_row_, store_.step(), losses.policy, losses.value, losses.entropy, gradient_norm));
}

}  // namespace sounder
