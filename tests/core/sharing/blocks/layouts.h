#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/parameters.h"
#include "core/sharing/blocks/partition.h"

namespace sounder::fakes {

struct NamedShape {
  std::string name;
  std::vector<std::int64_t> shape;
};

/// Lays out tensors one after the other.
inline ParameterLayout layout_of(const std::vector<NamedShape>& tensors) {
  ParameterLayout layout;
  for (const NamedShape& tensor : tensors) {
    std::size_t size = 1;
    for (const std::int64_t side : tensor.shape) size *= static_cast<std::size_t>(side);
    layout.blocks.push_back({.name = tensor.name, .shape = tensor.shape, .offset = layout.size, .size = size});
    layout.size += size;
  }
  return layout;
}

/// As many tensors "0", "1", ... of so many floats each: blocks of BlockPartition::tensor.
inline ParameterLayout layout_of_sizes(const std::vector<std::int64_t>& sizes) {
  std::vector<NamedShape> tensors;
  for (const std::int64_t size : sizes) tensors.push_back({std::to_string(tensors.size()), {size}});
  return layout_of(tensors);
}

/// Counts the blocks that have each parameter.
inline std::vector<int> times_covered(const ParameterLayout& layout, const std::vector<UpdateBlock>& blocks) {
  std::vector<int> times(layout.size);
  for (const UpdateBlock& block : blocks) {
    for (const UpdateRange& range : block.ranges) {
      for (std::size_t i = range.begin; i < range.end; ++i) ++times.at(i);
    }
  }
  return times;
}

}  // namespace sounder::fakes
