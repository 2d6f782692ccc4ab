#include <cstdint>
#include <string>

#include "agents/factory.h"
#include "core/running/evaluator.h"
#include "envs/registry.h"
#include "tests/catch.h"
#include "tests/core/config/choices.h"

namespace sounder {
namespace {

TEST_CASE("a policy's greedy returns are bitwise the same, however many episodes are played together") {
  TrainConfig config;
  config.backend = "fused";
  config.environment = GENERATE("CartPole-v1", "Pendulum-v1", "MultiSwitch-v0", "Taxi-v3");
  config.memory = GENERATE(from_range(test::choices_of("memory", known_fields())));
  config.normalize_observations = config.environment == "Pendulum-v1";
  config.hidden = {33, 16};
  CAPTURE(config.environment, config.memory);
  const Registry registry = Registry::with_builtins();
  const auto make = [&] { return registry.make_for_policy(config.environment); };
  const auto agents = make_agent_factory(config, make().spec());
  const std::vector<float> parameters = agents->initial_parameters(5);
  const auto evaluate = [&](std::int64_t environments) {
    return Evaluator({.make_environment = make, .agents = *agents, .episodes = 100, .environments = environments})
        .evaluate({.parameters = parameters, .seed = 1});
  };
  const Evaluator::Result side_by_side = evaluate(100);
  for (const std::int64_t environments : {1, 7}) {
    CAPTURE(environments);
    const Evaluator::Result result = evaluate(environments);
    CHECK(result.returns == side_by_side.returns);
    CHECK(result.lengths == side_by_side.lengths);
  }
}

}  // namespace
}  // namespace sounder
