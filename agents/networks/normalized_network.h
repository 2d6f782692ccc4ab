#pragma once

#include <memory>

#include "agents/networks/architecture.h"
#include "core/config/config.h"

namespace sounder {

/// Adds the running moments that a configuration asks for (normalize_observations, normalize_rewards) behind a
/// network's parameters, and brings observations to mean 0 and variance 1 before the network sees them:
///
///     x' = clip((x - mean) / sqrt(variance + 1e-8), -10, 10)
///
/// The moments are part of the flat parameters, so that whoever has those (a snapshot, a checkpoint, a saved policy)
/// normalises as training did at that moment, and nothing changes them but training. Returns the network itself where
/// nothing is asked for.
std::unique_ptr<Architecture> with_moments(std::unique_ptr<Architecture> network, const TrainConfig& config,
                                           std::size_t observation_size);

}  // namespace sounder
