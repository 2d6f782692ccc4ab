#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "agents/networks/network_spec.h"
#include "core/learning/network.h"

namespace sounder {

/// Makes a network without convolutions as hand-vectorised code (fused_kernels.h), for any depth and width, with any
/// recurrent cell or none, over `parameters` as parameter_layout lays them out; they must outlive the network and lie
/// still. It takes at most `rows` rows. A state has, of each stack, the policy's first, the cell's output h [M] and, of
/// an LSTM, its cell c [M].
///
/// It computes what make_torch_network's does, to rounding, without that one's overhead per operation: fastest by far
/// on the small networks of control tasks. It allocates when it is made, and never after.
std::unique_ptr<Network> make_fused_network(const NetworkSpec& spec, std::span<float> parameters, std::size_t rows);

}  // namespace sounder
