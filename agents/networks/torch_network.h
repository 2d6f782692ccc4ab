#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "agents/networks/network_spec.h"
#include "core/learning/network.h"

namespace sounder {

/// Makes the network as a LibTorch module, differentiated by LibTorch's autograd. The module's parameters are views of
/// `parameters` (as parameter_layout lays them out; they must outlive the network and lie still): whoever changes the
/// floats changes the module. It takes at most `rows` rows.
std::unique_ptr<Network> make_torch_network(const NetworkSpec& spec, std::span<float> parameters, std::size_t rows);

/// Sets what LibTorch and its BLAS keep per process and per thread: one thread for each operation, since Sounder's
/// parallelism is its workers. To be called first in main and in every thread that uses LibTorch.
void use_one_torch_thread();

}  // namespace sounder
