#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "core/config/config.h"
#include "core/named.h"
#include "core/parameters.h"
#include "core/sharing/blocks/partition.h"
#include "core/sharing/store/update_range.h"

namespace sounder {

/// Which blocks an update writes. k is BlockSettings::blocks_per_update, B the number of blocks, P of the workers that
/// share the array, r_b the rate of block b (block_rates).
///
/// A block with a rate has turns and is updated at some of them, evenly spaced: at its turn v = 0, 1, ... if
/// floor((v + 1) r_b) > floor(v r_b). Each worker counts turns of its own.
enum class BlockChoice {
  all,     ///< each block has a turn with every update
  random,  ///< k different ones, drawn uniformly, of which each is kept with probability r_b; k = 0: each with its r_b
  cyclic,  ///< the next k blocks in the partition's order have their turn; k = 0: one
  /// Of the blocks that have an update due, all having turns as in `all`, the k with the largest gradient per parameter
  /// (Gauss-Southwell): the largest root of the mean of its squares, so that large blocks are not preferred; k = 0:
  /// one.
  greedy,
  owner,  ///< block b belongs to worker b mod P; as `all` among a worker's own, and with k > 0 as `cyclic`
};
inline constexpr auto kBlockChoices = std::to_array<Named<BlockChoice>>({
    {"all", BlockChoice::all},
    {"random", BlockChoice::random},
    {"cyclic", BlockChoice::cyclic},
    {"greedy", BlockChoice::greedy},
    {"owner", BlockChoice::owner},
});

/// Which parts of the parameters an update may write, and how often: asynchronous block-coordinate descent.
struct BlockSettings {
  BlockPartition partition = BlockPartition::none;  ///< none: every update writes everything
  BlockChoice choice = BlockChoice::all;
  std::size_t blocks_per_update = 0;  ///< k; of BlockChoice::all it has no effect
  std::string rates = {};             ///< as block_rates() takes them
  bool rescale = false;               ///< divides a block's step by the share of updates that write it
};

/// What a configuration says of blocks. Throws UsageError for a name that is not known.
BlockSettings make_block_settings(const TrainConfig& config);

/// What the schedules of workers that share one array have in common: the blocks, and how often each has its turn.
/// Immutable.
class BlockPlan {
 public:
  /// Throws UsageError where settings do not fit together or the network: more blocks per update than there are, owners
  /// without a block, a rescaled greedy choice; and as block_rates() does.
  BlockPlan(const BlockSettings& settings, const ParameterLayout& layout, std::size_t workers);

  std::span<const UpdateBlock> blocks() const noexcept { return blocks_; }  ///< their ranges at the rescaled rate
  std::span<const double> rates() const noexcept { return rates_; }         ///< r_b
  BlockChoice choice() const noexcept { return choice_; }
  std::size_t blocks_per_update() const noexcept { return blocks_per_update_; }  ///< k
  std::size_t workers() const noexcept { return workers_; }                      ///< P
  std::size_t floats() const noexcept { return floats_; }                        ///< of all blocks

  /// Whether an update of all blocks is a plain one: nothing is rescaled.
  bool plain() const noexcept { return plain_; }

  struct Part {
    UpdateRange range;
    std::size_t block;
  };
  /// All ranges of all blocks, ascending.
  std::span<const Part> parts() const noexcept { return parts_; }

  /// Returns the share of all workers' updates that write a block. Not of BlockChoice::greedy, where the gradients
  /// decide it.
  double share(std::size_t block) const noexcept;

 private:
  void check(const BlockSettings& settings) const;

  std::vector<UpdateBlock> blocks_;
  std::vector<double> rates_;
  BlockChoice choice_;
  std::size_t blocks_per_update_;
  std::size_t workers_;
  std::size_t floats_ = 0;
  bool plain_ = true;
  std::vector<Part> parts_;
};

}  // namespace sounder
