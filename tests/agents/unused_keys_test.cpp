// Which keys of the configuration have no effect on a training, and why.
#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "agents/factory.h"
#include "core/config/config.h"
#include "envs/registry.h"
#include "tests/catch.h"
#include "tests/core/learning/fake_agents.h"

namespace sounder {
namespace {

using Settings = std::vector<std::pair<std::string, std::string>>;

/// A key, a configuration on which it has no effect, why, and one on which it has.
struct Case {
  std::string key;
  Settings without;
  std::string reason;
  Settings with;
};

const Settings kDefaults{};
const Settings kPendulum{{"environment", "Pendulum-v1"}};
const Settings kAdam{{"optimizer", "adam"}};
const Settings kMomentum{{"optimizer", "momentum_sgd"}};
const Settings kQ{{"algorithm", "n_step_q"}};
const Settings kImages{{"environment", "Catch-v0"}};
const Settings kRemote{{"env_command", "python3 my_env.py"}};
const Settings kConnected{{"env_connect", "unix:/a/socket"}};

const Settings kServer{{"sharing", "server"}};
const Settings kPeers{{"sharing", "peers"}};
const Settings kNext{{"sharing", "peers"}, {"tracking", "gradient"}};
const Settings kRegularized{{"sharing", "peers"}, {"tracking", "gradient"}, {"regularization", "l2"}};
const Settings kBlocks{{"blocks", "neuron"}};
const Settings kDrawnBlocks{{"blocks", "neuron"}, {"block_choice", "random"}};

const std::string kNotRemote = "the environments are not in another process";
const std::string kNoConvolutions = "network 'mlp' has no convolutions";
const std::string kNotContinuous = "it is for Box actions; those of CartPole-v1 are Discrete(2)";
const std::string kNoPolicy = "algorithm 'n_step_q' learns no policy";
const std::string kNoEpsilon = "algorithm 'a3c' does not explore by epsilon";
const std::string kHogwild = "sharing is 'hogwild'";
const std::string kNoTracking = "tracking is 'none'";
const std::string kNoBlocks = "blocks is 'none'";
const std::string kOtherRule = "optimizer is 'adam'";

/// Settings of a network with convolutions, which takes LibTorch: instead, one that says that it has them.
const Settings kConvolutions{{"environment", "Catch-v0"}, {"network", "own"}};

const std::vector<Case> kCases{
    {"env_timeout", kDefaults, kNotRemote, kRemote},
    {"env_timeout", kDefaults, kNotRemote, kConnected},
    {"env_restarts", kDefaults, kNotRemote, kRemote},
    {"env_pin", kDefaults, "no process with environments is started", kRemote},
    {"env_pin", kConnected, "no process with environments is started", kRemote},
    {"trunks", kQ, "algorithm 'n_step_q' learns action values alone, by one trunk", kDefaults},
    {"memory_units", kDefaults, "memory is 'none'", {{"memory", "gru"}}},
    {"memory_units", {{"normalize_observations", "true"}}, "memory is 'none'", {{"memory", "lstm"}}},
    {"channels", kDefaults, kNoConvolutions, kConvolutions},
    {"kernel", kDefaults, kNoConvolutions, kConvolutions},
    {"stride", kDefaults, kNoConvolutions, kConvolutions},
    {"policy_std", kDefaults, kNotContinuous, kPendulum},
    {"policy_std", kQ, kNotContinuous, kPendulum},
    {"initial_log_std", kDefaults, kNotContinuous, kPendulum},
    {"squash_actions", kDefaults, kNotContinuous, kPendulum},
    {"gae_lambda", kQ, kNoPolicy, kDefaults},
    {"entropy_coefficient", kQ, kNoPolicy, kDefaults},
    {"target_interval", kDefaults, "algorithm 'a3c' has no target parameters", kQ},
    {"exploration_steps", kDefaults, kNoEpsilon, kQ},
    {"final_epsilon", kDefaults, kNoEpsilon, kQ},
    {"staleness_aware", {{"algorithm", "a2c"}}, "algorithm 'a2c' learns in rounds: no gradient is stale", kDefaults},
    {"write_mode",
     {{"algorithm", "a2c"}},
     "algorithm 'a2c' learns in rounds: updates are made one at a time",
     kDefaults},
    {"write_mode", {{"sharing", "server"}}, "each shard of a server makes one update at a time", kDefaults},
    {"write_mode", kNext, "peers that track gradients learn in rounds: updates are made one at a time", kPeers},
    {"staleness_aware", kNext, "peers that track gradients learn in rounds: no gradient is stale", kPeers},
    {"shards", kDefaults, kHogwild, kServer},
    {"fetch_every", kDefaults, kHogwild, kServer},
    {"push_every", kDefaults, kHogwild, kServer},
    {"warm_start", kPeers, "sharing is 'peers'", kServer},
    {"peers", kDefaults, kHogwild, kPeers},
    {"graph", kServer, "sharing is 'server'", kNext},
    {"link_probability", kDefaults, kHogwild, kPeers},
    {"max_lag", kDefaults, kHogwild, kPeers},
    {"max_lag", kNext, "peers that track gradients learn in rounds: no message is old", kPeers},
    {"tracking", kDefaults, kHogwild, kPeers},
    {"mixing", kDefaults, kHogwild, kPeers},
    {"step_decay", kDefaults, kHogwild, kNext},
    {"step_decay", kPeers, kNoTracking, kNext},
    {"proximal", kPeers, kNoTracking, kNext},
    {"regularization", kPeers, kNoTracking, kNext},
    {"regularization_weight", kPeers, kNoTracking, kRegularized},
    {"regularization_weight", kNext, "regularization is 'none'", kRegularized},
    {"block_choice", kDefaults, kNoBlocks, kBlocks},
    {"blocks_per_update", kDefaults, kNoBlocks, kDrawnBlocks},
    {"blocks_per_update", kBlocks, "block_choice is 'all'", kDrawnBlocks},
    {"block_rates", kDefaults, kNoBlocks, kBlocks},
    {"block_rescale", kDefaults, kNoBlocks, kBlocks},
    {"anneal_steps", {{"learning_rate_schedule", "constant"}}, "learning_rate_schedule is 'constant'", kDefaults},
    {"rmsprop_decay", kAdam, kOtherRule, kDefaults},
    {"rmsprop_decay", kAdam, kOtherRule, {{"optimizer", "rmsprop"}}},
    {"rmsprop_decay", {{"optimizer", "adagrad"}}, "optimizer is 'adagrad'", kDefaults},
    {"rmsprop_epsilon", kAdam, kOtherRule, kDefaults},
    {"rmsprop_epsilon", kAdam, kOtherRule, {{"optimizer", "adagrad"}}},
    {"momentum", kAdam, kOtherRule, kMomentum},
    {"adam_beta1", kMomentum, "optimizer is 'momentum_sgd'", kAdam},
    {"adam_beta2", kDefaults, "optimizer is 'shared_rmsprop'", kAdam},
    {"adam_epsilon", kDefaults, "optimizer is 'shared_rmsprop'", kAdam},
    {"evaluation_step_limit",
     kDefaults,
     "episodes of CartPole-v1 end after 500 steps",
     {{"environment", "Endless-v0"}}},
};

struct Endless {
  using Action = std::int64_t;
  EnvironmentSpec spec() const { return {.observation_space = Box::bounds({0}, {1}), .action_space = Discrete{2}}; }
  void reset(std::uint64_t, std::span<float> observation) { observation[0] = 0; }
  StepResult step(Action, std::span<float>) { return {.reward = 1, .terminated = false}; }
};

/// A user's own network: it may read any key.
class OwnNetwork final : public Architecture {
 public:
  const ParameterLayout& layout() const noexcept override { return layout_; }
  std::string description() const override { return "own"; }
  std::string backend() const override { return "none"; }
  std::size_t state_size() const noexcept override { return 0; }
  std::vector<float> initial_parameters(std::uint64_t) const override { return {}; }
  std::unique_ptr<Network> make(std::span<float>, std::size_t) const override { return nullptr; }
  void prepare_thread() const override {}

 private:
  ParameterLayout layout_;
};

std::vector<std::string> all_keys() {
  std::vector<std::string> keys;
  for (const ConfigField& field : config_fields()) keys.push_back(field.name);
  return keys;
}

std::vector<UnusedKey> unused(const Settings& settings, const std::vector<std::string>& given) {
  TrainConfig config;
  config.environment = "CartPole-v1";
  for (const auto& [key, value] : settings) set_config(config, key, value);
  Registry registry = Registry::with_builtins();
  registry.add<Endless>("Endless-v0");
  Networks networks = Networks::with_builtins();
  networks.add("own", [](const NetworkRequest&) { return std::make_unique<OwnNetwork>(); });
  const EnvironmentSpec spec = registry.make(config.environment).spec();
  const auto agents = make_agent_factory(config, spec, networks);
  return unused_keys({.config = config, .environment = spec, .agents = *agents}, given);
}

TEST_CASE("a key without effect is named with the reason, and is not where it has one") {
  for (const Case& one : kCases) {
    INFO(one.key);
    CHECK(unused(one.without, {one.key}) == std::vector<UnusedKey>{{.key = one.key, .reason = one.reason}});
    CHECK(unused(one.with, {one.key}).empty());
  }
}

TEST_CASE("every key that may have no effect is tried here") {
  std::set<std::string> tried;
  for (const Case& one : kCases) tried.insert(one.key);
  for (const ConfigField& field : config_fields()) {
    INFO(field.name);
    CHECK((field.no_effect != nullptr) == tried.contains(field.name));
  }
}

TEST_CASE("of keys that nobody gave, none is named; of given ones, each that has no effect once") {
  CHECK(unused({}, {}).empty());
  CHECK(unused({}, {"seed", "steps", "gae_lambda", "workers"}).empty());
  const auto named = unused(kQ, {"memory_units", "gae_lambda", "gae_lambda"});
  REQUIRE(named.size() == 2);
  CHECK(describe(named[0]) == "memory_units has no effect: memory is 'none'");
  CHECK(describe(named[1]) == "gae_lambda has no effect: algorithm 'n_step_q' learns no policy");
}

TEST_CASE("of a user's own network and agents, no key of theirs is said to have no effect") {
  for (const UnusedKey& key : unused(kConvolutions, all_keys())) {
    INFO(key.key);
    for (const char* own : {"hidden", "trunks", "memory_units", "channels", "kernel", "stride"}) CHECK(key.key != own);
  }
  TrainConfig config;
  const EnvironmentSpec spec = Registry::with_builtins().make("CartPole-v1").spec();
  const fakes::FakeAgents agents{fakes::Behaviour{.has_target = true}};
  CHECK(unused_keys({.config = config, .environment = spec, .agents = agents},
                    std::vector<std::string>{"gae_lambda", "entropy_coefficient", "final_epsilon", "target_interval",
                                             "trunks", "memory_units", "channels"})
            .empty());
}

}  // namespace
}  // namespace sounder
