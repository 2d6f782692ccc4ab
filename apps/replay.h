#pragma once

#include <filesystem>

#include "apps/output.h"
#include "envs/registry.h"

namespace sounder {

/// What `sounder replay` was asked for.
struct ReplayRequest {
  std::filesystem::path file;  ///< of recorded traces, as read_traces takes it
  double tolerance = 1e-4;     ///< of observations and rewards, absolute
  Output output = Output::human;
};

/// Replays recorded traces with the environment that they name and prints the largest deviation and where it is.
/// Returns the exit code: 1 if it exceeds the tolerance or an episode ends elsewhere. Throws Error for a file that
/// cannot be replayed.
int replay(const ReplayRequest& request, const Registry& environments);

}  // namespace sounder
