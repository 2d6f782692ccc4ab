#include "core/sharing/hogwild/hogwild_group.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "core/checkpoint/contents.h"
#include "envs/error.h"

namespace sounder {
namespace {

std::size_t shared_statistics(const Optimizer& optimizer) {
  return optimizer.owner == StatisticsOwner::shared ? optimizer.statistic_names().size() : 0;
}

/// The bytes that an update moves: of its gradient, and of the parameters that it leaves in a replica if it is of all.
std::int64_t bytes_of(std::span<const float> gradient, std::span<const UpdateRange> ranges) {
  if (ranges.empty()) return static_cast<std::int64_t>(2 * gradient.size_bytes());
  std::size_t floats = 0;
  for (const UpdateRange& range : ranges) floats += range.end - range.begin;
  return static_cast<std::int64_t>(floats * sizeof(float));
}

}  // namespace

Fetched HogwildPort::fetch() {
  Fetched fetched{.parameters = true, .target = false, .step = step()};
  if (!fetched_) {
    version_ = parts_.store.pull(parts_.replica.parameters);
    fetched.bytes += static_cast<std::int64_t>(parts_.replica.parameters.size_bytes());
  }
  const std::int64_t target_bytes = target_.fetch();
  fetched.target = target_bytes > 0;
  fetched.bytes += target_bytes;
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
  std::span<const UpdateRange> ranges;
  if (parts_.blocks != nullptr) {
    const auto selected = parts_.blocks->select(update.gradient);
    if (!selected) return skip(update.steps);
    ranges = *selected;
  }
  // The rate is that of the step before the update's first contribution. (Those of other threads may be counted late.)
  const std::int64_t step = std::max(this->step() - update.before, std::int64_t{0});
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
                                  .ranges = ranges,
                                  .replica = ranges.empty() ? parts_.replica.parameters : std::span<float>()},
                                 rule);
      },
      parts_.update.optimizer.rule);
  version_ = version;
  fetched_ = ranges.empty();
  return end(update.steps, {.step = 0,
                            .updates = 1,
                            .staleness = staleness,
                            .gradient_norm = update.norm,
                            .bytes = bytes_of(update.gradient, ranges)});
}

Given HogwildPort::skip(std::int64_t steps) {
  parts_.store.skip(steps);
  fetched_ = false;
  return end(steps, {.step = 0});
}

std::int64_t HogwildPort::step() const noexcept {
  // Relaxed: a count, which publishes nothing.
  return parts_.run_step != nullptr ? parts_.run_step->load(std::memory_order_relaxed) : parts_.store.steps();
}

Given HogwildPort::end(std::int64_t steps, Given given) {
  if (parts_.run_step != nullptr) parts_.run_step->fetch_add(steps, std::memory_order_relaxed);
  // Here, not before the next rollout: so that a checkpoint's step says when the next copy is.
  if (parts_.target != nullptr) parts_.target->refresh(step(), parts_.store);
  given.step = step();
  return given;
}

HogwildGroup::HogwildGroup(const Settings& settings, const AgentFactory& agents, std::span<const float> initial)
    : settings_(settings),
      statistic_names_(settings.update.optimizer.statistic_names()),
      store_(initial.size(), shared_statistics(settings.update.optimizer), settings.write_mode,
             settings.moments ? settings.moments : std::make_shared<RunningMoments>(agents.layout())) {
  store_.restore({.parameters = {initial.begin(), initial.end()},
                  .statistics = {shared_statistics(settings.update.optimizer), std::vector<float>(store_.size())}});
  if (agents.has_target()) {
    target_.emplace(store_.size(), settings.target_interval);
    target_->refresh(0, store_);
  }
  if (settings.blocks.partition != BlockPartition::none) {
    blocks_.emplace(
        settings.blocks, agents.layout(),
        SharedBlocks::Workers{.seed = settings.seed, .first = settings.first_worker, .count = settings.workers});
  }
  own_statistics_.resize(settings.workers);
  if (settings.update.optimizer.owner == StatisticsOwner::shared) return;
  for (auto& own : own_statistics_) own.assign(statistic_names_.size(), SharedArray(store_.size()));
}

HogwildPort::Parts HogwildGroup::port_parts(std::size_t worker, const Replica& replica) {
  return {.store = store_,
          .target = target_ ? &*target_ : nullptr,
          .update = settings_.update,
          .own_statistics = own_statistics_[worker],
          .blocks = blocks_ ? &blocks_->schedule(worker) : nullptr,
          .first_block = worker * store_.block_count() / own_statistics_.size(),
          .replica = replica,
          .run_step = settings_.run_step};
}

Sharing::Snapshot HogwildGroup::snapshot() const {
  ParameterStore::Snapshot copy = store_.snapshot();
  const auto* const run_step = settings_.run_step;
  Sharing::Snapshot snapshot{.parameters = std::move(copy.parameters),
                             .step = run_step != nullptr ? run_step->load(std::memory_order_relaxed) : copy.steps,
                             .updates = copy.updates,
                             .consistent = copy.consistent};
  for (std::size_t i = 0; i < own_statistics_.size(); ++i) {
    for (std::size_t k = 0; k < own_statistics_[i].size(); ++k) {
      std::vector<float> values(store_.size());
      own_statistics_[i][k].load(values);
      snapshot.tensors.push_back(flat_tensor(own_name(i, k), std::move(values)));
    }
  }
  for (std::size_t k = 0; k < copy.statistics.size(); ++k) {
    snapshot.tensors.push_back(flat_tensor(settings_.prefix + statistic_names_[k], std::move(copy.statistics[k])));
  }
  if (target_) {
    // A copy that is due, or was under way, is made here: a run that goes on waits for the next one.
    TargetParameters::Snapshot target = target_->snapshot();
    const bool due = target.next_step <= snapshot.step;
    snapshot.tensors.push_back(flat_tensor(target_name(), due ? snapshot.parameters : std::move(target.parameters)));
  }
  if (blocks_) blocks_->save(settings_.prefix, snapshot.tensors);
  snapshot.tensors.insert(snapshot.tensors.end(), absent_statistics_.begin(), absent_statistics_.end());
  return snapshot;
}

void HogwildGroup::restore(const Restored& restored) {
  check_statistics_owner(restored.tensors);
  ParameterStore::Snapshot snapshot{
      .parameters = restored.parameters, .steps = restored.step, .updates = restored.updates};
  const Shape flat{static_cast<std::int64_t>(store_.size())};
  for (std::size_t k = 0; k < shared_statistics(settings_.update.optimizer); ++k) {
    snapshot.statistics.push_back(find_tensor(restored.tensors, settings_.prefix + statistic_names_[k], flat).values);
  }
  store_.restore(snapshot);
  if (target_) {
    // Checkpoints of earlier versions have none: then they are copied anew, as at a run's start.
    target_->restore({.parameters = find_saved(restored.tensors, target_name()) != nullptr
                                        ? find_tensor(restored.tensors, target_name(), flat).values
                                        : snapshot.parameters,
                      .next_step = (restored.step / settings_.target_interval + 1) * settings_.target_interval});
  }
  if (blocks_) blocks_->restore(settings_.prefix, restored.tensors, restored.workers);
  absent_statistics_.clear();
  if (settings_.update.optimizer.owner == StatisticsOwner::shared) return;
  for (std::size_t i = 0; i < restored.workers; ++i) {
    for (std::size_t k = 0; k < statistic_names_.size(); ++k) {
      const Tensor& tensor = find_tensor(restored.tensors, own_name(i, k), flat);
      if (i < own_statistics_.size()) {
        own_statistics_[i][k].store(tensor.values);
      } else {
        absent_statistics_.push_back(tensor);
      }
    }
  }
}

void HogwildGroup::replace(std::span<const float> parameters) {
  store_.replace(parameters);
  if (!target_) return;
  const std::int64_t step =
      settings_.run_step != nullptr ? settings_.run_step->load(std::memory_order_relaxed) : store_.steps();
  target_->restore({.parameters = {parameters.begin(), parameters.end()},
                    .next_step = (step / settings_.target_interval + 1) * settings_.target_interval});
}

void HogwildGroup::measure(std::span<const HogwildGroup* const> groups, Measures& measures) {
  double lost = 0;
  std::vector<const SharedBlocks*> blocks;
  for (const HogwildGroup* group : groups) {
    lost += group->store_.lost_updates() / static_cast<double>(groups.size());
    if (group->blocks_) blocks.push_back(&*group->blocks_);
  }
  measures.push_back({.name = "train/lost_updates", .unit = "fraction", .value = lost});
  if (!blocks.empty()) SharedBlocks::measure(blocks, measures);
}

std::string HogwildGroup::own_name(std::size_t worker, std::size_t statistic) const {
  return fmt::format("{}worker{}/{}", settings_.prefix, worker, statistic_names_[statistic]);
}

std::string HogwildGroup::target_name() const {
  return settings_.prefix + "target";
}

void HogwildGroup::check_statistics_owner(const std::vector<Tensor>& tensors) const {
  const bool shared = settings_.update.optimizer.owner == StatisticsOwner::shared;
  const std::string& name = statistic_names_.front();
  if (find_saved(tensors, shared ? own_name(0, 0) : settings_.prefix + name) == nullptr) return;
  throw Error(
      fmt::format("gradients_per_update: expected {}, as in the run, whose '{}' is {}; train a new run to change it",
                  shared ? "1" : "more than 1", name, shared ? "each worker's own" : "shared by all workers"));
}

}  // namespace sounder
