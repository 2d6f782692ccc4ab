#pragma once

#include <memory>

#include "agents/networks/architecture.h"
#include "core/config/config.h"

namespace sounder {

/// Appends the running moments that a configuration enables (normalize_observations, normalize_rewards) to a network's
/// parameters, and normalises observations to mean 0 and variance 1 before the network:
///
///     x' = clip((x - mean) / sqrt(variance + 1e-8), -10, 10)
///
/// The moments are part of the flat parameters. A snapshot, a checkpoint or a saved policy therefore normalises as
/// training did at that moment, and only training changes them. Returns the network itself if nothing is enabled.
std::unique_ptr<Architecture> with_moments(std::unique_ptr<Architecture> network, const TrainConfig& config,
                                           std::size_t observation_size);

}  // namespace sounder
