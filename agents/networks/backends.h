#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "agents/networks/mlp.h"
#include "core/network.h"

namespace sounder {

/// A way to compute networks.
struct Backend {
  std::string name;
  /// Makes the network of a spec over `parameters`, for at most `rows` rows.
  std::unique_ptr<Network> (*make)(const MlpSpec& spec, std::span<float> parameters, std::size_t rows);
  /// To be called first in every thread that uses such a network.
  void (*prepare_thread)();
};

/// Lists the backends of this build by the names that they may be asked for by (agents/networks/backends.cpp); "auto"
/// stands for the fastest one.
const std::vector<std::pair<std::string, Backend>>& backends();

}  // namespace sounder
