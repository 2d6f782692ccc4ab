#pragma once

#include <span>
#include <string>

#include "core/config/config.h"
#include "core/environment_factory.h"
#include "envs/options.h"
#include "envs/registry.h"

namespace sounder {

/// Reads "name=value" texts. Of several values between commas the one whose turn it is counts: that of `turn` modulo
/// their number. A later text of the same name replaces an earlier one. Throws UsageError for a text without a "=".
OptionValues read_options(std::span<const std::string> texts, std::size_t turn = 0);

/// Makes the environment that a configuration trains in, as its policy sees it: with its options, within its wrappers,
/// and with actions kept within their bounds as it says. Training, evaluating and watching all see it so. Where options
/// have several values, they are dealt out to workers in turn, and in an evaluation to its episodes. Throws UsageError
/// as Registry::make and for_policy do.
Environment make_policy_environment(const Registry& environments, const TrainConfig& config, const Seat& seat = {});

}  // namespace sounder
