#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "agents/algorithms.h"
#include "agents/networks/architecture.h"
#include "agents/networks/network_spec.h"
#include "core/parameters.h"
#include "envs/spaces.h"

namespace sounder {

/// What a wrapper of observations does, with the names of their documentation (envs/wrappers/).
struct OneHotStep {
  std::vector<std::int64_t> counts;  ///< options of each choice
};
struct MaskStep {
  std::vector<std::int64_t> kept;
};
struct ClipStep {
  float limit;
};
struct StackStep {
  std::int64_t frames;
};

/// One step from an observation of the environment to the input of the network.
struct ObservationStep {
  std::variant<OneHotStep, MaskStep, ClipStep, StackStep> does;
  std::size_t inputs;   ///< numbers before it
  std::size_t outputs;  ///< numbers after it
};

/// What is done with each number of a Box action, with its bounds in the environment.
enum class ActionMapping { clip, squash, rescale };

/// One step from the network's means to an action of the environment.
struct ActionStep {
  ActionMapping does;
  std::vector<float> low;
  std::vector<float> high;
};

/// All that a greedy policy consists of, independent of environments, backends and algorithms.
struct ExportedPolicy {
  std::string environment;
  std::string algorithm;
  std::string description;                         ///< of the network
  std::int64_t step;                               ///< global step at which it was saved
  std::optional<std::int64_t> peer;                ///< of a run of peers; none for their mean
  Spaces spaces;                                   ///< what it exchanges with the world, before any wrapper
  std::vector<ObservationStep> observation_steps;  ///< in their order
  std::vector<float> means;                        ///< [D], of the network's inputs; empty if they are not normalised
  std::vector<float> factors;                      ///< [D], 1 / sqrt(variance + 1e-8); empty likewise
  NetworkSpec network;
  ParameterLayout layout;                ///< of the parameters
  std::vector<float> parameters;         ///< flat
  std::vector<ActionStep> action_steps;  ///< in their order; empty for actions other than of a Box

  /// Returns the parameters of a block, such as "policy_body.0.weight".
  std::span<const float> block(std::string_view name) const;

  /// Returns the number of the network's outputs that a greedy action depends on: one for each option or switch, or the
  /// means.
  std::size_t outputs() const;
};

/// Reads a run's best checkpoint, or a checkpoint file. Needs neither its environment nor, without convolutions,
/// LibTorch. Throws Error if it is missing, damaged, of a format without spaces, or with a network or wrapper that is
/// unknown or the user's own, and for an algorithm that `algorithms` do not know; UsageError for a peer that it does
/// not have.
ExportedPolicy load_for_export(const std::filesystem::path& run_or_checkpoint, const Networks& networks,
                               const Algorithms& algorithms = Algorithms::with_builtins(),
                               std::optional<std::int64_t> peer = {});

}  // namespace sounder
