#include "agents/factory.h"

#include <algorithm>
#include <vector>

#include "core/learning/rollout.h"
#include "envs/error.h"
#include "envs/registry.h"
#include "tests/catch.h"

namespace sounder {
namespace {

TrainConfig config_for(const std::string& environment) {
  TrainConfig config;
  config.environment = environment;
  return config;
}

EnvironmentSpec spec_of(const std::string& environment) {
  return Registry::with_builtins().make(environment).spec();
}

TEST_CASE("unknown algorithms, networks, backends and activations are refused by name") {
  const EnvironmentSpec spec = spec_of("CartPole-v1");
  const auto message = [&](std::string TrainConfig::*member, const std::string& value) {
    TrainConfig config = config_for("CartPole-v1");
    config.*member = value;
    try {
      make_agent_factory(config, spec);
    } catch (const UsageError& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  CHECK(message(&TrainConfig::algorithm, "a3d") == "unknown algorithm 'a3d'; did you mean 'a3c'?");
  CHECK(message(&TrainConfig::network, "mpl") == "unknown network 'mpl'; did you mean 'mlp'?");
  CHECK(message(&TrainConfig::backend, "fuzed") == "unknown backend 'fuzed'; did you mean 'fused'?");
  CHECK(message(&TrainConfig::trunks, "seperate") == "unknown trunks 'seperate'; did you mean 'separate'?");
  CHECK(message(&TrainConfig::activation, "rely") == "unknown activation 'rely'; did you mean 'relu'?");
}

TEST_CASE("convolutions refuse pictures that have their channels last") {
  const auto refusal = [](std::vector<std::int64_t> shape) {
    TrainConfig config = config_for("Camera-v0");
    config.network = "cnn";
    config.backend = "fused";  // has no convolutions, but the shape is checked first
    const EnvironmentSpec spec{.observation_space = Box::uniform(0, 1, std::move(shape)), .action_space = Discrete{2}};
    try {
      make_agent_factory(config, spec);
    } catch (const UsageError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  CHECK(refusal({84, 60, 3})
            .starts_with("network 'cnn' takes images of shape [channels, height, width]; Camera-v0 has "
                         "[84, 60, 3], which looks like [height, width, channels]; give it the shape "
                         "[3, 84, 60], "));
  for (const std::int64_t channels : {1, 3, 4}) {
    CHECK(refusal({20, 20, channels}).find("which looks like [height, width, channels]") != std::string::npos);
    CHECK(refusal({channels, 20, 20}).find("which looks like") == std::string::npos);
  }
  // Planes of a board, and a strip.
  CHECK(refusal({17, 8, 8}).find("which looks like") == std::string::npos);
  CHECK(refusal({3, 20, 3}).find("which looks like") == std::string::npos);
  CHECK(refusal({20, 3, 3}).find("which looks like") == std::string::npos);
}

TEST_CASE("value methods refuse continuous actions and networks with memory") {
  for (const std::string algorithm : {"one_step_q", "one_step_sarsa", "n_step_q"}) {
    TrainConfig config = config_for("Pendulum-v1");
    config.algorithm = algorithm;
    CHECK_THROWS_WITH(
        make_agent_factory(config, spec_of("Pendulum-v1")),
        "algorithm '" + algorithm + "' takes Discrete actions; Pendulum-v1 has Box([-2], [2]); try algorithm 'a3c'");
    config.environment = "CartPole-v1";
    config.memory = "lstm";
    CHECK_THROWS_WITH(
        make_agent_factory(config, spec_of("CartPole-v1")),
        "algorithm '" + algorithm + "' takes memory 'none', got 'lstm'; leave memory out, or try algorithm 'a3c'");
  }
}

/// A user's own network with memory, whatever the configuration says.
class WithMemory final : public Architecture {
 public:
  const ParameterLayout& layout() const noexcept override { return layout_; }
  std::string description() const override { return "with memory"; }
  std::string backend() const override { return "none"; }
  std::size_t state_size() const noexcept override { return 8; }
  std::vector<float> initial_parameters(std::uint64_t) const override { return {}; }
  std::unique_ptr<Network> make(std::span<float>, std::size_t) const override { return nullptr; }
  void prepare_thread() const override {}

 private:
  ParameterLayout layout_;
};

TEST_CASE("value methods refuse a user's own network with memory") {
  Networks networks = Networks::with_builtins();
  networks.add("mine", [](const NetworkRequest&) { return std::make_unique<WithMemory>(); });
  TrainConfig config = config_for("CartPole-v1");
  config.network = "mine";
  config.algorithm = "n_step_q";
  CHECK_THROWS_WITH(make_agent_factory(config, spec_of("CartPole-v1"), networks),
                    "algorithm 'n_step_q' takes networks without memory, network 'mine' carries 8 numbers; try "
                    "algorithm 'a3c'");
}

}  // namespace
}  // namespace sounder
