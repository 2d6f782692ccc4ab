#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "core/sharing/blocks/partition.h"

namespace sounder {

/// Returns each block's rate: the share of its turns at which it is updated. `text` is a list "glob=rate;glob=rate" of
/// shell globs over the parameters' names, such as "head.*=1;body.*=0.25". The first glob that matches a parameter
/// gives its rate; without one it is 1. Throws UsageError for a text of another form, a rate outside [0, 1], a glob
/// that matches no parameter of a block, a block whose tensors have different rates, and rates that are all 0.
std::vector<double> block_rates(std::string_view text, std::span<const UpdateBlock> blocks);

}  // namespace sounder
