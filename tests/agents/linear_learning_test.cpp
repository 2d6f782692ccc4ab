// Does it learn what is best? The least possible cost of these tasks is known from the Riccati equation.
#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "agents/factory.h"
#include "core/evaluator.h"
#include "core/trainer.h"
#include "envs/linear_control/linear_quadratic.h"
#include "envs/registry.h"
#include "tests/catch.h"

namespace sounder {
namespace {

TrainConfig preset(const std::string& name) {
  const std::string path = SOUNDER_TEST_SOURCES "/../apps/presets/" + name + ".toml";
  std::ifstream file(path);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  REQUIRE_FALSE(text.empty());
  TrainConfig config;
  apply_toml(config, text, path);
  config.workers = 1;
  return config;
}

/// A task in which, beside whoever acts, the optimal controller plays the same episode: from the same state, against
/// the same noise. Its rewards are summed up in `optimal_return`.
template <class Task>
class BesideOptimal {
 public:
  using Action = std::span<const float>;

  explicit BesideOptimal(double* optimal_return) : optimal_return_(optimal_return) {}
  EnvironmentSpec spec() const { return task_.spec(); }
  void reset(std::uint64_t seed, std::span<float> observation) {
    steps_ = 0;
    optimal_.reset(seed, observation);
    task_.reset(seed, observation);
  }
  StepResult step(std::span<const float> action, std::span<float> observation) {
    typename Task::State state;
    const std::vector<double> numbers = optimal_.state();
    std::copy_n(numbers.begin(), state.elements.size(), state.elements.begin());
    const auto control = regulators_[steps_++].action(state);
    const std::vector<float> best(control.elements.begin(), control.elements.end());
    *optimal_return_ += static_cast<double>(optimal_.step(best, observation).reward);

    StepResult result = task_.step(action, observation);
    result.truncated = steps_ == regulators_.size();
    return result;
  }

 private:
  Task task_;
  Task optimal_;
  std::vector<typename Task::Regulator> regulators_ = Task{}.optimal_regulators();
  std::size_t steps_ = 0;
  double* optimal_return_;
};

struct Outcome {
  double mean_return;     ///< of the greedy policy, over 500 episodes
  double optimal_return;  ///< of the optimal controller, over the same ones
};

template <class Task>
Outcome train(const TrainConfig& config) {
  const Registry registry = Registry::with_builtins();
  const auto agents = make_agent_factory(config, registry.make(config.environment).spec());
  Trainer trainer({.config = config,
                   .make_environment = [&] { return registry.make_for_policy(config.environment); },
                   .agents = *agents});
  const TrainReport report = trainer.run();

  constexpr std::int64_t kEpisodes = 500;
  double optimal_return = 0.0;
  Evaluator evaluator(
      {.make_environment = [&] { return for_policy(Environment(BesideOptimal<Task>(&optimal_return)), {}); },
       .agents = *agents,
       .episodes = kEpisodes});
  const double mean_return = evaluator.evaluate({.parameters = report.parameters, .seed = 1'000}).mean_return();
  return {.mean_return = mean_return, .optimal_return = optimal_return / kEpisodes};
}

TEST_CASE("A3C learns to control LinearQuadratic-v0 at a cost within 5 % of the least one") {
  for (const std::int64_t seed : {1, 2, 3}) {
    TrainConfig config = preset("LinearQuadratic-v0");
    config.seed = seed;
    const Outcome outcome = train<envs::LinearQuadratic>(config);
    INFO("seed " << seed << ": mean return " << outcome.mean_return << ", optimal " << outcome.optimal_return);
    // What the comparison is with: the expected return, to four standard errors of a mean of 500 episodes.
    CHECK(outcome.optimal_return == Approx(envs::LinearQuadratic{}.optimal_return()).epsilon(0.02));
    CHECK(outcome.mean_return <= outcome.optimal_return);
    CHECK(outcome.mean_return >= 1.05 * outcome.optimal_return);
  }
}

TEST_CASE("a short training on LinearQuadratic-v0 is far from the least cost") {
  TrainConfig config = preset("LinearQuadratic-v0");
  config.steps = 1'000;
  const Outcome outcome = train<envs::LinearQuadratic>(config);
  CHECK(std::isfinite(outcome.mean_return));
  CHECK(outcome.mean_return < 1.5 * outcome.optimal_return);
}

}  // namespace
}  // namespace sounder
