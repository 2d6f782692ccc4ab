#pragma once

#include <vector>

#include "agents/algorithms.h"
#include "agents/factory.h"
#include "agents/networks/architecture.h"
#include "core/config/config.h"
#include "envs/registry.h"

namespace sounder {

/// What a program knows by name: what comes with Sounder, unless its `main` gives others or adds its own.
struct Catalogue {
  Registry environments = Registry::with_builtins();
  Algorithms algorithms = Algorithms::with_builtins();
  Networks networks = Networks::with_builtins();

  /// Returns the keys of the configuration with their choices, and the algorithms' own keys.
  std::vector<ConfigField> fields() const { return known_fields(networks, algorithms); }
};

}  // namespace sounder
