#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/sharing/store/parameter_store.h"
#include "core/sharing/store/update_range.h"
#include "core/sharing/update.h"

namespace sounder {

/// A contiguous part of the flat array of parameters.
struct Slice {
  std::size_t begin;
  std::size_t size;  ///< floats

  template <class Float>
  std::span<Float> of(std::span<Float> flat) const noexcept {
    return flat.subspan(begin, size);
  }
};

/// Divides `size` parameters into one slice for each shard, in their order: whole cache lines (the last one of all may
/// be cut short), in sizes that differ by one at most. Throws UsageError for more shards than cache lines.
std::vector<Slice> slices_of(std::size_t size, std::size_t shards);

/// A shard of a parameter server, as its clients see it: one slice of the parameters, wherever it is kept. Any thread
/// may call its functions at any time.
class Shard {
 public:
  virtual ~Shard() = default;

  /// Copies the slice out; returns its version: the updates of this shard that the copy has.
  virtual std::uint64_t fetch(std::span<float> out) noexcept = 0;

  struct Push {
    std::span<const float> gradient;  ///< of the slice
    float scale;                      ///< of the gradient: below 1 where it is clipped
    float learning_rate;
    std::uint64_t version;  ///< of the slice that it was learnt with, plus the client's own pushes since
    std::span<const UpdateRange> ranges = {};  ///< of the slice, that are written; empty: everything
  };
  /// Makes an update of the slice; returns its staleness: updates of others since that version.
  virtual std::uint64_t push(const Push& push) noexcept = 0;
};

/// A shard within this process: updates and fetches are made one at a time, under a lock of its own. It has statistics
/// of its own, one set for all clients, and counts its own updates, which is the number that Adam corrects its bias by.
class LocalShard final : public Shard {
 public:
  LocalShard(std::size_t size, const UpdateSettings& update)
      : update_(update), store_(size, update.optimizer.statistic_names().size(), WriteMode::locked) {}

  std::uint64_t fetch(std::span<float> out) noexcept override { return store_.pull(out); }
  std::uint64_t push(const Push& push) noexcept override;

  ParameterStore& store() noexcept { return store_; }
  const ParameterStore& store() const noexcept { return store_; }

 private:
  const UpdateSettings& update_;
  ParameterStore store_;
};

}  // namespace sounder
