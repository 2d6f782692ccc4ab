#pragma once

#include <cstddef>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agents/networks/network_spec.h"
#include "apps/export/exported_policy.h"

namespace sounder {

/// The parts of a C header, collected as the code that needs them is written. In all texts, "@" stands for the prefix
/// of names and "$" for the same in capitals.
struct CParts {
  std::string constants;       ///< arrays
  std::string members;         ///< of the struct of the state; empty for a policy without one
  std::string reset;           ///< statements that begin an episode
  std::string body;            ///< statements from an observation to outputs
  std::set<std::string> uses;  ///< functions of c_functions() that the body calls
};

/// Returns the definitions of the given functions, and of those that they call: "tanh", "sigmoid", "convolution",
/// "dot", and "sums_N", which computes N outputs of a layer at once.
std::string c_functions(const std::set<std::string>& uses);

/// Returns the literal of a finite number, which reads back exactly.
std::string c_number(float number);

/// Returns the definition of an array of constants.
std::string c_array(std::string_view type, std::string_view name, std::span<const float> numbers);
std::string c_array(std::string_view type, std::string_view name, std::span<const std::int64_t> numbers);

/// Appends a policy's network: from the numbers `input`, an expression, to `outputs`.
void add_network(const ExportedPolicy& policy, std::string input, CParts& parts);

}  // namespace sounder
