#include "core/sharing/hogwild.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "core/checkpoint/contents.h"
#include "core/learning/agent.h"
#include "envs/error.h"

namespace sounder {
namespace {

constexpr std::string_view kTargetName = "target";

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

bool saved(const Checkpoint& checkpoint, std::string_view name) {
  return std::ranges::count(checkpoint.statistics, name, &Tensor::name) > 0;
}

/// Throws Error if the workers' statistics are each one's own in a checkpoint and shared here, or the other way round:
/// whether gradients are averaged decides it.
void check_statistics_owner(const Checkpoint& checkpoint, const Optimizer& optimizer) {
  const std::string name = optimizer.statistic_names().front();
  const bool shared = optimizer.owner == StatisticsOwner::shared;
  if (!saved(checkpoint, shared ? own_statistic_name(0, name) : name)) return;
  throw Error(
      fmt::format("gradients_per_update: expected {}, as in the run, whose '{}' is {}; train a new run to change it",
                  shared ? "1" : "more than 1", name, shared ? "each worker's own" : "shared by all workers"));
}

Tensor flat_tensor(std::string name, std::vector<float> values) {
  const auto size = static_cast<std::int64_t>(values.size());
  return {.name = std::move(name), .shape = {size}, .values = std::move(values)};
}

}  // namespace

Fetched HogwildPort::fetch() {
  if (!fetched_) version_ = parts_.store.pull(parts_.replica.parameters);
  Fetched fetched{.parameters = true, .target = false, .step = parts_.store.steps()};
  if (parts_.target != nullptr) {
    const std::uint64_t version = parts_.target->pull(target_version_, parts_.replica.target);
    fetched.target = version != target_version_;
    target_version_ = version;
  }
  return fetched;
}

Given HogwildPort::give(const Contribution& contribution) {
  if (!contribution.usable) return skip(contribution.steps);
  return push({.gradient = contribution.gradient,
               .norm = contribution.norm,
               .rate_factor = rate_factor(),
               .version = version_,
               .steps = contribution.steps});
}

Given HogwildPort::push(const Update& update) {
  // The rate is that of the step before the update's first contribution. (Those of other threads may be counted late.)
  const std::int64_t step = std::max(parts_.store.steps() - update.before, std::int64_t{0});
  const float learning_rate = update.rate_factor * parts_.update.schedule.at(step);
  const auto [staleness, version] = std::visit(
      [&](const auto& rule) {
        return parts_.store.push({.gradient = update.gradient,
                                  .scale = parts_.update.clip(update.norm),
                                  .learning_rate = learning_rate,
                                  .steps = update.steps,
                                  .version = update.version,
                                  .own_statistics = parts_.own_statistics,
                                  .first_block = parts_.first_block,
                                  .replica = parts_.replica.parameters},
                                 rule);
      },
      parts_.update.optimizer.rule);
  version_ = version;
  fetched_ = true;
  return end({.step = 0, .updates = 1, .staleness = staleness, .gradient_norm = update.norm});
}

Given HogwildPort::skip(std::int64_t steps) {
  parts_.store.skip(steps);
  fetched_ = false;
  return end({.step = 0});
}

Given HogwildPort::end(Given given) {
  // Here, not before the next rollout: so that a checkpoint's step says when the next copy is.
  if (parts_.target != nullptr) parts_.target->refresh(parts_.store.steps(), parts_.store);
  given.step = parts_.store.steps();
  return given;
}

Hogwild::Hogwild(const TrainConfig& config, const AgentFactory& agents, const UpdateSettings& update)
    : update_(update),
      statistic_names_(update.optimizer.statistic_names()),
      layout_(agents.layout()),
      target_interval_(config.target_interval),
      store_(layout_.size, shared_statistics(update.optimizer),
             find_named(kWriteModes, "write_mode", config.write_mode), moments_of(layout_)) {
  store_.restore({.parameters = agents.initial_parameters(static_cast<std::uint64_t>(config.seed)),
                  .statistics = {shared_statistics(update.optimizer), std::vector<float>(store_.size())}});
  if (agents.has_target()) {
    target_.emplace(store_.size(), target_interval_);
    target_->refresh(0, store_);
  }
  const auto workers = static_cast<std::size_t>(config.workers);
  own_statistics_.resize(workers);
  if (update.optimizer.owner == StatisticsOwner::shared) return;
  for (auto& own : own_statistics_) own.assign(statistic_names_.size(), SharedArray(store_.size()));
}

HogwildPort::Parts Hogwild::port_parts(std::size_t worker, const Replica& replica) {
  return {.store = store_,
          .target = target_ ? &*target_ : nullptr,
          .update = update_,
          .own_statistics = own_statistics_[worker],
          .first_block = worker * store_.block_count() / own_statistics_.size(),
          .replica = replica};
}

std::unique_ptr<Port> Hogwild::port(std::size_t worker, const Replica& replica) {
  return std::make_unique<HogwildPort>(port_parts(worker, replica));
}

Sharing::Snapshot Hogwild::snapshot() const {
  ParameterStore::Snapshot copy = store_.snapshot();
  Snapshot snapshot{.parameters = std::move(copy.parameters),
                    .step = copy.steps,
                    .updates = copy.updates,
                    .consistent = copy.consistent};
  for (std::size_t i = 0; i < own_statistics_.size(); ++i) {
    for (std::size_t k = 0; k < own_statistics_[i].size(); ++k) {
      std::vector<float> values(store_.size());
      own_statistics_[i][k].load(values);
      snapshot.tensors.push_back(flat_tensor(own_statistic_name(i, statistic_names_[k]), std::move(values)));
    }
  }
  for (std::size_t k = 0; k < copy.statistics.size(); ++k) {
    snapshot.tensors.push_back(flat_tensor(statistic_names_[k], std::move(copy.statistics[k])));
  }
  if (target_) {
    // A copy that is due, or was under way, is made here: a run that goes on waits for the next one.
    TargetParameters::Snapshot target = target_->snapshot();
    const bool due = target.next_step <= snapshot.step;
    snapshot.tensors.push_back(
        flat_tensor(std::string(kTargetName), due ? snapshot.parameters : std::move(target.parameters)));
  }
  snapshot.tensors.insert(snapshot.tensors.end(), absent_statistics_.begin(), absent_statistics_.end());
  return snapshot;
}

void Hogwild::restore(const Checkpoint& checkpoint) {
  ParameterStore::Snapshot snapshot{.parameters = flat_parameters(checkpoint, layout_),
                                    .steps = checkpoint.progress.step,
                                    .updates = static_cast<std::uint64_t>(checkpoint.progress.updates)};
  check_statistics_owner(checkpoint, update_.optimizer);
  const Shape flat{static_cast<std::int64_t>(store_.size())};
  for (std::size_t k = 0; k < shared_statistics(update_.optimizer); ++k) {
    snapshot.statistics.push_back(find_tensor(checkpoint.statistics, statistic_names_[k], flat).values);
  }
  store_.restore(snapshot);
  if (target_) {
    // Checkpoints of earlier versions have none: then they are copied anew, as at a run's start.
    target_->restore({.parameters = saved(checkpoint, kTargetName)
                                        ? find_tensor(checkpoint.statistics, kTargetName, flat).values
                                        : snapshot.parameters,
                      .next_step = (checkpoint.progress.step / target_interval_ + 1) * target_interval_});
  }
  absent_statistics_.clear();
  if (update_.optimizer.owner == StatisticsOwner::shared) return;
  for (std::size_t i = 0; i < checkpoint.progress.workers.size(); ++i) {
    for (std::size_t k = 0; k < statistic_names_.size(); ++k) {
      const Tensor& tensor = find_tensor(checkpoint.statistics, own_statistic_name(i, statistic_names_[k]), flat);
      if (i < own_statistics_.size()) {
        own_statistics_[i][k].store(tensor.values);
      } else {
        absent_statistics_.push_back(tensor);
      }
    }
  }
}

void Hogwild::measure(Measures& measures) const {
  measures.push_back({.name = "train/lost_updates", .unit = "fraction", .value = store_.lost_updates()});
}

}  // namespace sounder
