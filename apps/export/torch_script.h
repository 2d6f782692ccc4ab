#pragma once

#include "agents/networks/script_module.h"
#include "apps/export/exported_policy.h"

namespace sounder {

/// Writes a policy as a TorchScript module with the methods
///
///     forward(observation: Tensor) -> Tensor             # "action" of write_policy()
///     outputs(observation: Tensor) -> Dict[str, Tensor]  # all its results, but for the next state
///     reset() -> None                                    # begins an episode
///
/// The state is the module's buffer "state", [B, S]; [0, S] before an episode's first observations. Its parameters are
/// those of the network, with "_" for the dots of their names. The file "metadata.json" beside it has
/// policy_metadata().
ScriptModule torch_script(const ExportedPolicy& policy);

}  // namespace sounder
