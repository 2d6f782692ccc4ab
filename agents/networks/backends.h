#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agents/networks/network_spec.h"
#include "agents/networks/script_module.h"
#include "core/learning/network.h"

namespace sounder {

/// The functions of a backend.
struct NetworkFunctions {
  /// Makes the network of a spec that the backend supports over `parameters`, for at most `rows` rows.
  std::unique_ptr<Network> (*make)(const NetworkSpec& spec, std::span<float> parameters, std::size_t rows);
  /// Call this first in every thread that uses such a network.
  void (*prepare_thread)();
};

/// The table of LibTorch's module (core/module.h).
struct TorchFunctions {
  NetworkFunctions networks;
  std::string (*compile_script)(const ScriptModule& content);
};

/// A way to compute networks. Its supported networks are known without loading it.
struct Backend {
  std::string name;
  bool (*supports)(const NetworkSpec& spec);
  bool (*installed)();
  /// Loads the backend on first use. Throws as load_module() does.
  const NetworkFunctions& (*load)();
};

/// Returns the backends, fastest first (listed in agents/networks/backends.cpp).
const std::vector<Backend>& backends();

/// Returns the names that choose_backend() takes: "auto" and the backends.
std::vector<std::string> backend_choices();

/// Finds a backend by name. "auto" selects the fastest one that supports the network, installed or not. Throws
/// UsageError for an unknown name and for a backend that does not support the network.
const Backend& choose_backend(const NetworkSpec& spec, std::string_view name);

/// Returns the file of a TorchScript module. Loads LibTorch on first use; throws as load_module() does.
std::string script_file(const ScriptModule& content);

}  // namespace sounder
