#pragma once

#include <atomic>
#include <boost/align/aligned_allocator.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/sharing/blocks/plan.h"
#include "core/sharing/store/update_range.h"

namespace sounder {

/// Says which blocks each update of one worker writes, and counts them. The seed of the run, the worker and the number
/// of an update determine what is drawn for it, so that a run that is resumed goes on as if it had never stopped. Used
/// by the worker's thread alone, but for the counts, which any thread may read.
class alignas(128) BlockSchedule {  // what one worker writes with every update is on lines of its own
 public:
  struct Worker {
    std::uint64_t seed;  ///< of the run
    std::size_t number;  ///< among all workers of the run
    std::size_t index;   ///< among those that share the array
  };
  /// `plan` must outlive this.
  BlockSchedule(const BlockPlan& plan, const Worker& worker);

  /// Selects what the worker's next update writes: ranges as ParameterStore::Push takes them, so none where that is
  /// everything. Returns nothing where no block has an update due: then there is no update to make. The ranges are
  /// valid until the next call. `gradient` is that of all parameters. Allocates nothing.
  std::optional<std::span<const UpdateRange>> select(std::span<const float> gradient) noexcept;

  /// How many times select was called, since the run began.
  std::uint64_t selections() const noexcept { return load(selections_); }
  /// How many of these selected a block, since this was made.
  std::uint64_t updates(std::size_t block) const noexcept { return load(updates_[block]); }

  /// Goes on after so many selections. Before the first select.
  void restore(std::uint64_t selections) noexcept;

 private:
  template <class T>
  using OwnLines = std::vector<T, boost::alignment::aligned_allocator<T, 128>>;

  // An atomic_ref to a const object comes with C++26.
  static std::uint64_t load(const std::uint64_t& count) noexcept {
    return std::atomic_ref(const_cast<std::uint64_t&>(count)).load(std::memory_order_relaxed);
  }
  // Only the worker's thread writes: no addition is lost.
  static void increment(std::uint64_t& count) noexcept {
    std::atomic_ref(count).store(count + 1, std::memory_order_relaxed);
  }

  bool due(std::size_t block) noexcept;
  void take(std::size_t block) noexcept;
  void take_turns() noexcept;
  void draw() noexcept;
  void take_largest(std::span<const float> gradient) noexcept;
  std::span<const UpdateRange> taken_ranges() noexcept;

  const BlockPlan& plan_;
  const Worker worker_;
  std::size_t position_ = 0;  // among candidates_, of the one whose turn is next
  std::size_t turns_;         // of one selection
  std::size_t taken_count_ = 0;
  std::size_t last_taken_ = 0;
  alignas(std::atomic_ref<std::uint64_t>::required_alignment) std::uint64_t selections_ = 0;
  OwnLines<std::uint64_t> updates_;   // of each block; touched through relaxed atomic_ref by other threads
  OwnLines<std::size_t> candidates_;  // blocks that have turns, in order
  OwnLines<std::uint64_t> rates_;     // of each block, in units of which kWhole are 1
  OwnLines<std::uint64_t> credits_;   // of each block: what its turns came to since its update, below kWhole
  OwnLines<std::uint8_t> taken_;      // of each block
  OwnLines<std::size_t> listed_;      // blocks that were drawn, or among which the largest are looked for
  OwnLines<double> squares_;          // of each block: mean of its gradient's
  OwnLines<UpdateRange> ranges_;      // what was selected
};

}  // namespace sounder
