#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "core/learning/agent.h"
#include "core/learning/environment_errors.h"
#include "core/learning/environment_factory.h"
#include "core/metrics/records.h"
#include "envs/environment.h"

namespace sounder {

/// Plays episodes with a fixed copy of the parameters, never with live ones. A limited number of episodes play side by
/// side, with one forward pass for all; an environment whose episode has ended plays the next one. Seed, random
/// numbers, state and options belong to the episode, so its result does not depend on the episodes beside it. One
/// thread at a time, which may change between calls.
class Evaluator {
 public:
  /// The default number of environments side by side: for Sounder's own, and for those of another process, each of
  /// which may be a complete simulator.
  static constexpr std::size_t kEnvironments = 128;
  static constexpr std::size_t kEnvironmentsElsewhere = 4;
  /// The default step at which an evaluation truncates an episode, if the environment has no step limit.
  static constexpr std::int64_t kStepLimit = 100'000;

  struct Parts {
    EnvironmentFactory make_environment;
    const AgentFactory& agents;
    std::int64_t episodes;          ///< episodes per evaluation
    std::int64_t environments = 0;  ///< most that play side by side; 0: the default
    std::int64_t step_limit = kStepLimit;
  };
  explicit Evaluator(const Parts& parts);
  Evaluator(const Evaluator&) = delete;  // its agent views its parameters
  Evaluator& operator=(const Evaluator&) = delete;
  ~Evaluator();

  /// The state of an episode after its reset or after a step.
  struct State {
    const Environment& environment;
    std::size_t episode;  ///< 0, 1, ...
    std::int64_t length;  ///< steps
    double episode_return;
    StepResult result;     ///< result of the latest step; `truncated` also if the evaluation truncated the episode
    const Action* action;  ///< latest action; null after a reset
  };
  struct Request {
    std::span<const float> parameters;
    std::uint64_t seed;                                 ///< seed of the run
    std::uint64_t stream = 0;                           ///< index of the run's evaluation; each has its own episodes
    Selection selection = Selection::greedy;            ///< samples draw from a separate stream per episode
    std::function<bool()> stop = [] { return false; };  ///< checked at every step
    std::function<void(const State&)> on_state = {};    ///< called with every state; may be empty
  };
  /// Returns and lengths of the episodes in the order of their seeds; both empty if the evaluation was stopped.
  struct Result {
    std::vector<double> returns;
    std::vector<std::int64_t> lengths;

    double mean_return() const;
  };
  /// Throws Error if the environment leaves its space; its own exceptions pass through. If an environment is lost
  /// (EnvironmentLost), the running episodes are repeated, with the same seeds.
  Result evaluate(const Request& request);

 private:
  class Play;

  std::vector<Environment> environments_;
  std::size_t variants_;  // environment i has kind i modulo variants_
  std::size_t rows_;      // episodes that play side by side
  std::size_t episodes_;
  EnvironmentSpec spec_;
  bool announceable_;  // remote environments, to which requests are announced
  ObservationCheck is_valid_;
  std::int64_t most_steps_;
  std::vector<float> parameters_;
  std::unique_ptr<Agent> agent_;
};

}  // namespace sounder
