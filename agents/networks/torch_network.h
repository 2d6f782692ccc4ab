#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "agents/networks/network_spec.h"
#include "core/learning/network.h"

namespace sounder {

/// Makes the network as a LibTorch module, differentiated by autograd, for at most `rows` rows. The module's parameters
/// are views of `parameters`, laid out by parameter_layout(), so that a change of the floats changes the module. The
/// memory must outlive the network and not move.
std::unique_ptr<Network> make_torch_network(const NetworkSpec& spec, std::span<float> parameters, std::size_t rows);

/// Limits LibTorch and its BLAS to one thread per operation, because Sounder's parallelism comes from its workers. The
/// setting is per process and per thread: call this first in main and in every thread that uses LibTorch.
void use_one_torch_thread();

}  // namespace sounder
