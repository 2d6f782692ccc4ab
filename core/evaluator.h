#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "core/agent.h"
#include "core/environment_errors.h"
#include "core/environment_factory.h"
#include "core/metrics/records.h"
#include "envs/environment.h"

namespace sounder {

/// Plays episodes with a fixed copy of the parameters, never with live ones, all of them side by side: one forward pass
/// serves every episode that still runs. To be used by one thread at a time, not always the same.
class Evaluator {
 public:
  /// Where an environment ends no episode and has no step limit, the evaluation cuts it after so many steps.
  static constexpr std::int64_t kMostSteps = 100'000;

  struct Parts {
    EnvironmentFactory make_environment;
    const AgentFactory& agents;
    std::int64_t episodes;  ///< of one evaluation
  };
  explicit Evaluator(const Parts& parts);
  Evaluator(const Evaluator&) = delete;  // its agent views its parameters
  Evaluator& operator=(const Evaluator&) = delete;
  ~Evaluator();

  struct Request {
    std::span<const float> parameters;
    std::uint64_t seed;                                 ///< of the run
    std::uint64_t stream = 0;                           ///< which of the run's evaluations: each has its own episodes
    Selection selection = Selection::greedy;            ///< samples draw from a stream of each episode's own
    std::function<bool()> stop = [] { return false; };  ///< asked at every step
  };
  /// Returns and lengths of the episodes, in the order of their seeds; both empty if it was stopped.
  struct Result {
    std::vector<double> returns;
    std::vector<std::int64_t> lengths;

    double mean_return() const;
  };
  /// Throws Error if the environment leaves its space; whatever it throws passes through. If an environment is lost
  /// (EnvironmentLost), all episodes are played anew: the same ones.
  Result evaluate(const Request& request);

 private:
  Result play(const Request& request);

  std::vector<Environment> environments_;  // one per episode
  EnvironmentSpec spec_;
  bool announceable_;  // they are far away, and are told what they will be asked
  std::size_t observation_size_;
  ObservationCheck is_valid_;
  std::int64_t most_steps_;
  std::vector<float> parameters_;
  std::unique_ptr<Agent> agent_;
  ActionArray actions_;
};

}  // namespace sounder
