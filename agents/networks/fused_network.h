#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "agents/networks/network_spec.h"
#include "core/learning/network.h"

namespace sounder {

/// Makes a network without convolutions from hand-vectorised kernels (fused_kernels.h), for any depth and width, with
/// any recurrent cell or none, for at most `rows` rows. `parameters` has the order of parameter_layout(); its memory
/// must outlive the network and not move. A state consists, for each stack in order, of the cell's output h [M] and,
/// for an LSTM, its cell c [M].
///
/// It computes the same function as make_torch_network(), up to rounding, without that one's overhead per operation,
/// which makes it far faster on the small networks of control tasks. It allocates at construction only.
std::unique_ptr<Network> make_fused_network(const NetworkSpec& spec, std::span<float> parameters, std::size_t rows);

}  // namespace sounder
