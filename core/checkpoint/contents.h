#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/checkpoint/checkpoint.h"
#include "core/parameters.h"
#include "envs/environment.h"

namespace sounder {

class AgentFactory;

/// Throws Error if a checkpoint is not of an environment with these spaces, or not of the agents' network; the first
/// difference is named.
void check_suits(const Checkpoint& checkpoint, const EnvironmentSpec& spec, const AgentFactory& agents);

using Shape = std::vector<std::int64_t>;

/// Finds a tensor of a checkpoint by name. Throws Error if there is none, or one of another shape.
const Tensor& find_tensor(const std::vector<Tensor>& tensors, std::string_view name, const Shape& shape);

/// Puts a checkpoint's parameters into one flat array, as the layout has it. Throws Error as find_tensor does.
std::vector<float> flat_parameters(const Checkpoint& checkpoint, const ParameterLayout& layout);

}  // namespace sounder
