#pragma once

#include "agents/networks/architecture.h"
#include "core/config/config.h"
#include "envs/registry.h"

namespace sounder {

/// What a program knows by name: the environments and networks that are built in or that its `main` added, and the keys
/// of the configuration with their choices. All of it must outlive the catalogue.
struct Catalogue {
  const Registry& environments;
  const Networks& networks;
  ConfigFields fields = config_fields();
};

}  // namespace sounder
