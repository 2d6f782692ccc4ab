#include "core/sharing/blocks/partition.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

namespace sounder {
namespace {

/// "body.0" of "body.0.weight"; nothing of a parameter that is in no module.
std::optional<std::string_view> module_of(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos) return std::nullopt;
  return name.substr(0, dot);
}

/// "_l0" of "lstm.bias_hh_l0", "" of "memory.weight_ih"; nothing if the name is not that of a recurrent cell's tensor.
std::optional<std::string_view> cell_suffix(std::string_view name) {
  const std::string_view tensor = name.substr(name.rfind('.') + 1);  // all of it, where there is no dot
  for (const std::string_view kind : {"weight_ih", "weight_hh", "bias_ih", "bias_hh"}) {
    if (tensor.starts_with(kind)) return tensor.substr(kind.size());
  }
  return std::nullopt;
}

std::size_t rows_of(const ParameterBlock& tensor) {
  return tensor.shape.empty() ? 1 : static_cast<std::size_t>(tensor.shape.front());
}

/// The tensors whose units are the same.
struct UnitGroup {
  std::size_t units;
  std::vector<const ParameterBlock*> tensors = {};
};

/// Groups a module's tensors, each with its first in the module's order.
class Units {
 public:
  explicit Units(const std::vector<const ParameterBlock*>& tensors) {
    for (const ParameterBlock* tensor : tensors) group_of(*tensor, tensors).tensors.push_back(tensor);
  }
  const std::vector<UnitGroup>& groups() const noexcept { return groups_; }

 private:
  using Key = std::pair<std::string_view, std::size_t>;  // suffix of a cell's tensors, units

  UnitGroup& group_of(const ParameterBlock& tensor, const std::vector<const ParameterBlock*>& tensors) {
    const auto suffix = cell_suffix(tensor.name);
    const std::size_t rows = rows_of(tensor);
    const std::size_t stacked = gates(suffix, tensors);
    const Key key{suffix.value_or("no cell"), rows % stacked == 0 ? rows / stacked : rows};
    const auto found = std::ranges::find(keys_, key);
    if (found != keys_.end()) return groups_[static_cast<std::size_t>(found - keys_.begin())];
    keys_.push_back(key);
    return groups_.emplace_back(UnitGroup{.units = key.second});
  }

  /// A cell's weight_hh is [gates H, H].
  static std::size_t gates(std::optional<std::string_view> suffix, const std::vector<const ParameterBlock*>& tensors) {
    if (!suffix) return 1;
    for (const ParameterBlock* tensor : tensors) {
      if (!tensor->name.ends_with(fmt::format("weight_hh{}", *suffix)) || tensor->shape.size() != 2) continue;
      const auto units = static_cast<std::size_t>(tensor->shape[1]);
      if (units > 0 && rows_of(*tensor) % units == 0) return rows_of(*tensor) / units;
    }
    return 1;
  }

  std::vector<Key> keys_;
  std::vector<UnitGroup> groups_;
};

/// Adds the floats of a tensor that are to be written with the block's; those of a tensor after the ones before.
void add_range(UpdateBlock& block, std::size_t begin, std::size_t size) {
  if (!block.ranges.empty() && block.ranges.back().end == begin) {
    block.ranges.back().end += size;
  } else {
    block.ranges.push_back({.begin = begin, .end = begin + size});
  }
  block.size += size;
}

UpdateBlock whole(std::string name, const std::vector<const ParameterBlock*>& tensors) {
  UpdateBlock block{.name = std::move(name)};
  for (const ParameterBlock* tensor : tensors) {
    add_range(block, tensor->offset, tensor->size);
    block.tensors.push_back(tensor->name);
  }
  return block;
}

void add_neurons(std::vector<UpdateBlock>& blocks, std::string_view module,
                 const std::vector<const ParameterBlock*>& tensors) {
  const Units units(tensors);
  for (const UnitGroup& group : units.groups()) {
    const std::string_view name = units.groups().size() == 1 ? module : group.tensors.front()->name;
    for (std::size_t unit = 0; unit < group.units; ++unit) {
      UpdateBlock& block = blocks.emplace_back(UpdateBlock{.name = fmt::format("{}:{}", name, unit)});
      for (const ParameterBlock* tensor : group.tensors) {
        const std::size_t rows = rows_of(*tensor);
        const std::size_t width = tensor->size / rows;
        for (std::size_t row = unit; row < rows; row += group.units) {
          add_range(block, tensor->offset + row * width, width);
        }
        block.tensors.push_back(tensor->name);
      }
    }
  }
}

bool is_moments(const ParameterLayout& layout, const ParameterBlock& tensor) {
  const auto within = [&](const std::optional<MomentsBlock>& moments) {
    return moments && tensor.offset >= moments->offset && tensor.offset < moments->offset + moments->size();
  };
  return within(layout.observation_moments) || within(layout.return_moments);
}

}  // namespace

std::vector<UpdateBlock> partition_parameters(const ParameterLayout& layout, BlockPartition partition) {
  std::vector<UpdateBlock> blocks;
  if (partition == BlockPartition::none) return blocks;
  // By module, or each tensor by itself; in the order of their first tensors.
  std::vector<std::pair<std::string_view, std::vector<const ParameterBlock*>>> groups;
  for (const ParameterBlock& tensor : layout.blocks) {
    if (tensor.size == 0 || tensor.constant || is_moments(layout, tensor)) continue;
    const std::string_view name =
        partition == BlockPartition::tensor ? tensor.name : module_of(tensor.name).value_or(tensor.name);
    auto group = std::ranges::find(groups, name, [](const auto& entry) { return entry.first; });
    if (group == groups.end()) group = groups.insert(groups.end(), {name, {}});
    group->second.push_back(&tensor);
  }
  for (const auto& [name, tensors] : groups) {
    if (partition == BlockPartition::neuron) {
      add_neurons(blocks, name, tensors);
    } else {
      blocks.push_back(whole(std::string(name), tensors));
    }
  }
  return blocks;
}

}  // namespace sounder
