#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/checkpoint/checkpoint.h"
#include "core/parameters.h"
#include "envs/environment.h"

namespace sounder {

class AgentFactory;

/// Throws Error if a checkpoint's spaces or network differ from those of the environment and the agents. The error
/// names the first difference.
void check_suits(const Checkpoint& checkpoint, const EnvironmentSpec& spec, const AgentFactory& agents);

using Shape = std::vector<std::int64_t>;

/// Find a tensor of a checkpoint by name: one of floats, or one of doubles. Throw Error if there is none or its shape
/// differs.
const Tensor& find_tensor(const std::vector<Tensor>& tensors, std::string_view name, const Shape& shape);
const Tensor& find_doubles(const std::vector<Tensor>& tensors, std::string_view name, const Shape& shape);

/// Returns a tensor of that name; null if there is none.
const Tensor* find_saved(const std::vector<Tensor>& tensors, std::string_view name);

/// Makes a tensor [n] of n floats.
Tensor flat_tensor(std::string name, std::vector<float> values);

/// Makes a tensor [n] of n counts, as doubles: exact up to 2^53.
Tensor counts_tensor(std::string name, std::span<const std::uint64_t> counts);

/// Finds the counts of a tensor that counts_tensor() made. Throws Error as find_doubles() does, and if there is another
/// number than a count.
std::vector<std::uint64_t> find_counts(const std::vector<Tensor>& tensors, std::string_view name, std::size_t size);

/// Copies a checkpoint's parameters to a flat array in the order of the layout. Throws Error as find_tensor() does.
std::vector<float> flat_parameters(const Checkpoint& checkpoint, const ParameterLayout& layout);

}  // namespace sounder
