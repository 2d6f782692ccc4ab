// Tests that the configuration reaches the parameters and the workers.
#include "core/running/worker_group.h"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "core/sharing/hogwild/hogwild.h"
#include "tests/catch.h"
#include "tests/core/config/choices.h"
#include "tests/core/learning/fake_agents.h"

using namespace sounder;
using namespace sounder::fakes;

namespace {

TrainConfig two_workers() {
  return {.environment = "Fake-v0",
          .workers = 2,
          .steps = 1'000,
          .rollout = 4,
          .optimizer = "momentum_sgd",
          .learning_rate = 1,
          .learning_rate_schedule = "constant",
          .momentum = 0};
}

/// Makes agents whose gradients raise each parameter by the learning rate.
Behaviour rising() {
  Behaviour behaviour;
  behaviour.learn = [](const Rollout&, std::span<const float>, std::span<float> gradient) {
    std::ranges::fill(gradient, -1.0F);
    return LossSums{};
  };
  return behaviour;
}

}  // namespace

TEST_CASE("parameters are written in the mode that the configuration names") {
  const std::map<std::string, WriteMode> modes{
      {"relaxed", WriteMode::relaxed}, {"atomic_add", WriteMode::atomic_add}, {"locked", WriteMode::locked}};
  const FakeAgents agents;
  for (const std::string& name : test::choices_of("write_mode")) {
    INFO(name);
    REQUIRE(modes.contains(name));
    TrainConfig config = two_workers();
    config.write_mode = name;
    WorkerGroup group(config, environments(), agents);
    CHECK(dynamic_cast<Hogwild&>(group.sharing()).store().mode() == modes.at(name));
  }
}

TEST_CASE("a stale gradient has a lower learning rate if the configuration requests it") {
  const FakeAgents agents(rising());
  const auto train = [&](bool staleness_aware) {
    TrainConfig config = two_workers();
    config.staleness_aware = staleness_aware;
    WorkerGroup group(config, environments(), agents);
    group.worker(0).learn_once();
    for (int i = 0; i < 4; ++i) group.worker(1).run_once();
    group.worker(0).contribute();  // for parameters that are four updates old
    return group.sharing().snapshot().parameters.front();
  };
  CHECK(train(false) == 5);
  CHECK(train(true) == 4.25F);
}

TEST_CASE("the returns that normalise rewards have the configuration's discount") {
  constexpr MomentsBlock kReturns{.offset = 1, .width = 1};
  Behaviour behaviour = rising();
  behaviour.size = 4;
  behaviour.return_moments = kReturns;
  behaviour.choose = [](const Choice&) { return std::int64_t{0}; };  // reward 1
  const FakeAgents agents(behaviour);
  TrainConfig config = two_workers();
  config.discount = 0.5;
  WorkerGroup group(config, environments(), agents);
  group.worker(0).run_once();
  const std::vector<float> parameters = group.sharing().snapshot().parameters;
  CHECK(Moments::of(kReturns, parameters).count == 4);
  CHECK(Moments::of(kReturns, parameters).mean[0] == (1 + 1.5F + 1.75F + 1.875F) / 4);
}
