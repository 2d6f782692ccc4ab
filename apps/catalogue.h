#pragma once

#include "agents/networks/architecture.h"
#include "envs/registry.h"

namespace sounder {

/// The environments and networks that a program knows by name: the built-in ones and those that its `main` added. Both
/// must outlive the catalogue.
struct Catalogue {
  const Registry& environments;
  const Networks& networks;
};

}  // namespace sounder
