#pragma once

#include <array>
#include <atomic>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "core/sharing/store/shared_array.h"
#include "core/sharing/store/update_rule.h"

namespace sounder {

/// An update of shared parameters: what ParameterStore::push has its loop do.
struct BlockUpdate {
  // One block of so many has a probe: a counter that is read before the block is and written, one higher, after it.
  static constexpr std::size_t kBlocksPerProbe = 32;
  // How far ahead of an update its cache lines are fetched: as long as it takes one to come from another core.
  static constexpr std::size_t kAhead = 4;

  SharedArray& parameters;
  std::span<SharedArray> statistics;  ///< the rule's
  std::span<std::uint64_t> probes;    ///< touched through relaxed atomic_ref only
  std::span<const float> gradient;    ///< as many floats as parameters
  float scale;                        ///< of the gradient
  float rate;                         ///< the rule's
  std::size_t first_block;            ///< where it begins; it goes on to the last one, and then from the first one
  std::size_t blocks;                 ///< that it writes, at least one
  std::size_t ahead = kAhead;         ///< blocks; how far ahead of a block's turn its cache lines are fetched
  std::span<float> replica;           ///< receives the parameters as the update leaves them; empty: nothing does
};

/// Applies an update block by block, each by vectors V, which Moves loads and stores: loads it, computes, stores it.
/// Inlined always, as core/sharing/store/lanes.h says.
template <class V, class Moves = WordMoves<>, UpdateRuleModel Rule>
[[gnu::always_inline]] inline void write_blocks(const BlockUpdate& update, const Rule& rule) noexcept {
  constexpr std::size_t kParts = kBlockFloats / kLanesOf<V>;
  constexpr std::size_t kStatistics = Rule::kStatistics;
  SharedArray& shared = update.parameters;
  SharedArray* const statistics = update.statistics.data();
  const std::size_t block_count = shared.block_count();
  assert(update.first_block < block_count && update.blocks > 0 && update.blocks <= block_count);
  const std::size_t ahead = update.ahead;

  // Unrolled, the loops leave everything in registers.
  const auto apply = [&](std::size_t block, const float* gradient, float* replica) __attribute__((always_inline)) {
    shared.prefetch(block + ahead);
#pragma GCC unroll 2
    for (std::size_t k = 0; k < kStatistics; ++k) statistics[k].prefetch(block + ahead);

    std::array<V, kParts> parameters;
    std::array<std::array<V, kStatistics>, kParts> running;
#pragma GCC unroll 4
    for (std::size_t part = 0; part < kParts; ++part) {
      parameters[part] = shared.load_vector<V, Moves>(block, part);
#pragma GCC unroll 2
      for (std::size_t k = 0; k < kStatistics; ++k) running[part][k] = statistics[k].load_vector<V, Moves>(block, part);
    }
#pragma GCC unroll 4
    for (std::size_t part = 0; part < kParts; ++part) {
      V d;
      std::memcpy(&d, gradient + part * kLanesOf<V>, sizeof d);
      d *= update.scale;
#pragma GCC unroll 2
      for (std::size_t k = 0; k < kStatistics; ++k) running[part][k] = rule.accumulate(k, running[part][k], d);
      rule.settle(running[part]);
      parameters[part] += rule.step(running[part], d, update.rate);
    }
#pragma GCC unroll 4
    for (std::size_t part = 0; part < kParts; ++part) {
#pragma GCC unroll 2
      for (std::size_t k = 0; k < kStatistics; ++k) statistics[k].store_vector<V, Moves>(block, part, running[part][k]);
      shared.store_vector<V, Moves>(block, part, parameters[part]);
      if (replica != nullptr) std::memcpy(replica + part * kLanesOf<V>, &parameters[part], sizeof(V));
    }
  };

  const std::size_t size = update.gradient.size();
  const std::size_t whole = size / kBlockFloats;
  for (std::size_t n = 0, block = update.first_block; n < update.blocks;
       ++n, block = block + 1 < block_count ? block + 1 : 0) {
    const bool probed = block % BlockUpdate::kBlocksPerProbe == 0;
    const std::atomic_ref<std::uint64_t> probe(update.probes[block / BlockUpdate::kBlocksPerProbe]);
    const std::uint64_t seen = probed ? probe.load(std::memory_order_relaxed) : 0;
    const std::size_t begin = block * kBlockFloats;
    float* const replica = update.replica.empty() ? nullptr : update.replica.data() + begin;
    if (block < whole) {
      apply(block, update.gradient.data() + begin, replica);
    } else {
      std::array<float, kBlockFloats> d{};
      std::array<float, kBlockFloats> left;
      std::memcpy(d.data(), update.gradient.data() + begin, (size - begin) * sizeof(float));
      apply(block, d.data(), left.data());
      if (replica != nullptr) std::memcpy(replica, left.data(), (size - begin) * sizeof(float));
    }
    if (probed) probe.store(seen + 1, std::memory_order_relaxed);
  }
}

}  // namespace sounder
