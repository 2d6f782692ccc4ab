#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "agents/factory.h"
#include "agents/networks/torch_module.h"
#include "core/checkpoint/checkpoint.h"
#include "core/running/trainer.h"
#include "envs/registry.h"
#include "tests/agents/torch_catch.h"

namespace sounder {
namespace {

/// A module with thirds, whose mean of three is another float, and with integers.
struct Thirds final : torch::nn::Module {
  explicit Thirds(const NetworkRequest& request)
      : projection(register_buffer("projection", torch::randn({inputs(request), 6}) / 3)),
        order(register_buffer("order", torch::tensor({5, 4, 3, 2, 1, 0}, torch::kInt64))),
        head(register_module("head", torch::nn::Linear(6, columns(request)))) {}
  torch::Tensor forward(const torch::Tensor& observations) {
    return head->forward(torch::tanh(torch::mm(observations, projection)).index_select(1, order));
  }
  torch::Tensor projection, order;
  torch::nn::Linear head;
};

std::span<const float> floats_of(const ParameterLayout& layout, std::span<const float> parameters,
                                 std::string_view name) {
  const auto block = std::ranges::find(layout.blocks, name, &ParameterBlock::name);
  REQUIRE(block != layout.blocks.end());
  return parameters.subspan(block->offset, block->size);
}

TEST_CASE("buffers stay what they are, to the last bit, under every sharing scheme and optimizer") {
  struct Scheme {
    const char* name;
    TrainConfig config;
  };
  const auto scheme = [](const char* name, auto change) {
    TrainConfig config;
    change(config);
    return Scheme{name, config};
  };
  const auto peers = [](TrainConfig& c) {
    c.sharing = "peers";
    c.graph = "complete";
  };
  const std::vector<Scheme> schemes{
      scheme("hogwild", [](TrainConfig&) {}),
      scheme("adam", [](TrainConfig& c) { c.optimizer = "adam"; }),
      scheme("momentum", [](TrainConfig& c) { c.optimizer = "momentum_sgd"; }),
      scheme("adagrad, atomic", [](TrainConfig& c) { c.optimizer = "adagrad", c.write_mode = "atomic_add"; }),
      scheme("rounds", [](TrainConfig& c) { c.algorithm = "a2c"; }),
      scheme("averages", [](TrainConfig& c) { c.gradients_per_update = 2; }),
      scheme("target", [](TrainConfig& c) { c.algorithm = "n_step_q", c.target_interval = 100; }),
      scheme("server", [](TrainConfig& c) { c.sharing = "server", c.shards = 2, c.fetch_every = 2, c.push_every = 3; }),
      scheme("neurons", [](TrainConfig& c) { c.blocks = "neuron", c.block_choice = "greedy"; }),
      scheme("peers", peers),
      scheme("metropolis", [&](TrainConfig& c) { peers(c), c.mixing = "metropolis"; }),
      scheme("tracking",
             [&](TrainConfig& c) {
               peers(c);
               c.tracking = "gradient";
               c.regularization = "l2";
               c.regularization_weight = 1;
             }),
  };
  Networks networks;
  add_torch_module(networks, "mine", [](const NetworkRequest& request) { return std::make_shared<Thirds>(request); });
  const Registry environments = Registry::with_builtins();
  for (const auto& [name, settings] : schemes) {
    INFO(name);
    TrainConfig config = settings;
    config.environment = "CartPole-v1";
    config.network = "mine";
    config.workers = 3;
    config.steps = 3'000;
    config.rollout = 5;
    config.seed = 4;
    config.evaluation_interval = 1'000'000;
    config.evaluation_episodes = 1;
    const auto agents = make_agent_factory(config, environments.make("CartPole-v1").spec(), networks);
    const ParameterLayout& layout = agents->layout();
    const std::vector<float> initial = agents->initial_parameters(4);
    std::optional<Checkpoint> saved;
    Trainer trainer({.config = config,
                     .make_environment = [&] { return environments.make("CartPole-v1"); },
                     .agents = *agents,
                     .save =
                         [&](const Checkpoint& checkpoint, CheckpointMark) {
                           saved = checkpoint;
                           return std::filesystem::path();
                         }});
    const TrainReport report = trainer.run();
    CHECK_FALSE(report.parameters == initial);  // the rest did learn
    const auto require_constants = [&](std::span<const float> parameters) {
      for (const ParameterBlock& block : layout.blocks) {
        if (!block.constant) continue;
        INFO(block.name);
        REQUIRE(std::ranges::equal(floats_of(layout, parameters, block.name), floats_of(layout, initial, block.name)));
      }
    };
    require_constants(report.parameters);
    REQUIRE(saved);
    for (const ParameterBlock& block : layout.blocks) {
      const auto tensor = std::ranges::find(saved->parameters, block.name, &Tensor::name);
      REQUIRE(tensor != saved->parameters.end());
      if (block.constant) CHECK(std::ranges::equal(tensor->values, floats_of(layout, initial, block.name)));
    }
    int others = 0;
    for (const Tensor& tensor : saved->statistics) {
      if (!tensor.name.ends_with("/parameters") && !tensor.name.ends_with("target")) continue;
      require_constants(tensor.values);
      ++others;
    }
    CHECK(others == (config.sharing == "peers" ? 3 : config.algorithm == "n_step_q" ? 1 : 0));
  }
}

}  // namespace
}  // namespace sounder
