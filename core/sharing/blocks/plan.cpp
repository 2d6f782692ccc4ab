#include "core/sharing/blocks/plan.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/sharing/blocks/rates.h"
#include "envs/error.h"

namespace sounder {

BlockSettings make_block_settings(const TrainConfig& config) {
  return {.partition = find_named(kBlockPartitions, "blocks", config.blocks),
          .choice = find_named(kBlockChoices, "block_choice", config.block_choice),
          .blocks_per_update = static_cast<std::size_t>(config.blocks_per_update),
          .rates = config.block_rates,
          .rescale = config.block_rescale};
}

BlockPlan::BlockPlan(const BlockSettings& settings, const ParameterLayout& layout, std::size_t workers)
    : blocks_(partition_parameters(layout, settings.partition)),
      rates_(block_rates(settings.rates, blocks_)),
      choice_(settings.choice),
      blocks_per_update_(settings.blocks_per_update),
      workers_(workers) {
  check(settings);
  for (std::size_t b = 0; b < blocks_.size(); ++b) {
    // A block of rate 0 is never updated: its factor is of no account.
    const double factor = settings.rescale && rates_[b] > 0 ? 1 / share(b) : 1;
    for (UpdateRange& range : blocks_[b].ranges) {
      range.rate = static_cast<float>(factor);
      plain_ &= range.rate == 1;
      parts_.push_back({.range = range, .block = b});
    }
    floats_ += blocks_[b].size;
  }
  std::ranges::sort(parts_, {}, [](const Part& part) { return part.range.begin; });
}

void BlockPlan::check(const BlockSettings& settings) const {
  const std::string_view partition = name_of(kBlockPartitions, settings.partition);
  if (choice_ == BlockChoice::owner && workers_ > blocks_.size()) {
    throw UsageError(
        fmt::format("block_choice 'owner' takes a block for each worker; expected at most {} workers, as many as there "
                    "are blocks with blocks = {}, got {}; take fewer workers or smaller blocks",
                    blocks_.size(), partition, workers_));
  }
  // The blocks among which an update chooses: of owners, those of worker 0, who has most.
  const std::size_t most = choice_ == BlockChoice::owner ? (blocks_.size() + workers_ - 1) / workers_ : blocks_.size();
  if (choice_ != BlockChoice::all && blocks_per_update_ > most) {
    throw UsageError(fmt::format("blocks_per_update: expected at most {}, as many as {} with blocks = {}; got {}", most,
                                 choice_ == BlockChoice::owner ? "a worker owns" : "there are", partition,
                                 blocks_per_update_));
  }
  if (settings.rescale && choice_ == BlockChoice::greedy) {
    throw UsageError(
        "block_rescale divides by the share of updates that write a block, which is not known where gradients choose "
        "the blocks; expected block_rescale = false with block_choice = greedy, got true; try block_choice = random");
  }
}

double BlockPlan::share(std::size_t block) const noexcept {
  const double rate = rates_[block];
  const auto all = static_cast<double>(blocks_.size());
  const auto k = static_cast<double>(blocks_per_update_);
  switch (choice_) {
    case BlockChoice::all:
    case BlockChoice::greedy:
      return rate;
    case BlockChoice::random:
      return blocks_per_update_ == 0 ? rate : k / all * rate;
    case BlockChoice::cyclic:
      return std::max(k, 1.0) / all * rate;
    case BlockChoice::owner:
      break;
  }
  const std::size_t owner = block % workers_;
  const auto own = static_cast<double>((blocks_.size() - owner + workers_ - 1) / workers_);
  const double among_own = blocks_per_update_ == 0 ? 1 : std::min(k / own, 1.0);
  return rate / static_cast<double>(workers_) * among_own;
}

}  // namespace sounder
