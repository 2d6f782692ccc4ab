#include "agents/networks/torch_view.h"

#include <algorithm>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "agents/policy.h"
#include "apps/library/training.h"
#include "core/checkpoint/checkpoint.h"
#include "envs/error.h"
#include "tests/agents/saved_policies.h"
#include "tests/agents/torch_catch.h"

namespace sounder {
namespace {

using test::random_policy;

torch::OrderedDict<std::string, torch::Tensor> tensors_of(const torch::nn::Module& module) {
  auto tensors = module.named_parameters();
  for (const auto& item : module.named_buffers()) tensors.insert(item.key(), item.value());
  return tensors;
}

/// Requires that the module has each of a layout's blocks under its name, at the very floats.
void require_views(const torch::nn::Module& module, const ParameterLayout& layout, std::span<float> parameters) {
  const auto tensors = tensors_of(module);
  REQUIRE(tensors.size() == layout.blocks.size());
  for (const ParameterBlock& block : layout.blocks) {
    INFO(block.name);
    REQUIRE(tensors.contains(block.name));
    REQUIRE(tensors[block.name].sizes() == at::IntArrayRef(block.shape));
    REQUIRE(tensors[block.name].data_ptr<float>() == parameters.data() + block.offset);
  }
}

struct Kind {
  TrainConfig config;
  Spaces spaces;
};

std::vector<Kind> kinds() {
  const auto config = [](auto change) {
    TrainConfig made{.environment = "Thing-v0", .hidden = {7, 5}};
    change(made);
    return made;
  };
  const Space numbers = Box::uniform(-2, 2, {3});
  const Space forces = Box::uniform(-1, 1, {2});
  return {
      {config([](TrainConfig&) {}), {.observation = numbers, .action = Discrete{4}}},
      {config([](TrainConfig& c) { c.activation = "relu", c.trunks = "separate"; }),
       {.observation = numbers, .action = forces}},
      {config([](TrainConfig& c) { c.normalize_observations = c.normalize_rewards = true; }),
       {.observation = numbers, .action = Discrete{2}}},
      {config([](TrainConfig& c) { c.normalize_rewards = true; }), {.observation = numbers, .action = Discrete{2}}},
      {config([](TrainConfig& c) { c.memory = "lstm", c.memory_units = 6, c.normalize_observations = true; }),
       {.observation = numbers, .action = forces}},
      {config([](TrainConfig& c) { c.memory = "gru", c.memory_units = 6, c.trunks = "separate"; }),
       {.observation = numbers, .action = Discrete{3}}},
      {config([](TrainConfig& c) { c.network = "cnn", c.channels = {3}; }),
       {.observation = Box::uniform(-1, 1, {2, 5, 5}), .action = Discrete{3}}},
      {config([](TrainConfig& c) { c.policy_std = "network"; }), {.observation = numbers, .action = forces}},
  };
}

std::vector<float> random_observation(const Space& space, Rng& rng) {
  std::vector<float> observation(flat_size(space));
  for (float& x : observation) x = static_cast<float>(rng.uniform(-1, 1));
  return observation;
}

torch::Tensor row_of(std::vector<float>& observation) {
  return torch::from_blob(observation.data(), {1, static_cast<std::int64_t>(observation.size())});
}

/// Calls a view as a policy is called, step by step.
class Stepper {
 public:
  explicit Stepper(const TorchModule& network) : network_(network) { begin_episode(); }

  void begin_episode() { states_ = torch::zeros({1, network_.state_size}); }

  torch::Tensor operator()(std::vector<float>& observation) {
    if (network_.state_size == 0) return network_.forward(row_of(observation));
    auto [results, states] = network_.step(row_of(observation), states_);
    states_ = states;
    return results;
  }

 private:
  const TorchModule& network_;
  torch::Tensor states_;
};

TEST_CASE("a policy's network is a LibTorch module over its floats, for every kind of network") {
  Rng rng(5);
  for (const auto& [config, spaces] : kinds()) {
    Policy policy(random_policy(config, spaces));
    const ParameterLayout& layout = policy.agents().layout();
    const TorchModule network = torch_network(policy);
    INFO(policy.checkpoint().network);
    require_views(*network.module, layout, policy.parameters());

    const torch::NoGradGuard no_grad;
    Stepper step(network);
    for (int i = 0; i < 20; ++i) {
      std::vector<float> observation = random_observation(spaces.observation, rng);
      policy.act(observation);
      const torch::Tensor results = step(observation);
      const float value = results[0][-1].item<float>();
      CHECK(policy.values()[0] == Approx(value).epsilon(1e-4).margin(1e-5));
      if (!std::holds_alternative<Discrete>(spaces.action)) continue;
      policy.begin_episode();
      step.begin_episode();
      const auto choice = std::get<std::int64_t>(policy.act(observation));
      const torch::Tensor logits = step(observation)[0];
      CHECK(choice == logits.narrow(0, 0, logits.size(0) - 1).argmax().item<std::int64_t>());
    }
  }
}

TEST_CASE("what LibTorch changes in a policy's network, the policy acts with, and the other way round") {
  for (const auto& [config, spaces] : kinds()) {
    Policy policy(random_policy(config, spaces));
    const TorchModule network = torch_network(policy);
    INFO(policy.checkpoint().network);
    std::vector<float> observation(flat_size(spaces.observation), 0.5F);
    policy.act(observation);
    const float before = policy.values()[0];
    const bool separate = config.trunks == "separate";
    torch::Tensor bias = network.module->named_parameters()[separate ? "value_head.bias" : "head.bias"];
    {
      const torch::NoGradGuard no_grad;
      bias[-1] += 2;
    }
    policy.parameters_changed();
    policy.begin_episode();
    policy.act(observation);
    CHECK(policy.values()[0] == Approx(before + 2).epsilon(1e-4));

    const auto tensor = network.module->named_parameters()[policy.agents().layout().blocks[0].name];
    policy.parameters()[0] = 42;
    CHECK(tensor.flatten()[0].item<float>() == 42);
  }
}

TEST_CASE("a policy is fine-tuned by LibTorch's optimizer, and saved by LibTorch") {
  const Kind kind = kinds()[2];  // with running moments
  Policy policy(random_policy(kind.config, kind.spaces));
  const TorchModule network = torch_network(policy);
  const std::vector<float> moments(policy.parameters().end() - 3, policy.parameters().end());
  std::vector<float> observation{0.1F, -0.5F, 1};
  torch::optim::SGD optimizer(network.module->parameters(), 0.01);
  for (int i = 0; i < 300; ++i) {
    optimizer.zero_grad();
    (network.forward(row_of(observation))[0][-1] - 3).square().backward();
    optimizer.step();
  }
  policy.parameters_changed();
  policy.act(observation);
  CHECK(policy.values()[0] == Approx(3).margin(0.01));
  CHECK(std::equal(moments.begin(), moments.end(), policy.parameters().end() - 3));
  Policy saved(policy.checkpoint());
  saved.act(observation);
  CHECK(saved.values()[0] == policy.values()[0]);

  std::stringstream file;
  torch::save(network.module, file);
  Policy other(random_policy(kind.config, kind.spaces, 2));
  const TorchModule loaded = torch_network(other);
  std::shared_ptr<torch::nn::Module> module = loaded.module;
  torch::load(module, file);
  const auto expected = tensors_of(*network.module);
  for (const auto& item : tensors_of(*module)) CHECK(torch::equal(item.value(), expected[item.key()]));
}

/// A user's module, with a buffer of floats and one of integers.
struct Mine final : torch::nn::Module {
  explicit Mine(const NetworkRequest& request)
      : shift(register_buffer("shift", torch::rand(inputs(request)))),
        order(register_buffer("order", torch::randperm(inputs(request)))),
        head(register_module("head", torch::nn::Linear(inputs(request), columns(request)))) {}
  torch::Tensor forward(const torch::Tensor& observations) {
    return head->forward((observations + shift).index_select(1, order));
  }
  torch::Tensor shift, order;
  torch::nn::Linear head;
};

TEST_CASE("a training's global network is a LibTorch module: what it starts from, and what it learnt") {
  Networks networks = Networks::with_builtins();
  add_torch_module(networks, "mine", [](const NetworkRequest& request) { return std::make_shared<Mine>(request); });
  TrainConfig config;
  config.environment = "CartPole-v1";
  config.network = GENERATE(as<std::string>(), "mlp", "mine");
  config.sharing = GENERATE(as<std::string>(), "hogwild", "server", "peers");
  config.normalize_observations = GENERATE(false, true);
  config.workers = 2;
  config.steps = 10;
  config.rollout = 5;
  config.learning_rate = 1e-12;
  config.evaluation_episodes = 1;
  INFO(config.network << ' ' << config.sharing << ' ' << config.normalize_observations);
  Training training(Registry::with_builtins(), config, {.networks = networks});
  const TorchModule network = torch_network(training);
  const auto mine = std::dynamic_pointer_cast<Mine>(network.module);
  REQUIRE((mine != nullptr) == (config.network == "mine"));
  if (!mine) require_views(*network.module, training.agents().layout(), training.parameters());
  auto parameters = network.module->named_parameters();
  {
    const torch::NoGradGuard no_grad;
    parameters["head.bias"].copy_(torch::tensor({0.25F, -0.5F, 4.0F}));
    if (mine) mine->shift.fill_(1.0F / 3);
  }
  const TrainingResult result = training.run();

  const torch::Tensor bias = parameters["head.bias"];
  CHECK(bias[0].item<float>() == Approx(0.25));
  CHECK(bias[2].item<float>() == Approx(4));
  for (const Tensor& tensor : result.best.parameters) {
    if (tensor.name == "head.bias") CHECK(tensor.values[2] == Approx(4));
    if (tensor.name == "shift") CHECK(tensor.values == std::vector<float>(4, 1.0F / 3));
  }
  if (config.normalize_observations) {
    CHECK(network.module->named_buffers()["moments.observation_count"].item<float>() >= 10);
  }
  // What it computes is what the policy of the result does.
  Policy policy(result.best, {.networks = &networks});
  std::vector<float> observation{0.01F, 0.02F, 0.03F, 0.04F};
  policy.act(observation);
  CHECK(policy.values()[0] == Approx(network.forward(row_of(observation))[0][-1].item<float>()).epsilon(1e-3));
  CHECK((std::dynamic_pointer_cast<Mine>(torch_network(policy).module) != nullptr) == (config.network == "mine"));
}

TEST_CASE("agents without a network that is known have none to view") {
  struct Unknown final : AgentFactory {
    const ParameterLayout& layout() const noexcept override { return none; }
    std::string description() const override { return "none"; }
    std::string backend() const override { return "none"; }
    std::vector<float> initial_parameters(std::uint64_t) const override { return {}; }
    std::unique_ptr<Agent> make(const Replica&, const AgentUse&) const override { return nullptr; }
    void prepare_thread() const override {}
    ParameterLayout none;
  };
  CHECK_THROWS_WITH(torch_network(Unknown(), {}),
                    "these agents have no network that is known; expected agents that are NetworkAgents");
}

}  // namespace
}  // namespace sounder
