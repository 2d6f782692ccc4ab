#include "core/running/worker_group.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "core/checkpoint/contents.h"
#include "core/space_json.h"
#include "envs/error.h"

namespace sounder {
namespace {

RewardShaping reward_shaping(const TrainConfig& config) {
  RewardShaping shaping{.scale = static_cast<float>(config.reward_scale),
                        .discount = static_cast<float>(config.discount)};
  // Before the first reward, returns do not vary, and the first reward would be divided by almost zero.
  constexpr float kNormalizedClip = 10;
  if (config.normalize_rewards) shaping.clip = kNormalizedClip;
  if (config.reward_clip) shaping.clip = static_cast<float>(*config.reward_clip);
  return shaping;
}

std::optional<float> final_epsilon(const TrainConfig& config) {
  if (!config.final_epsilon) return std::nullopt;
  return static_cast<float>(*config.final_epsilon);
}

/// Keeps a core busy, like a slow environment. A sleep takes about 50 us longer than requested, many times the duration
/// of a step, and would free the core for other workers.
void busy_wait(std::chrono::microseconds duration) noexcept {
  const auto end = std::chrono::steady_clock::now() + duration;
  while (std::chrono::steady_clock::now() < end) continue;
}

}  // namespace

std::function<void()> straggle(const TrainConfig& config, std::int64_t worker) {
  if (worker != 0 || config.straggler_delay == 0) return {};
  return [delay = std::chrono::microseconds(config.straggler_delay)] { busy_wait(delay); };
}

WorkerGroup::WorkerGroup(const TrainConfig& config, const EnvironmentFactory& make_environment,
                         const AgentFactory& agents, const MakeSharing& make_sharing, ConfigFields fields)
    : config_(config),
      fields_(fields),
      agents_(agents),
      spec_(make_environment().spec()),
      schedule_(make_schedule(config)),
      sharing_(make_sharing(config, agents)) {
  const WorkerSettings settings{.seed = static_cast<std::uint64_t>(config.seed),
                                .total_steps = config.steps,
                                .rollout = static_cast<std::size_t>(config.rollout),
                                .environments = static_cast<std::size_t>(config.envs_per_worker),
                                .reward = reward_shaping(config),
                                .exploration_steps = config.exploration_steps,
                                .final_epsilon = final_epsilon(config)};
  for (std::int64_t i = 0; i < config.workers; ++i) {
    workers_.push_back(std::make_unique<Worker>(Worker::Parts{.index = i,
                                                              .make_environment = make_environment,
                                                              .agents = agents,
                                                              .sharing = *sharing_,
                                                              .settings = settings,
                                                              .clock = clock_,
                                                              .stop = &stop_,
                                                              .after_step = straggle(config, i)}));
  }
}

bool WorkerGroup::contribute() {
  if (!std::ranges::all_of(workers_, [](const auto& worker) { return worker->learnt(); })) return false;
  for (const auto& worker : workers_) worker->contribute();
  return true;
}

Totals WorkerGroup::totals() const {
  Totals totals{.step = step(),
                .updates = static_cast<std::int64_t>(sharing_->updates()),
                .episodes = before_.episodes,
                .seconds = clock_.seconds(),
                .learning_rate = static_cast<double>(schedule_.at(step()))};
  sharing_->measure(totals.measures);
  std::int64_t bytes = 0;  // of this process
  for (const auto& worker : workers_) {
    const WorkerCounters& counters = worker->counters();
    totals.episodes += counters.episodes_ended.get();
    totals.dropped_updates += counters.dropped_updates.get();
    totals.pushed_updates += counters.updates.get();
    totals.learnt_steps += counters.learnt_steps.get();
    totals.policy_loss += counters.policy_loss.get();
    totals.value_loss += counters.value_loss.get();
    totals.entropy += counters.entropy.get();
    totals.gradient_norm += counters.gradient_norm.get();
    totals.staleness += counters.staleness.get();
    bytes += counters.bytes.get();
    for (std::size_t i = 0; i < totals.phase_seconds.size(); ++i) {
      totals.phase_seconds[i] += counters.phase_seconds[i].get();
    }
    totals.workers.push_back({.steps = counters.steps.get(), .episodes_begun = counters.episodes_begun.get()});
  }
  const auto steps = static_cast<double>(totals.step - before_.step);
  totals.measures.push_back({.name = "share/bytes_per_step",
                             .unit = "bytes",
                             .value = steps > 0 ? static_cast<double>(bytes) / steps : kNotMeasured});
  return totals;
}

WorkerGroup::Capture WorkerGroup::capture() const {
  Capture capture{.snapshot = sharing_->snapshot(), .totals = totals()};
  capture.totals.step = capture.snapshot.step;
  capture.totals.updates = static_cast<std::int64_t>(capture.snapshot.updates);
  return capture;
}

Checkpoint WorkerGroup::checkpoint(const Capture& capture) const {
  Checkpoint checkpoint{.config = to_toml(config_, fields_),
                        .environment = config_.environment,
                        .observation_space = describe(spec_.observation_space),
                        .action_space = describe(spec_.action_space),
                        .spaces = spaces_json(spec_.bare_spaces()),
                        .network = agents_.description(),
                        .seed = static_cast<std::uint64_t>(config_.seed),
                        .progress = {.step = capture.totals.step,
                                     .updates = capture.totals.updates,
                                     .episodes = capture.totals.episodes,
                                     .seconds = capture.totals.seconds,
                                     .workers = capture.totals.workers},
                        .statistics = capture.snapshot.tensors};
  for (const ParameterBlock& block : agents_.layout().blocks) {
    const float* const begin = capture.snapshot.parameters.data() + block.offset;
    checkpoint.parameters.push_back({.name = block.name, .shape = block.shape, .values = {begin, begin + block.size}});
  }
  // Keeps the workers of an earlier part of the run that this one lacks: a later part may have them again.
  for (std::size_t i = workers_.size(); i < before_.workers.size(); ++i) {
    checkpoint.progress.workers.push_back(before_.workers[i]);
  }
  return checkpoint;
}

void WorkerGroup::restore(const Checkpoint& checkpoint) {
  if (checkpoint.environment != config_.environment) {
    throw Error(
        fmt::format("the checkpoint is of the environment {}; expected {}: use the configuration it was made with",
                    checkpoint.environment, config_.environment));
  }
  check_suits(checkpoint, spec_, agents_);
  sharing_->restore(checkpoint);
  before_ = checkpoint.progress;
  for (std::size_t i = 0; i < std::min(workers_.size(), before_.workers.size()); ++i) {
    workers_[i]->restore(before_.workers[i]);
  }
  start_clock();  // so that totals include the seconds before
}

}  // namespace sounder
