#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "envs/environment.h"

namespace sounder {

/// Wraps an environment in the wrapper that a text names, with its value: "frame_stack=4", "action_repeat=4",
/// "sticky_actions=0.25", "clip_observation=10", "mask_observation=0,2", "one_hot_observation", "rescale_action". Only
/// wrappers that change observations or actions have such a name: rewards stay those of the task, so that returns mean
/// what they say. Throws UsageError for an unknown name, a value that is missing, malformed or out of range, and an
/// environment whose spaces the wrapper does not suit.
Environment wrap(Environment environment, std::string_view wrapper);

/// Lists the names that wrap() knows, sorted.
std::vector<std::string> wrapper_names();

}  // namespace sounder
