#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "apps/export/exported_policy.h"
#include "apps/export/tensor_writer.h"

namespace sounder {

/// The names that the inputs of a policy have in formats of tensors: observations [B, D] and, of a policy with memory
/// or stacked frames, the state [B, S] that an episode carries from step to step, which is zero at its start.
inline constexpr const char* kObservationInput = "observation";
inline constexpr const char* kStateInput = "state";

/// A result of a policy.
struct PolicyTensor {
  std::string output;                  ///< its name for users
  TensorWriter::Name tensor;           ///< its name for the writer
  std::optional<std::size_t> columns;  ///< [B, columns]; none for [B]
  bool integers = false;               ///< 64-bit integers; else 32-bit floats
};

/// The results of a policy, in this order: "action" [B, numbers of an action] ([B] for a Discrete one; integers, unless
/// of a Box); what it was chosen by, "logits" of the options or switches, "action_values" of an algorithm that learns
/// those, or "means" [B, A]; "value" [B], if the network has one; "next_state" [B, S], if there is a state.
std::vector<PolicyTensor> write_policy(const ExportedPolicy& policy, TensorWriter& writer);

/// Returns S; 0 for a policy without a state.
std::size_t exported_state_size(const ExportedPolicy& policy);

/// Returns what a file says of its policy besides: "environment", "algorithm", "network", "step", "spaces" (JSON, as in
/// checkpoints) and, of a peer, "peer".
std::vector<std::pair<std::string, std::string>> policy_metadata(const ExportedPolicy& policy);

}  // namespace sounder
