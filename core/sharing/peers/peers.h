#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/checkpoint/checkpoint.h"
#include "core/config/config.h"

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

/// Returns the mean of the peers' parameters, each a flat array of the same size.
std::vector<float> mean_of(std::span<const std::vector<float>> peers);

/// Returns the largest distance of a peer's parameters to their mean, relative to the norm of the mean.
double disagreement(std::span<const std::vector<float>> peers);

}  // namespace sounder
