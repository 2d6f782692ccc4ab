#pragma once

#include <filesystem>

#include "apps/output.h"
#include "envs/registry.h"

namespace sounder {

/// The arguments of `sounder replay`.
struct ReplayRequest {
  std::filesystem::path file;  ///< recorded traces in the format of read_traces()
  double tolerance = 1e-4;     ///< absolute, for observations and rewards
  Output output = Output::human;
};

/// Replays recorded traces with the environment named in them, and prints the largest deviation and its position.
/// Returns the exit code: 1 if the deviation exceeds the tolerance or an episode ends at a different step. Throws Error
/// for a file that cannot be replayed.
int replay(const ReplayRequest& request, const Registry& environments);

}  // namespace sounder
