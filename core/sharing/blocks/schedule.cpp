#include "core/sharing/blocks/schedule.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "envs/random.h"

namespace sounder {
namespace {

// Rates are counted in units of 10^-15: those of up to 15 decimals are exact, and their sums do not drift. (Three of
// ten turns at 0.3, which is a little less in binary, would be two.)
constexpr std::uint64_t kWhole = 1'000'000'000'000'000;

std::size_t turns_of_selection(BlockChoice choice, std::size_t blocks_per_update, std::size_t candidates) noexcept {
  switch (choice) {
    case BlockChoice::cyclic:
      return std::max<std::size_t>(blocks_per_update, 1);
    case BlockChoice::owner:
      return blocks_per_update == 0 ? candidates : std::min(blocks_per_update, candidates);
    default:
      return candidates;
  }
}

}  // namespace

BlockSchedule::BlockSchedule(const BlockPlan& plan, const Worker& worker) : plan_(plan), worker_(worker) {
  const std::size_t blocks = plan.blocks().size();
  const bool owner = plan.choice() == BlockChoice::owner;
  assert(blocks > 0 && worker.index < plan.workers());
  for (std::size_t b = owner ? worker.index : 0; b < blocks; b += owner ? plan.workers() : 1) candidates_.push_back(b);
  turns_ = turns_of_selection(plan.choice(), plan.blocks_per_update(), candidates_.size());
  for (const double rate : plan.rates()) {
    rates_.push_back(static_cast<std::uint64_t>(std::llround(rate * static_cast<double>(kWhole))));
  }
  updates_.resize(blocks);
  credits_.resize(blocks);
  taken_.resize(blocks);
  listed_.reserve(blocks);
  squares_.resize(blocks);
  ranges_.reserve(plan.parts().size());
}

std::optional<std::span<const UpdateRange>> BlockSchedule::select(std::span<const float> gradient) noexcept {
  std::ranges::fill(taken_, std::uint8_t{0});
  taken_count_ = 0;
  switch (plan_.choice()) {
    case BlockChoice::all:
    case BlockChoice::cyclic:
    case BlockChoice::owner:
      take_turns();
      break;
    case BlockChoice::random:
      draw();
      break;
    case BlockChoice::greedy:
      take_largest(gradient);
      break;
  }
  increment(selections_);
  if (taken_count_ == 0) return std::nullopt;
  return taken_ranges();
}

// floor((v + 1) r) > floor(v r), of whole numbers: what is left of v r grows by r and passes 1.
bool BlockSchedule::due(std::size_t block) noexcept {
  std::uint64_t& credit = credits_[block];
  credit += rates_[block];
  if (credit < kWhole) return false;
  credit -= kWhole;
  return true;
}

void BlockSchedule::take(std::size_t block) noexcept {
  taken_[block] = 1;
  last_taken_ = block;
  ++taken_count_;
  increment(updates_[block]);
}

void BlockSchedule::take_turns() noexcept {
  for (std::size_t n = 0; n < turns_; ++n) {
    const std::size_t block = candidates_[position_];
    position_ = position_ + 1 < candidates_.size() ? position_ + 1 : 0;
    if (due(block)) take(block);
  }
}

void BlockSchedule::draw() noexcept {
  Rng rng(StreamKey{.seed = worker_.seed, .worker = worker_.number, .purpose = Stream::blocks, .index = selections_});
  const auto keep = [&](std::size_t block) {
    const double rate = plan_.rates()[block];
    if (rate == 1 || rng.uniform(0.0, 1.0) < rate) take(block);
  };
  const std::size_t blocks = taken_.size();
  const std::size_t drawn = plan_.blocks_per_update();
  if (drawn == 0) {
    for (std::size_t b = 0; b < blocks; ++b) keep(b);
    return;
  }
  // Each set of so many blocks is as likely as any other (Floyd's algorithm, in Bentley 1987): the i-th draw is one of
  // the first i + 1 blocks, and where that was drawn before, it is block i, which cannot have been.
  listed_.clear();
  for (std::size_t i = blocks - drawn; i < blocks; ++i) {
    auto block = static_cast<std::size_t>(rng.below(static_cast<std::int64_t>(i) + 1));
    if (taken_[block] != 0) block = i;
    taken_[block] = 1;
    listed_.push_back(block);
  }
  for (const std::size_t block : listed_) {
    taken_[block] = 0;
    keep(block);
  }
}

void BlockSchedule::take_largest(std::span<const float> gradient) noexcept {
  listed_.clear();
  for (const std::size_t block : candidates_) {
    if (!due(block)) continue;
    listed_.push_back(block);
    double sum = 0;
    for (const UpdateRange& range : plan_.blocks()[block].ranges) {
      for (std::size_t i = range.begin; i < range.end; ++i) {
        sum += static_cast<double>(gradient[i]) * static_cast<double>(gradient[i]);
      }
    }
    squares_[block] = sum / static_cast<double>(plan_.blocks()[block].size);
  }
  const std::size_t count = std::min(std::max<std::size_t>(plan_.blocks_per_update(), 1), listed_.size());
  const auto end = listed_.begin() + static_cast<std::ptrdiff_t>(count);
  std::ranges::nth_element(listed_, end, [&](std::size_t a, std::size_t b) {
    return squares_[a] != squares_[b] ? squares_[a] > squares_[b] : a < b;
  });
  for (auto block = listed_.begin(); block != end; ++block) take(*block);
}

std::span<const UpdateRange> BlockSchedule::taken_ranges() noexcept {
  if (taken_count_ == taken_.size() && plan_.plain()) return {};
  if (taken_count_ == 1) return plan_.blocks()[last_taken_].ranges;
  ranges_.clear();
  for (const BlockPlan::Part& part : plan_.parts()) {
    if (taken_[part.block] == 0) continue;
    if (!ranges_.empty() && ranges_.back().end == part.range.begin && ranges_.back().rate == part.range.rate) {
      ranges_.back().end = part.range.end;
    } else {
      ranges_.push_back(part.range);
    }
  }
  return ranges_;
}

void BlockSchedule::restore(std::uint64_t selections) noexcept {
  std::atomic_ref(selections_).store(selections, std::memory_order_relaxed);
  if (plan_.choice() == BlockChoice::random) return;
  __extension__ typedef unsigned __int128 Product;
  const std::uint64_t turns = selections * turns_;
  const std::uint64_t rounds = turns / candidates_.size();
  position_ = turns % candidates_.size();
  for (std::size_t i = 0; i < candidates_.size(); ++i) {
    const std::uint64_t of_block = rounds + (i < position_ ? 1 : 0);
    std::uint64_t& credit = credits_[candidates_[i]];
    credit = static_cast<std::uint64_t>(Product{of_block} * rates_[candidates_[i]] % kWhole);
  }
}

}  // namespace sounder
