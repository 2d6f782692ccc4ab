#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <vector>

#include "core/named.h"
#include "core/sharing/running_moments.h"
#include "core/sharing/shared_array.h"
#include "core/sharing/update_counts.h"
#include "core/sharing/update_kernels.h"
#include "core/sharing/update_rule.h"

namespace sounder {

/// How workers write the shared parameters.
enum class WriteMode {
  relaxed,     ///< load, compute, store: never waits; of two concurrent updates of a block, one may be lost
  atomic_add,  ///< compare-exchange per word: never loses an update (the assumption of Niu et al. 2011)
  locked,      ///< one update or pull at a time: the control that the others are measured against
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
/// moments that stand among the parameters are kept apart: updates do not touch them. All functions may be called by
/// any thread at any time, but for those that say otherwise.
class ParameterStore {
 public:
  /// Makes parameters and shared statistics of zeros; `statistics` is how many arrays of them. `moments` are the
  /// running moments among the parameters.
  ParameterStore(std::size_t size, std::size_t statistics, WriteMode mode, std::span<const MomentsBlock> moments = {});

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
    std::span<float> replica = {};  ///< receives the parameters as the update leaves them; empty: nothing does
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
  void merge(const MomentsBlock& block, MomentsBatch& batch) noexcept { moments_.merge(block, batch); }

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
  /// the last copy (many workers, all of them writing most of the time). Delays nobody.
  Snapshot snapshot() const;

  /// Replaces everything, as read from a checkpoint. Only while no other thread uses the store.
  void restore(const Snapshot& snapshot) noexcept;

  /// Estimates the fraction of updates since construction that a concurrent one overwrote, by counters, one for every
  /// 32nd block, that are read before the block is and written, one higher, after it.
  double lost_updates() const noexcept;

  /// Views the parameters in place: see SharedArray::quiescent_view. Only while no other thread uses the store.
  std::span<float> quiescent_view();

 private:
  template <UpdateRuleModel Rule>
  void add_words(const Push& push, const Rule& rule, float rate, std::span<SharedArray> statistics) noexcept;

  WriteMode mode_;
  const UpdateKernels& kernels_;
  SharedArray parameters_;  // where the moments' floats mean nothing
  std::vector<SharedArray> statistics_;
  RunningMoments moments_;
  std::vector<std::uint64_t> probes_;  // touched through relaxed atomic_ref only
  std::uint64_t initial_updates_ = 0;  // that were restored: the probes did not see them; const while workers run
  UpdateCounts<> counts_;
  mutable std::mutex mutex_;  // WriteMode::locked only
};

template <UpdateRuleModel Rule>
ParameterStore::Pushed ParameterStore::push(const Push& push, const Rule& rule) noexcept {
  assert(push.gradient.size() == size() && (push.replica.empty() || push.replica.size() == size()));
  std::unique_lock<std::mutex> lock;
  if (mode_ == WriteMode::locked) lock = std::unique_lock(mutex_);

  const UpdateCounts<>::Begun begun = counts_.begin();
  const float rate = rule.rate(push.learning_rate, begun.number);
  const std::span<SharedArray> statistics = push.own_statistics.empty() ? statistics_ : push.own_statistics;
  assert(statistics.size() == Rule::kStatistics);
  if (mode_ == WriteMode::atomic_add) {
    add_words(push, rule, rate, statistics);
  } else {
    const BlockUpdate update{.parameters = parameters_,
                             .statistics = statistics,
                             .probes = probes_,
                             .gradient = push.gradient,
                             .scale = push.scale,
                             .rate = rate,
                             .first_block = push.first_block,
                             .replica = push.replica};
    if constexpr (requires { kernels_.write(update, rule); }) {
      kernels_.write(update, rule);
    } else {  // a rule that has no kernels, such as a test's
      write_blocks<FloatQuad>(update, rule);
    }
  }
  if (!push.replica.empty()) moments_.load(push.replica);
  const std::uint64_t complete = counts_.end(push.steps);
  return {.staleness = complete - push.version, .version = begun.complete + 1};
}

template <UpdateRuleModel Rule>
void ParameterStore::add_words(const Push& push, const Rule& rule, float rate,
                               std::span<SharedArray> statistics) noexcept {
  using Pair = SharedArray::Pair;
  for (std::size_t i = 0; i < size(); i += 2) {
    const std::size_t block = i / kBlockFloats;
    const std::size_t word = i % kBlockFloats / 2;
    const bool second = i + 1 < size();
    const Pair gradient{push.gradient[i] * push.scale, second ? push.gradient[i + 1] * push.scale : 0.0F};
    std::array<Pair, Rule::kStatistics> running;
    for (std::size_t k = 0; k < Rule::kStatistics; ++k) {
      running[k] = statistics[k].update_word(block, word, [&](const Pair& s) {
        return Pair{rule.accumulate(k, s[0], gradient[0]), rule.accumulate(k, s[1], gradient[1])};
      });
    }
    Pair step;
    for (std::size_t lane = 0; lane < 2; ++lane) {
      std::array<float, Rule::kStatistics> statistic;
      for (std::size_t k = 0; k < Rule::kStatistics; ++k) statistic[k] = running[k][lane];
      // Stored as they were added up: what is missing of another update comes with its own additions.
      rule.settle(statistic);
      step[lane] = rule.step(statistic, gradient[lane], rate);
    }
    const Pair parameters = parameters_.update_word(block, word, [&](const Pair& p) {
      return Pair{p[0] + step[0], p[1] + step[1]};
    });
    if (push.replica.empty()) continue;
    push.replica[i] = parameters[0];
    if (second) push.replica[i + 1] = parameters[1];
  }
  for (std::uint64_t& probe : probes_) std::atomic_ref(probe).fetch_add(1, std::memory_order_relaxed);
}

}  // namespace sounder
