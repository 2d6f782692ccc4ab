#pragma once

#include <string>

#include "core/config/train_config.h"

namespace sounder::testing {

/// A training that takes a moment.
inline TrainConfig small(const std::string& environment) {
  TrainConfig config;
  config.environment = environment;
  config.workers = 1;
  config.steps = 400;
  config.hidden = {8};
  config.rollout = 10;
  config.report_interval = 100;
  config.evaluation_interval = 200;
  config.evaluation_episodes = 3;
  return config;
}

}  // namespace sounder::testing
