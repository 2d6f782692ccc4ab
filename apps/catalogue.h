#pragma once

#include "agents/networks/architecture.h"
#include "envs/registry.h"

namespace sounder {

/// What a program knows by name: the built-in environments and networks, and whatever its `main` has added. Both
/// outlive it.
struct Catalogue {
  const Registry& environments;
  const Networks& networks;
};

}  // namespace sounder
