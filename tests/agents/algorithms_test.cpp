#include "agents/algorithms.h"

#include <memory>
#include <string>
#include <vector>

#include "agents/a3c.h"
#include "agents/factory.h"
#include "agents/policy.h"
#include "core/config/own_key.h"
#include "envs/error.h"
#include "envs/registry.h"
#include "tests/agents/saved_policies.h"
#include "tests/catch.h"

namespace sounder {
namespace {

using Catch::Matchers::Contains;

const OwnKey<double> kBonus({.name = "bonus", .help = "weight of the entropy", .value = 0.25, .min = 0, .max = 1});
const OwnKey<bool> kOther({.name = "other_key", .help = "of another algorithm"});

/// A3C whose entropy coefficient is `bonus`, and whose value no evaluation shows: it counts how often it was made.
struct Mine {
  int* made;
  std::unique_ptr<AgentFactory> operator()(const TrainConfig& config, const EnvironmentSpec& spec,
                                           const Networks& networks) const {
    ++*made;
    TrainConfig changed = config;
    changed.entropy_coefficient = kBonus.of(config);
    return make_a3c_agents(changed, spec, networks);
  }
};

EnvironmentSpec cart_pole() {
  return Registry::with_builtins().make("CartPole-v1").spec();
}

std::string refusal(Algorithms algorithms, std::string name, Algorithms::Factory factory,
                    std::vector<ConfigField> keys = {}) {
  const std::vector<std::string> before = algorithms.names();
  try {
    algorithms.add(std::move(name), std::move(factory), std::move(keys));
  } catch (const UsageError& error) {
    CHECK(algorithms.names() == before);
    CHECK(algorithms.keys().empty());
    return error.what();
  }
  return {};
}

TEST_CASE("an algorithm of one's own is made by its name, with the values of its keys") {
  int made = 0;
  Algorithms algorithms = Algorithms::with_builtins();
  algorithms.add("mine", Mine{&made}, {kBonus});
  CHECK(algorithms.names() ==
        std::vector<std::string>{"a3c", "a2c", "one_step_q", "one_step_sarsa", "n_step_q", "mine"});
  REQUIRE(algorithms.keys().size() == 1);
  CHECK(algorithms.keys()[0].algorithm == "mine");

  TrainConfig config;
  config.environment = "CartPole-v1";
  CHECK(make_agent_factory(config, cart_pole(), Networks::with_builtins(), algorithms) != nullptr);
  CHECK(made == 0);
  config.algorithm = "mine";
  CHECK(make_agent_factory(config, cart_pole(), Networks::with_builtins(), algorithms) != nullptr);
  CHECK(made == 1);
  kBonus.set(config, 1.5);
  CHECK_THROWS_WITH(make_agent_factory(config, cart_pole(), Networks::with_builtins(), algorithms),
                    "bonus: expected number, 0 to 1; got 1.5");
  config.algorithm = "mien";
  CHECK_THROWS_WITH(algorithms.make(config, cart_pole(), Networks::with_builtins()),
                    "unknown algorithm 'mien'; did you mean 'mine'?");
  CHECK(made == 1);

  // Without it, neither the algorithm nor its key is known.
  config.algorithm = "mine";
  CHECK_THROWS_WITH(make_agent_factory(config, cart_pole()), Contains("unknown algorithm 'mine'; known are a3c, "));
  config.algorithm = "a3c";
  CHECK_THROWS_WITH(make_agent_factory(config, cart_pole()), Contains("unknown key 'bonus'"));
}

TEST_CASE("names of algorithms and their keys that are taken or no names are refused") {
  int made = 0;
  const Algorithms all = Algorithms::with_builtins();
  const Mine mine{&made};
  CHECK(refusal(all, "a3c", mine) == "algorithm 'a3c' is known already; add yours under another name");
  CHECK_THAT(refusal(all, "", mine), Contains("needs a name of letters, digits, _ and -"));
  CHECK_THAT(refusal(all, "my/own", mine), Contains("got 'my/own'"));
  CHECK(refusal(all, "mine", nullptr) == "algorithm 'mine' needs a function that makes its agents, got an empty one");
  CHECK(refusal(all, "mine", mine, {kBonus, kBonus}) == "algorithm 'mine' has the key 'bonus' twice");
  const OwnKey<double> steps({.name = "steps", .help = "", .value = 1, .min = 0, .max = 2});
  CHECK(refusal(all, "mine", mine, {kBonus, steps}) ==
        "key 'steps' of algorithm 'mine' is a key of Sounder already; name it otherwise");
  for (const char* const name : {"", "Bonus", "my-key", "2nd", "_x", "a.b"}) {
    const OwnKey<bool> key({.name = name, .help = ""});
    CHECK_THAT(refusal(all, "mine", mine, {key}), Contains("needs a name of a-z, 0-9 and _"));
  }
  const OwnKey<bool> lines({.name = "lines", .help = "one\nand another"});
  CHECK(refusal(all, "mine", mine, {lines}) == "key 'lines' of algorithm 'mine' needs a help of one line");
  const OwnKey<double> high({.name = "high", .help = "", .value = 3, .min = 0, .max = 2});
  CHECK(refusal(all, "mine", mine, {high}) ==
        "key 'high' of algorithm 'mine' has a default out of its range: high: expected number, 0 to 2; got 3.0");
  CHECK(refusal(all, "mine", mine, {kBonus}).empty());

  Algorithms with_mine = all;
  with_mine.add("mine", mine, {kBonus});
  CHECK_THROWS_WITH(with_mine.add("yours", mine, {kOther, kBonus}),
                    "key 'bonus' of algorithm 'yours' is a key of algorithm 'mine' already; name it otherwise");
  CHECK(with_mine.keys().size() == 1);  // a refused algorithm leaves nothing
}

TEST_CASE("an algorithm that makes no agents is an error") {
  Algorithms algorithms;
  algorithms.add("none", [](const auto&...) { return std::unique_ptr<AgentFactory>(); });
  TrainConfig config;
  config.algorithm = "none";
  CHECK_THROWS_WITH(algorithms.make(config, cart_pole(), Networks::with_builtins()), "algorithm 'none' made no agents");
}

TEST_CASE("a key of one's own has no effect under another algorithm") {
  int made = 0;
  Algorithms algorithms = Algorithms::with_builtins();
  algorithms.add("mine", Mine{&made}, {kBonus});
  const auto unused = [&](const std::string& algorithm) {
    TrainConfig config;
    config.environment = "CartPole-v1";
    config.algorithm = algorithm;
    const auto agents = make_agent_factory(config, cart_pole(), Networks::with_builtins(), algorithms);
    return unused_keys({.config = config, .environment = cart_pole(), .agents = *agents},
                       std::vector<std::string>{"bonus", "workers"}, algorithms.fields());
  };
  CHECK(unused("mine").empty());
  REQUIRE(unused("a3c").size() == 1);
  CHECK(describe(unused("a3c")[0]) == "bonus has no effect: it is a key of algorithm 'mine'");
}

TEST_CASE("a policy of an algorithm of one's own acts where the algorithm is known, and says so elsewhere") {
  int made = 0;
  Algorithms algorithms = Algorithms::with_builtins();
  algorithms.add("mine", Mine{&made}, {kBonus});
  TrainConfig config;
  config.environment = "Mine-v0";
  config.hidden = {5};
  Checkpoint checkpoint = test::random_policy(
      config, {.observation = Box::bounds({-1, -1}, {1, 1}), .action = Discrete{3}});  // A3C's network is as good
  const std::vector<float> observation{0.5F, -0.25F};
  Policy plain(checkpoint);
  const auto expected = std::get<std::int64_t>(plain.act(observation));

  config.algorithm = "mine";
  kBonus.set(config, 0.5);
  checkpoint.config = to_toml(config, algorithms.fields());
  Policy policy(checkpoint, {.algorithms = &algorithms});
  CHECK(made == 1);
  CHECK(std::get<std::int64_t>(policy.act(observation)) == expected);
  CHECK_THROWS_WITH(
      Policy(checkpoint),
      Contains("its algorithm 'mine' is not one of a3c, a2c, one_step_q, one_step_sarsa, n_step_q: open it with the "
               "program that trained it"));
}

}  // namespace
}  // namespace sounder
