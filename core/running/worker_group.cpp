#include "core/running/worker_group.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "core/checkpoint/contents.h"
#include "envs/error.h"
#include "envs/names.h"

namespace sounder {
namespace {

WriteMode make_write_mode(const TrainConfig& config) {
  if (config.write_mode == "relaxed") return WriteMode::relaxed;
  if (config.write_mode == "atomic_add") return WriteMode::atomic_add;
  if (config.write_mode == "locked") return WriteMode::locked;
  throw UsageError(unknown_name("write_mode", config.write_mode, {{"relaxed", "atomic_add", "locked"}}));
}

LearningRateSchedule make_schedule(const TrainConfig& config) {
  const std::vector<std::string> names{"constant", "linear"};
  if (config.learning_rate_schedule == "constant") return {.initial = config.learning_rate, .anneal_steps = 0};
  if (config.learning_rate_schedule == "linear") {
    return {.initial = config.learning_rate,
            .anneal_steps = config.anneal_steps > 0 ? config.anneal_steps : config.steps};
  }
  throw UsageError(unknown_name("learning_rate_schedule", config.learning_rate_schedule, names));
}

/// How many gradients make an update.
std::size_t gradients_per_update(const TrainConfig& config, const AgentFactory& agents) {
  if (!agents.synchronous()) return static_cast<std::size_t>(config.gradients_per_update);
  if (config.gradients_per_update == 1) return static_cast<std::size_t>(config.workers);
  throw UsageError(
      fmt::format("algorithm '{}' averages the gradients of all workers; expected gradients_per_update = "
                  "1, got {}; leave it out",
                  config.algorithm, config.gradients_per_update));
}

RewardShaping reward_shaping(const TrainConfig& config) {
  RewardShaping shaping{.scale = static_cast<float>(config.reward_scale),
                        .discount = static_cast<float>(config.discount)};
  // Before a first reward was seen, returns do not vary, and the first one would be divided by next to nothing.
  constexpr float kNormalizedClip = 10;
  if (config.normalize_rewards) shaping.clip = kNormalizedClip;
  if (config.reward_clip) shaping.clip = static_cast<float>(*config.reward_clip);
  return shaping;
}

std::optional<float> final_epsilon(const TrainConfig& config) {
  if (!config.final_epsilon) return std::nullopt;
  return static_cast<float>(*config.final_epsilon);
}

/// The update rule that workers share or that each has. Where gradients are averaged there is one for all: which worker
/// it is that adds the last gradient must make no difference.
Optimizer group_optimizer(const TrainConfig& config, const AgentFactory& agents) {
  Optimizer optimizer = make_optimizer(config);
  if (agents.synchronous() || config.gradients_per_update > 1) optimizer.owner = StatisticsOwner::shared;
  return optimizer;
}

/// Keeps a core busy, as a slow environment does. A sleep takes some 50 us more than it is asked for, many times what a
/// step takes, and would leave the core to the other workers.
void busy_wait(std::chrono::microseconds duration) noexcept {
  const auto end = std::chrono::steady_clock::now() + duration;
  while (std::chrono::steady_clock::now() < end) continue;
}

std::vector<MomentsBlock> moments_of(const ParameterLayout& layout) {
  std::vector<MomentsBlock> moments;
  for (const auto& block : {layout.observation_moments, layout.return_moments}) {
    if (block) moments.push_back(*block);
  }
  return moments;
}

std::size_t shared_statistics(const Optimizer& optimizer) {
  return optimizer.owner == StatisticsOwner::shared ? optimizer.statistic_names().size() : 0;
}

std::string own_statistic_name(std::size_t worker, const std::string& name) {
  return fmt::format("worker{}/{}", worker, name);
}

/// Throws Error if the workers' statistics are each one's own in a checkpoint and shared here, or the other way round:
/// whether gradients are averaged decides it.
void check_statistics_owner(const Checkpoint& checkpoint, const Optimizer& optimizer) {
  const auto saved = [&](const std::string& name) {
    return std::ranges::count(checkpoint.statistics, name, &Tensor::name) > 0;
  };
  const std::string name = optimizer.statistic_names().front();
  const bool shared = optimizer.owner == StatisticsOwner::shared;
  if (!(shared ? saved(own_statistic_name(0, name)) : saved(name))) return;
  throw Error(
      fmt::format("gradients_per_update: expected {}, as in the run, whose '{}' is {}; train a new run to change it",
                  shared ? "1" : "more than 1", name, shared ? "each worker's own" : "shared by all workers"));
}

constexpr std::string_view kTargetName = "target";

Tensor flat_tensor(std::string name, std::vector<float> values) {
  const auto size = static_cast<std::int64_t>(values.size());
  return {.name = std::move(name), .shape = {size}, .values = std::move(values)};
}

}  // namespace

Optimizer make_optimizer(const TrainConfig& config) {
  const RmsProp rms_prop{.decay = static_cast<float>(config.rmsprop_decay),
                         .epsilon = static_cast<float>(config.rmsprop_epsilon)};
  if (config.optimizer == "shared_rmsprop") return {.rule = rms_prop, .owner = StatisticsOwner::shared};
  if (config.optimizer == "rmsprop") return {.rule = rms_prop, .owner = StatisticsOwner::worker};
  if (config.optimizer == "momentum_sgd") {
    return {.rule = MomentumSgd{.momentum = static_cast<float>(config.momentum)}, .owner = StatisticsOwner::worker};
  }
  if (config.optimizer == "adam") {
    return {.rule = Adam{.beta1 = static_cast<float>(config.adam_beta1),
                         .beta2 = static_cast<float>(config.adam_beta2),
                         .epsilon = static_cast<float>(config.adam_epsilon)},
            .owner = StatisticsOwner::shared};
  }
  const std::vector<std::string> names{"shared_rmsprop", "rmsprop", "momentum_sgd", "adam"};
  throw UsageError(unknown_name("optimizer", config.optimizer, names));
}

std::function<void()> straggle(const TrainConfig& config, std::int64_t worker) {
  if (worker != 0 || config.straggler_delay == 0) return {};
  return [delay = std::chrono::microseconds(config.straggler_delay)] { busy_wait(delay); };
}

WorkerGroup::WorkerGroup(const TrainConfig& config, const EnvironmentFactory& make_environment,
                         const AgentFactory& agents)
    : config_(config),
      agents_(agents),
      spec_(make_environment().spec()),
      optimizer_(group_optimizer(config, agents)),
      schedule_(make_schedule(config)),
      store_(agents.layout().size, shared_statistics(optimizer_), make_write_mode(config),
             moments_of(agents.layout())) {
  const auto seed = static_cast<std::uint64_t>(config.seed);
  store_.restore({.parameters = agents.initial_parameters(seed),
                  .statistics = {shared_statistics(optimizer_), std::vector<float>(store_.size())}});
  const WorkerSettings settings{.seed = seed,
                                .total_steps = config.steps,
                                .rollout = static_cast<std::size_t>(config.rollout),
                                .environments = static_cast<std::size_t>(config.envs_per_worker),
                                .max_gradient_norm = static_cast<float>(config.max_gradient_norm),
                                .schedule = schedule_,
                                .optimizer = optimizer_,
                                .reward = reward_shaping(config),
                                .exploration_steps = config.exploration_steps,
                                .final_epsilon = final_epsilon(config),
                                .staleness_aware = config.staleness_aware};
  if (agents.has_target()) {
    target_.emplace(store_.size(), config.target_interval);
    target_->refresh(0, store_);
  }
  const std::size_t gradients = gradients_per_update(config, agents);
  if (gradients > 1) pool_.emplace(store_.size(), gradients);
  const auto first_block = [&](std::int64_t worker) {
    return static_cast<std::size_t>(worker) * store_.block_count() / static_cast<std::size_t>(config.workers);
  };
  for (std::int64_t i = 0; i < config.workers; ++i) {
    workers_.push_back(std::make_unique<Worker>(Worker::Parts{.index = i,
                                                              .make_environment = make_environment,
                                                              .agents = agents,
                                                              .store = store_,
                                                              .settings = settings,
                                                              .clock = clock_,
                                                              .first_block = first_block(i),
                                                              .target = target_ ? &*target_ : nullptr,
                                                              .pool = pool_ ? &*pool_ : nullptr,
                                                              .stop = &stop_,
                                                              .after_step = straggle(config, i)}));
  }
}

void WorkerGroup::end_round() {
  if (!std::ranges::all_of(workers_, [](const auto& worker) { return worker->learnt(); })) return;
  for (const auto& worker : workers_) worker->contribute();
}

Totals WorkerGroup::totals() const {
  Totals totals{.step = store_.step(),
                .updates = static_cast<std::int64_t>(store_.updates()),
                .episodes = before_.episodes,
                .seconds = clock_.seconds(),
                .learning_rate = static_cast<double>(schedule_.at(store_.step())),
                .lost_updates = store_.lost_updates()};
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
    for (std::size_t i = 0; i < totals.phase_seconds.size(); ++i) {
      totals.phase_seconds[i] += counters.phase_seconds[i].get();
    }
    totals.workers.push_back({.steps = counters.steps.get(), .episodes_begun = counters.episodes_begun.get()});
  }
  return totals;
}

WorkerGroup::Capture WorkerGroup::capture() const {
  Capture capture{.snapshot = store_.snapshot(), .totals = totals()};
  capture.totals.step = capture.snapshot.step;
  capture.totals.updates = static_cast<std::int64_t>(capture.snapshot.updates);
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    const auto statistics = workers_[i]->own_statistics();
    for (std::size_t k = 0; k < statistics.size(); ++k) {
      std::vector<float> values(store_.size());
      statistics[k].load(values);
      capture.own_statistics.push_back(
          flat_tensor(own_statistic_name(i, optimizer_.statistic_names()[k]), std::move(values)));
    }
  }
  if (target_) capture.target = target_->snapshot();
  return capture;
}

Checkpoint WorkerGroup::checkpoint(const Capture& capture) const {
  Checkpoint checkpoint{.config = to_toml(config_),
                        .environment = config_.environment,
                        .observation_space = describe(spec_.observation_space),
                        .action_space = describe(spec_.action_space),
                        .network = agents_.description(),
                        .seed = static_cast<std::uint64_t>(config_.seed),
                        .progress = {.step = capture.totals.step,
                                     .updates = capture.totals.updates,
                                     .episodes = capture.totals.episodes,
                                     .seconds = capture.totals.seconds,
                                     .workers = capture.totals.workers},
                        .statistics = capture.own_statistics};
  for (const ParameterBlock& block : agents_.layout().blocks) {
    const float* const begin = capture.snapshot.parameters.data() + block.offset;
    checkpoint.parameters.push_back({.name = block.name, .shape = block.shape, .values = {begin, begin + block.size}});
  }
  for (std::size_t k = 0; k < capture.snapshot.statistics.size(); ++k) {
    checkpoint.statistics.push_back(flat_tensor(optimizer_.statistic_names()[k], capture.snapshot.statistics[k]));
  }
  if (capture.target) {
    // A copy that is due, or was under way, is made here: a run that goes on waits for the next one.
    const bool due = capture.target->next_step <= capture.totals.step;
    checkpoint.statistics.push_back(
        flat_tensor(std::string(kTargetName), due ? capture.snapshot.parameters : capture.target->parameters));
  }
  // Workers that an earlier part of the run had and this one has not: a later part may have them again.
  for (std::size_t i = workers_.size(); i < before_.workers.size(); ++i) {
    checkpoint.progress.workers.push_back(before_.workers[i]);
  }
  checkpoint.statistics.insert(checkpoint.statistics.end(), absent_statistics_.begin(), absent_statistics_.end());
  return checkpoint;
}

void WorkerGroup::restore(const Checkpoint& checkpoint) {
  if (checkpoint.environment != config_.environment) {
    throw Error(
        fmt::format("the checkpoint is of the environment {}; expected {}: use the configuration it was made with",
                    checkpoint.environment, config_.environment));
  }
  check_suits(checkpoint, spec_, agents_);
  ParameterStore::Snapshot snapshot{.parameters = flat_parameters(checkpoint, agents_.layout()),
                                    .step = checkpoint.progress.step,
                                    .updates = static_cast<std::uint64_t>(checkpoint.progress.updates)};
  check_statistics_owner(checkpoint, optimizer_);
  const std::vector<std::string> names = optimizer_.statistic_names();
  const Shape flat{static_cast<std::int64_t>(store_.size())};
  for (std::size_t k = 0; k < shared_statistics(optimizer_); ++k) {
    snapshot.statistics.push_back(find_tensor(checkpoint.statistics, names[k], flat).values);
  }
  store_.restore(snapshot);

  if (target_) {
    // Checkpoints of earlier versions have none: then they are copied anew, as at a run's start.
    const bool saved = std::ranges::count(checkpoint.statistics, kTargetName, &Tensor::name) > 0;
    target_->restore(
        {.parameters = saved ? find_tensor(checkpoint.statistics, kTargetName, flat).values : snapshot.parameters,
         .next_step = (checkpoint.progress.step / config_.target_interval + 1) * config_.target_interval});
  }
  before_ = checkpoint.progress;
  const std::size_t own_statistics = optimizer_.owner == StatisticsOwner::worker ? names.size() : 0;
  absent_statistics_.clear();
  for (std::size_t i = 0; i < before_.workers.size(); ++i) {
    const bool present = i < workers_.size();
    if (present) workers_[i]->restore(before_.workers[i]);
    for (std::size_t k = 0; k < own_statistics; ++k) {
      const Tensor& tensor = find_tensor(checkpoint.statistics, own_statistic_name(i, names[k]), flat);
      if (present) {
        workers_[i]->own_statistics()[k].store(tensor.values);
      } else {
        absent_statistics_.push_back(tensor);
      }
    }
  }
  start_clock();  // the totals count from the seconds before
}

}  // namespace sounder
