#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/checkpoint/checkpoint.h"
#include "core/config/config.h"
#include "core/parameters.h"

namespace sounder {

// What schemes of peers, each with parameters of its own, have in common.

/// Returns how many peers a configuration has. Throws UsageError if their number does not divide the workers'.
std::size_t peer_count(const TrainConfig& config);

/// Returns how many workers each peer has. Throws as peer_count() does.
std::size_t workers_per_peer(const TrainConfig& config);

/// Returns the name of a peer's tensor in checkpoints, such as "peer3/parameters".
std::string peer_tensor_name(std::size_t peer, std::string_view what);

/// Returns how many peers a checkpoint has the parameters of.
std::size_t saved_peers(const Checkpoint& checkpoint);

/// Throws Error if a checkpoint is of another number of peers, or of none.
void check_peers(const Checkpoint& checkpoint, std::size_t peers);

/// Throws UsageError if a peer is asked for that the checkpoint does not have. `file` names the checkpoint.
void require_peer(const Checkpoint& checkpoint, std::optional<std::int64_t> peer, std::string_view file);

/// Returns the parameters of a saved policy, a flat array: those of one peer, which the checkpoint must have, or what
/// acts for all, their mean. Throws Error as flat_parameters() does.
std::vector<float> policy_parameters(const Checkpoint& checkpoint, const ParameterLayout& layout,
                                     std::optional<std::int64_t> peer);

/// Returns the mean of the peers' parameters, each a flat array of the same size.
std::vector<float> mean_of(std::span<const std::vector<float>> peers);

/// Returns the largest distance of a peer's parameters to their mean, relative to the norm of the mean.
double disagreement(std::span<const std::vector<float>> peers);

}  // namespace sounder
