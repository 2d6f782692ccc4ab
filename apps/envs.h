#pragma once

#include <string_view>

#include "apps/output.h"
#include "envs/registry.h"

namespace sounder {

/// Prints a table of all environments: spaces, step limit, reward threshold.
void list_environments(const Registry& environments, Output output);

/// Prints one environment's spaces, limit and threshold, whether it supports drawing and replay, and its presets.
/// Throws UsageError if it is unknown.
void describe_environment(const Registry& environments, std::string_view id, Output output);

}  // namespace sounder
