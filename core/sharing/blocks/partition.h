#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "core/named.h"
#include "core/parameters.h"
#include "core/sharing/store/update_range.h"

namespace sounder {

/// The parameters that an update writes together: a block of block-coordinate descent.
enum class BlockPartition {
  none,    ///< all of them
  tensor,  ///< a named parameter: "body.0.weight"
  layer,   ///< the parameters of a module: "body.0". One that is in no module is a layer by itself: "log_std"
  neuron,  ///< a unit of a module, see partition_parameters: "body.0:17"
};
inline constexpr auto kBlockPartitions = std::to_array<Named<BlockPartition>>({
    {"none", BlockPartition::none},
    {"tensor", BlockPartition::tensor},
    {"layer", BlockPartition::layer},
    {"neuron", BlockPartition::neuron},
});

/// One block of a partition.
struct UpdateBlock {
  std::string name;
  std::vector<UpdateRange> ranges;   ///< ascending; adjacent ones are merged; each at rate 1
  std::vector<std::string> tensors;  ///< names of the parameters that it has all or a part of
  std::size_t size = 0;              ///< floats
};

/// Partitions the parameters into blocks, in the order of the layout. Together they have each parameter once. Running
/// moments, constants, and parameters without floats, are in no block. BlockPartition::none has no blocks.
///
/// A neuron has one row of each tensor of its module: of a weight [out, in, ...] its incoming weights, of a bias [out]
/// its bias. So the units of a convolution are its output channels, and those of a vector, such as log_std [A], its
/// elements; a tensor without dimensions is one unit. A recurrent cell's tensors (weight_ih, weight_hh, bias_ih,
/// bias_hh, with LibTorch's suffixes _l0, ...) have G gates for each of H units, and unit h has the rows h, H + h, ...,
/// (G - 1) H + h of each. Tensors of one module that differ in their number of rows, such as those of a weight that
/// stands transposed, have units of their own, named after the first tensor of that number: "up.weight:3".
std::vector<UpdateBlock> partition_parameters(const ParameterLayout& layout, BlockPartition partition);

}  // namespace sounder
