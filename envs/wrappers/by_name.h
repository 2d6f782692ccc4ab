#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "envs/environment.h"

namespace sounder {

/// Wraps an environment in the wrapper named by a text, with its value: "frame_stack=4", "action_repeat=4",
/// "sticky_actions=0.25", "clip_observation=10", "mask_observation=0,2", "one_hot_observation", "rescale_action". Only
/// wrappers of observations and actions have names. Rewards stay those of the task, so that returns remain comparable.
/// Throws UsageError for an unknown name, a value that is missing, malformed or out of range, and an environment whose
/// spaces the wrapper does not suit.
Environment wrap(Environment environment, std::string_view wrapper);

/// Returns whether a wrapper, in the syntax of wrap(), changes how the environment answers: action_repeat and
/// sticky_actions do. The others change only what a policy observes, or how it writes an action.
bool changes_environment(std::string_view wrapper);

/// Returns the names that wrap() accepts, sorted.
std::vector<std::string> wrapper_names();

}  // namespace sounder
