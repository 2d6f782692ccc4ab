#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agents/networks/network_spec.h"
#include "core/learning/network.h"

namespace sounder {

/// How a backend computes networks. LibTorch's are in a module (core/module.h), whose table this is.
struct NetworkFunctions {
  /// Makes the network of a spec that the backend supports over `parameters`, for at most `rows` rows.
  std::unique_ptr<Network> (*make)(const NetworkSpec& spec, std::span<float> parameters, std::size_t rows);
  /// To be called first in every thread that uses such a network.
  void (*prepare_thread)();
};

/// A way to compute networks. What it supports is known without loading it.
struct Backend {
  std::string name;
  bool (*supports)(const NetworkSpec& spec);
  bool (*installed)();
  /// Loads the backend where that has not happened yet. Throws as load_module does.
  const NetworkFunctions& (*load)();
};

/// Lists the backends, the fastest first (agents/networks/backends.cpp).
const std::vector<Backend>& backends();

/// Finds the backend of a name; "auto" stands for the fastest one that supports the network, installed or not. Throws
/// UsageError for an unknown name, and if the backend does not support the network.
const Backend& choose_backend(const NetworkSpec& spec, std::string_view name);

}  // namespace sounder
