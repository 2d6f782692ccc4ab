#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/checkpoint/checkpoint.h"
#include "core/metrics/records.h"
#include "core/sharing/blocks/plan.h"
#include "core/sharing/blocks/schedule.h"

namespace sounder {

/// The block schedules of workers that share one array. Any thread may call its functions at any time, but for those
/// that say otherwise.
///
/// Saves "<prefix>blocks/updates" [B], how many updates wrote each block, and "<prefix>blocks/selections" [P], how far
/// each worker's schedule is: doubles.
class SharedBlocks {
 public:
  struct Workers {
    std::uint64_t seed;  ///< of the run
    std::size_t first;   ///< number of the first of them among all workers of the run
    std::size_t count;   ///< P
  };
  /// Throws UsageError as BlockPlan does. There must be a partition.
  SharedBlocks(const BlockSettings& settings, const ParameterLayout& layout, const Workers& workers);

  /// The most ranges that an update writes.
  std::size_t most_ranges() const noexcept { return plan_.parts().size(); }

  /// The schedule of a worker, counted from 0 among those that share the array; for its thread.
  BlockSchedule& schedule(std::size_t worker) noexcept { return schedules_[worker]; }

  /// Adds the tensors; exact while no worker runs.
  void save(std::string_view prefix, std::vector<Tensor>& tensors) const;

  /// Goes on from tensors of `workers` workers: those that are new begin anew. Throws Error where one is missing or has
  /// no counts. Before any worker runs.
  void restore(std::string_view prefix, const std::vector<Tensor>& tensors, std::size_t workers);

  /// Adds the fewest, mean and most updates that a block had ("train/block_updates_min", "_mean", "_max") and the mean
  /// share of the parameters that an update writes ("train/block_share"), since the run began.
  void measure(Measures& measures) const;
  /// The same of several arrays, at least one, of the same layout: of the blocks and updates of all of them.
  static void measure(std::span<const SharedBlocks* const> arrays, Measures& measures);

 private:
  std::vector<std::uint64_t> updates() const;     // of each block
  std::vector<std::uint64_t> selections() const;  // of each worker, those that are absent included

  const BlockPlan plan_;
  std::deque<BlockSchedule> schedules_;
  // As read from a checkpoint; const while workers run.
  std::vector<std::uint64_t> restored_updates_;   // of each block
  std::vector<std::uint64_t> absent_selections_;  // of workers that this part of the run does without
};

}  // namespace sounder
