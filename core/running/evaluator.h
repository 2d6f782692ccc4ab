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

/// Plays episodes with a fixed copy of the parameters, never with live ones: a bounded number of them side by side, one
/// forward pass for all that run; an environment whose episode ended plays the next one. What an episode gives is its
/// own affair: seed, random numbers, state and options belong to it, so that it is the same however many run beside it.
/// To be used by one thread at a time, not always the same.
class Evaluator {
 public:
  /// How many environments play side by side unless something else is asked for: Sounder's own, and those of another
  /// process, each of which may be a whole simulator.
  static constexpr std::size_t kEnvironments = 128;
  static constexpr std::size_t kEnvironmentsElsewhere = 4;
  /// Where an environment ends no episode and has no step limit, the evaluation cuts it after this many steps, unless
  /// something else is asked for.
  static constexpr std::int64_t kStepLimit = 100'000;

  struct Parts {
    EnvironmentFactory make_environment;
    const AgentFactory& agents;
    std::int64_t episodes;          ///< of one evaluation
    std::int64_t environments = 0;  ///< most that play side by side; 0: as many as suits them
    std::int64_t step_limit = kStepLimit;
  };
  explicit Evaluator(const Parts& parts);
  Evaluator(const Evaluator&) = delete;  // its agent views its parameters
  Evaluator& operator=(const Evaluator&) = delete;
  ~Evaluator();

  /// How an episode stands after its reset, or after a step.
  struct State {
    const Environment& environment;
    std::size_t episode;  ///< 0, 1, ...
    std::int64_t length;  ///< steps
    double episode_return;
    StepResult result;     ///< of the latest step; `truncated` also where the evaluation cut the episode
    const Action* action;  ///< the latest; null after a reset
  };
  struct Request {
    std::span<const float> parameters;
    std::uint64_t seed;                                 ///< of the run
    std::uint64_t stream = 0;                           ///< which of the run's evaluations: each has its own episodes
    Selection selection = Selection::greedy;            ///< samples draw from a stream of each episode's own
    std::function<bool()> stop = [] { return false; };  ///< asked at every step
    std::function<void(const State&)> on_state = {};    ///< told of every state; may be empty
  };
  /// Returns and lengths of the episodes, in the order of their seeds; both empty if it was stopped.
  struct Result {
    std::vector<double> returns;
    std::vector<std::int64_t> lengths;

    double mean_return() const;
  };
  /// Throws Error if the environment leaves its space; whatever it throws passes through. If an environment is lost
  /// (EnvironmentLost), the episodes that were under way are played anew: the same ones.
  Result evaluate(const Request& request);

 private:
  class Play;

  std::vector<Environment> environments_;
  std::size_t variants_;  // environment i is of the kind i modulo variants_
  std::size_t rows_;      // episodes that play side by side
  std::size_t episodes_;
  EnvironmentSpec spec_;
  bool announceable_;  // they are far away, and are told what they will be asked
  ObservationCheck is_valid_;
  std::int64_t most_steps_;
  std::vector<float> parameters_;
  std::unique_ptr<Agent> agent_;
};

}  // namespace sounder
