#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agents/networks/network_spec.h"
#include "core/network.h"

namespace sounder {

/// A way to compute networks.
struct Backend {
  std::string name;
  bool (*supports)(const NetworkSpec& spec);
  /// Makes the network of a spec that it supports over `parameters`, for at most `rows` rows.
  std::unique_ptr<Network> (*make)(const NetworkSpec& spec, std::span<float> parameters, std::size_t rows);
  /// To be called first in every thread that uses such a network.
  void (*prepare_thread)();
};

/// Lists the backends of this build, the fastest first (agents/networks/backends.cpp).
const std::vector<Backend>& backends();

/// Finds the backend of a name; "auto" stands for the fastest one that supports the network. Throws UsageError for an
/// unknown name, and if the backend, or none of this build, supports the network.
const Backend& choose_backend(const NetworkSpec& spec, std::string_view name);

}  // namespace sounder
