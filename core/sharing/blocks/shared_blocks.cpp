#include "core/sharing/blocks/shared_blocks.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/checkpoint/contents.h"
#include "envs/error.h"

namespace sounder {
namespace {

std::string updates_name(std::string_view prefix) {
  return fmt::format("{}blocks/updates", prefix);
}

std::string selections_name(std::string_view prefix) {
  return fmt::format("{}blocks/selections", prefix);
}

}  // namespace

SharedBlocks::SharedBlocks(const BlockSettings& settings, const ParameterLayout& layout, const Workers& workers)
    : plan_(settings, layout, workers.count), restored_updates_(plan_.blocks().size()) {
  for (std::size_t i = 0; i < workers.count; ++i) {
    schedules_.emplace_back(plan_,
                            BlockSchedule::Worker{.seed = workers.seed, .number = workers.first + i, .index = i});
  }
}

std::vector<std::uint64_t> SharedBlocks::updates() const {
  std::vector<std::uint64_t> updates = restored_updates_;
  for (const BlockSchedule& schedule : schedules_) {
    for (std::size_t b = 0; b < updates.size(); ++b) updates[b] += schedule.updates(b);
  }
  return updates;
}

std::vector<std::uint64_t> SharedBlocks::selections() const {
  std::vector<std::uint64_t> selections;
  for (const BlockSchedule& schedule : schedules_) selections.push_back(schedule.selections());
  selections.insert(selections.end(), absent_selections_.begin(), absent_selections_.end());
  return selections;
}

void SharedBlocks::save(std::string_view prefix, std::vector<Tensor>& tensors) const {
  tensors.push_back(counts_tensor(updates_name(prefix), updates()));
  tensors.push_back(counts_tensor(selections_name(prefix), selections()));
}

void SharedBlocks::restore(std::string_view prefix, const std::vector<Tensor>& tensors, std::size_t workers) {
  restored_updates_ = find_counts(tensors, updates_name(prefix), restored_updates_.size());
  absent_selections_ = find_counts(tensors, selections_name(prefix), workers);
  const std::size_t present = std::min(workers, schedules_.size());
  for (std::size_t i = 0; i < present; ++i) schedules_[i].restore(absent_selections_[i]);
  absent_selections_.erase(absent_selections_.begin(),
                           absent_selections_.begin() + static_cast<std::ptrdiff_t>(present));
}

void SharedBlocks::measure(Measures& measures) const {
  const SharedBlocks* const alone = this;
  measure({&alone, 1}, measures);
}

void SharedBlocks::measure(std::span<const SharedBlocks* const> arrays, Measures& measures) {
  const auto add = [&](std::string_view name, std::string_view unit, double value) {
    measures.push_back({.name = fmt::format("train/block_{}", name), .unit = std::string(unit), .value = value});
  };
  std::vector<std::uint64_t> counts;  // of each block
  std::uint64_t selections = 0;
  double floats = 0;
  for (const SharedBlocks* array : arrays) {
    const std::vector<std::uint64_t> own = array->updates();
    for (std::size_t b = 0; b < own.size(); ++b) {
      floats += static_cast<double>(own[b]) * static_cast<double>(array->plan_.blocks()[b].size);
    }
    counts.insert(counts.end(), own.begin(), own.end());
    const std::vector<std::uint64_t> selected = array->selections();
    selections += std::accumulate(selected.begin(), selected.end(), std::uint64_t{0});
  }
  const std::uint64_t sum = std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
  const auto parameters = static_cast<double>(arrays.front()->plan_.floats());
  add("updates_min", "updates", static_cast<double>(std::ranges::min(counts)));
  add("updates_mean", "updates", static_cast<double>(sum) / static_cast<double>(counts.size()));
  add("updates_max", "updates", static_cast<double>(std::ranges::max(counts)));
  add("share", "fraction", selections == 0 ? kNotMeasured : floats / static_cast<double>(selections) / parameters);
}

}  // namespace sounder
