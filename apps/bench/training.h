#pragma once

#include <functional>
#include <string>
#include <vector>

#include "apps/bench/schemes.h"
#include "core/config/config.h"
#include "core/learning/agent.h"
#include "envs/environment.h"

namespace sounder::benchmark {

/// One measured configuration of training.
struct TrainingCase {
  std::string backend;
  std::int64_t workers;
  std::int64_t rollout;
  std::int64_t envs_per_worker;
  std::string write_mode = TrainConfig{}.write_mode;
  std::string scheme = std::string(kDefaultScheme);  ///< of kSchemes
};

/// The results of one repetition of a case.
struct TrainingSample {
  double steps_per_second;
  double staleness;       ///< mean, updates
  double lost_updates;    ///< fraction; kNotMeasured for a scheme that loses none
  double share_time;      ///< fraction of the workers' time spent on the shared parameters
  double bytes_per_step;  ///< of gradients and parameters that were moved
};

/// Thrown when a signal ended a measurement.
struct Interruption {
  int signal;
};

/// Measures complete training, with the workers of a run and nothing else: no evaluations, reports or files. A case
/// runs for a fixed time, not for a number of steps.
///
/// All cases do the same work: they start from the same pre-trained policy and keep it, with a learning rate of zero.
/// Otherwise a faster case would learn more within its time and have longer episodes, and so longer rollouts, which end
/// with an episode.
class TrainingBench {
 public:
  struct Parts {
    TrainConfig config;
    std::function<Environment()> make_environment;
    const AgentFactory& agents;  ///< for training that policy
    double seconds;              ///< duration of a measurement
  };
  /// Trains the policy until it solves the environment, but at most for the time of ten measurements.
  explicit TrainingBench(Parts parts);

  /// Runs a case once, with the agents of its backend. Throws Interruption on a signal.
  TrainingSample measure(const TrainingCase& which, const AgentFactory& agents) const;

 private:
  Parts parts_;
  std::vector<float> start_;  // parameters of that policy
};

}  // namespace sounder::benchmark
