#pragma once

#include <functional>
#include <string>

#include "core/checkpoint/checkpoint.h"
#include "core/config/config.h"
#include "core/learning/agent.h"
#include "envs/environment.h"

namespace sounder::benchmark {

/// One way to train that is measured.
struct TrainingCase {
  std::string backend;
  std::int64_t workers;
  std::int64_t rollout;
  std::int64_t envs_per_worker;
  std::string write_mode = "relaxed";
};

/// What one repetition of a case gave.
struct TrainingSample {
  double steps_per_second;
  double staleness;     ///< mean, updates
  double lost_updates;  ///< fraction
  double share_time;    ///< fraction of the workers' time that goes into the shared parameters
};

/// Thrown when a signal ended a measurement.
struct Interruption {
  int signal;
};

/// Measures whole training: the workers of a run, nothing else. A case runs for a time, not for a number of steps:
/// there is no evaluation at its end, no report and no file on the way.
///
/// All cases do the same work: they start from one policy, which was trained before, and keep it, at a learning rate of
/// zero. Else the faster case would learn more within its time, its episodes would be longer, and so would its
/// rollouts, which end with an episode.
class TrainingBench {
 public:
  struct Parts {
    TrainConfig config;
    std::function<Environment()> make_environment;
    const AgentFactory& agents;  ///< to train that policy with
    double seconds;              ///< of a measurement
  };
  /// Trains the policy: until it solves the environment, but for no longer than ten measurements.
  explicit TrainingBench(Parts parts);

  /// Runs a case once, with the agents of its backend. Throws Interruption on a signal.
  TrainingSample measure(const TrainingCase& which, const AgentFactory& agents) const;

 private:
  Parts parts_;
  Checkpoint start_;
};

}  // namespace sounder::benchmark
