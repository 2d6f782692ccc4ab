#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "core/named.h"
#include "core/sharing/store/running_moments.h"
#include "core/sharing/store/shared_array.h"
#include "core/sharing/store/update_counts.h"
#include "core/sharing/store/update_kernels.h"
#include "core/sharing/store/update_range.h"
#include "core/sharing/store/update_rule.h"
#include "core/sharing/store/word_update.h"

namespace sounder {

/// How workers write the shared parameters.
enum class WriteMode {
  relaxed,     ///< load, compute, store: never waits; of two concurrent updates of a block, one may be lost
  atomic_add,  ///< compare-exchange per word: never loses an update (the assumption of Niu et al. 2011)
  locked,      ///< one update or pull at a time: the control for the others, and what a server's shards use
};
inline constexpr auto kWriteModes = std::to_array<Named<WriteMode>>({
    {"relaxed", WriteMode::relaxed},
    {"atomic_add", WriteMode::atomic_add},
    {"locked", WriteMode::locked},
});

/// Shared parameters and the statistics that go with them: where workers meet.
///
/// Promised, in the modes relaxed and atomic_add: pull and push never wait for another thread, no float is torn, and
/// there is no data race by the language's rules. Not promised: a pull may mix the parameters of several updates, and
/// in relaxed mode a concurrent update may be lost, block by block; `lost_updates` measures how many are. Running
/// moments and constants that stand among the parameters are kept apart: updates do not touch them. All functions may
/// be called by any thread at any time, but for those that say otherwise.
class ParameterStore {
 public:
  /// Makes parameters and shared statistics of zeros; `statistics` is how many arrays of them. `moments` are the
  /// running moments among the parameters.
  ParameterStore(std::size_t size, std::size_t statistics, WriteMode mode, std::span<const MomentsBlock> moments = {})
      : ParameterStore(size, statistics, mode, std::make_shared<RunningMoments>(moments)) {}
  /// The same, with running moments that other stores have as well.
  ParameterStore(std::size_t size, std::size_t statistics, WriteMode mode, std::shared_ptr<RunningMoments> moments);

  WriteMode mode() const noexcept { return mode_; }
  std::size_t size() const noexcept { return parameters_.size(); }
  std::size_t block_count() const noexcept { return parameters_.block_count(); }

  /// Copies the parameters out and returns their version: how many updates were complete before.
  std::uint64_t pull(std::span<float> out) const noexcept;

  /// What an update is made of, besides its rule.
  struct Push {
    std::span<const float> gradient;
    float scale = 1;  ///< of the gradient: below 1 where it is clipped
    float learning_rate;
    std::int64_t steps;     ///< environment steps that it was learnt from: they are counted with it
    std::uint64_t version;  ///< of the parameters that it was learnt with
    std::span<SharedArray> own_statistics = {};  ///< of a worker that keeps its own; empty: the shared ones
    /// Block that the update begins at, before it goes on to the last one and then from the first one: workers that
    /// begin at different blocks seldom write the same one at the same time. Not of WriteMode::atomic_add.
    std::size_t first_block = 0;
    /// What is written: ascending ranges, none empty, without floats in common. Other parameters, and their statistics,
    /// stay untouched, those in one word with a range included. Empty: everything is written. The update begins at the
    /// first range that reaches beyond the start of first_block.
    std::span<const UpdateRange> ranges = {};
    /// Receives the parameters as the update leaves them; empty: nothing does. Not of an update of ranges.
    std::span<float> replica = {};
  };
  struct Pushed {
    std::uint64_t staleness;  ///< updates that others completed since the gradient's parameters were read
    std::uint64_t version;    ///< of what the replica received: this update, and those complete before it began
  };

  /// Applies one update. With a replica it is a pull as well, of each block at the moment at which it is written: the
  /// parameters' cache lines travel between cores once per update, not twice. Compared with a pull after the push, what
  /// is pulled may lack what others wrote to a block between its turn and the push's end.
  template <UpdateRuleModel Rule>
  Pushed push(const Push& push, const Rule& rule) noexcept;

  /// Merges a batch into the running moments at `block`, one of those that the store was made with; see
  /// SharedMoments::merge. It is no update.
  void merge(const MomentsBlock& block, MomentsBatch& batch) noexcept { moments_->merge(block, batch); }

  /// Moves the parameters towards others: theta <- own theta + others, float by float; `others` has size() floats. It
  /// is no update: neither a step nor an update is counted, and the statistics stay as they are. Of an update that is
  /// made at the same time and of this, one may be lost, block by block, as of two updates in relaxed mode.
  void mix(float own, std::span<const float> others) noexcept;

  /// Counts environment steps that no update was made of.
  void skip(std::int64_t steps) noexcept { counts_.skip(steps); }

  /// Environment steps that were counted: of one store that all workers share, the global step.
  std::int64_t steps() const noexcept { return counts_.steps(); }
  /// Updates that are complete: the version of the parameters.
  std::uint64_t updates() const noexcept { return counts_.completed(); }

  /// A copy of everything at one moment.
  struct Snapshot {
    std::vector<float> parameters;
    std::vector<std::vector<float>> statistics;  ///< the shared ones
    std::int64_t steps = 0;
    std::uint64_t updates = 0;
    bool consistent = false;  ///< no update was under way; else it mixes updates, as a pull may
  };
  /// Copies everything, again and again until no update was under way meanwhile; gives up after a thousand tries with
  /// the last copy (many workers, all of them writing most of the time). Delays nobody but in WriteMode::locked.
  Snapshot snapshot() const;

  /// Replaces everything, as read from a checkpoint. Only while no other thread uses the store.
  void restore(const Snapshot& snapshot) noexcept;

  /// Replaces the parameters alone. They may be those of quiescent_view(). Only while no other thread uses the store.
  void replace(std::span<const float> parameters) noexcept;

  /// Estimates the fraction of updates since construction that a concurrent one overwrote, by counters, one for every
  /// 32nd block, that are read before the block is and written, one higher, after it. Of an update of ranges, the
  /// blocks that it writes as a whole count; 0 where none of those has a counter.
  double lost_updates() const noexcept;

  /// Views the parameters in place: see SharedArray::quiescent_view. Only while no other thread uses the store.
  std::span<float> quiescent_view();

 private:
  template <UpdateRuleModel Rule>
  void add(const BlockUpdate& update, const Rule& rule, std::span<const UpdateRange> ranges) noexcept;
  template <UpdateRuleModel Rule>
  void write(const BlockUpdate& update, const Rule& rule) noexcept;
  // Writes the blocks begin, ..., end - 1.
  template <UpdateRuleModel Rule>
  void write_run(BlockUpdate update, const Rule& rule, std::size_t begin, std::size_t end) noexcept;
  template <UpdateRuleModel Rule>
  void write_ranges(const BlockUpdate& update, const Rule& rule, std::span<const UpdateRange> ranges) noexcept;

  // The update at the rate of one of its ranges.
  static BlockUpdate at(BlockUpdate update, const UpdateRange& range) noexcept {
    update.rate *= range.rate;
    return update;
  }

  WriteMode mode_;
  const UpdateKernels& kernels_;
  SharedArray parameters_;  // where the floats in the places of moments and constants mean nothing
  std::vector<SharedArray> statistics_;
  const std::shared_ptr<RunningMoments> moments_;
  std::vector<std::uint64_t> probes_;  // touched through relaxed atomic_ref only
  std::uint64_t initial_updates_ = 0;  // that were restored: the probes did not see them; const while workers run
  UpdateCounts<> counts_;
  UpdateCounts<> mixes_;
  mutable std::mutex mutex_;  // WriteMode::locked only
  // Blocks with a probe that updates of ranges left out, or did not write as a whole.
  std::atomic<std::uint64_t> unprobed_{0};
};

template <UpdateRuleModel Rule>
ParameterStore::Pushed ParameterStore::push(const Push& push, const Rule& rule) noexcept {
  assert(push.gradient.size() == size() && (push.replica.empty() || push.replica.size() == size()));
  assert(push.ranges.empty() || push.replica.empty());
  std::unique_lock<std::mutex> lock;
  if (mode_ == WriteMode::locked) lock = std::unique_lock(mutex_);

  const UpdateCounts<>::Begun begun = counts_.begin();
  const BlockUpdate update{
      .parameters = parameters_,
      .statistics = push.own_statistics.empty() ? std::span<SharedArray>(statistics_) : push.own_statistics,
      .probes = probes_,
      .gradient = push.gradient,
      .scale = push.scale,
      .rate = rule.rate(push.learning_rate, begun.number),
      .first_block = push.first_block,
      .blocks = block_count(),
      .replica = push.replica};
  assert(update.statistics.size() == Rule::kStatistics);
  if (mode_ == WriteMode::atomic_add) {
    add(update, rule, push.ranges);
  } else if (push.ranges.empty()) {
    write(update, rule);
  } else {
    write_ranges(update, rule, push.ranges);
  }
  if (!push.replica.empty()) moments_->load(push.replica);
  const std::uint64_t complete = counts_.end(push.steps);
  return {.staleness = complete - push.version, .version = begun.complete + 1};
}

template <UpdateRuleModel Rule>
void ParameterStore::add(const BlockUpdate& update, const Rule& rule, std::span<const UpdateRange> ranges) noexcept {
  if (ranges.empty()) {
    add_words(update, rule, 0, size());
    for (std::uint64_t& probe : probes_) std::atomic_ref(probe).fetch_add(1, std::memory_order_relaxed);
    return;
  }
  for (const UpdateRange& range : ranges) add_words(at(update, range), rule, range.begin, range.end);
  unprobed_.fetch_add(probes_.size(), std::memory_order_relaxed);
}

template <UpdateRuleModel Rule>
void ParameterStore::write(const BlockUpdate& update, const Rule& rule) noexcept {
  if constexpr (requires { kernels_.write(update, rule); }) {
    kernels_.write(update, rule);
  } else {  // a rule that has no kernels, such as a test's
    write_blocks<FloatQuad>(update, rule);
  }
}

template <UpdateRuleModel Rule>
void ParameterStore::write_run(BlockUpdate update, const Rule& rule, std::size_t begin, std::size_t end) noexcept {
  // Its last blocks fetch nothing ahead: lines that are not written stay where they are, maybe with another core.
  const std::size_t last = end - begin > BlockUpdate::kAhead ? end - BlockUpdate::kAhead : begin;
  update.first_block = begin;
  update.blocks = last - begin;
  if (update.blocks > 0) write(update, rule);
  update.first_block = last;
  update.blocks = end - last;
  update.ahead = 0;
  write(update, rule);
}

template <UpdateRuleModel Rule>
void ParameterStore::write_ranges(const BlockUpdate& update, const Rule& rule,
                                  std::span<const UpdateRange> ranges) noexcept {
  const auto probes_before = [](std::size_t block) {
    return (block + BlockUpdate::kBlocksPerProbe - 1) / BlockUpdate::kBlocksPerProbe;
  };
  std::size_t probed = 0;
  auto next = std::ranges::lower_bound(ranges, update.first_block * kBlockFloats + 1, {}, &UpdateRange::end);
  for (std::size_t n = 0; n < ranges.size(); ++n) {
    if (next == ranges.end()) next = ranges.begin();
    const UpdateRange& range = *next++;
    assert(range.begin < range.end && range.end <= size());
    // The blocks that it has whole; of the array's last one, that is all there is of it.
    const std::size_t begin = (range.begin + kBlockFloats - 1) / kBlockFloats;
    const std::size_t end = range.end == size() ? block_count() : range.end / kBlockFloats;
    const BlockUpdate part = at(update, range);
    if (begin >= end) {
      write_words(part, rule, range.begin, range.end);
      continue;
    }
    write_words(part, rule, range.begin, begin * kBlockFloats);
    write_run(part, rule, begin, end);
    write_words(part, rule, std::min(end * kBlockFloats, range.end), range.end);
    probed += probes_before(end) - probes_before(begin);
  }
  unprobed_.fetch_add(probes_.size() - probed, std::memory_order_relaxed);
}

}  // namespace sounder
