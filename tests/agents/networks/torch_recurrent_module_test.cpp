#include <algorithm>
#include <string>
#include <vector>

#include "agents/networks/torch_module.h"
#include "agents/networks/torch_network.h"
#include "agents/policy.h"
#include "apps/library/training.h"
#include "tests/agents/networks/recurrent_rollout.h"
#include "tests/agents/torch_catch.h"

namespace sounder {
namespace {

using testing::act;
using testing::RecurrentResults;
using testing::RecurrentRollout;
using torch::Tensor;

/// A user's recurrent module: the built-in network's formula with LibTorch's own modules and cells, under its names.
struct Recurrent final : torch::nn::Module {
  explicit Recurrent(const NetworkRequest& request)
      : units(request.config.memory_units), body(register_module("body", torch::nn::ModuleList())) {
    std::int64_t width = inputs(request);
    for (const std::int64_t hidden : request.config.hidden) {
      body->push_back(torch::nn::Linear(width, hidden));
      width = hidden;
    }
    if (request.config.memory == "lstm") {
      lstm = register_module("memory", torch::nn::LSTMCell(width, units));
    } else {
      gru = register_module("memory", torch::nn::GRUCell(width, units));
    }
    head = register_module("head", torch::nn::Linear(units, columns(request)));
  }

  std::int64_t state_size() const { return lstm ? 2 * units : units; }

  std::tuple<Tensor, Tensor> forward(const Tensor& observations, const Tensor& states) {
    Tensor x = observations;
    for (const auto& layer : *body) x = torch::tanh(layer->as<torch::nn::Linear>()->forward(x));
    if (gru) {
      const Tensor h = gru->forward(x, states);
      return {head->forward(h), h};
    }
    const auto [h, c] = lstm->forward(x, std::make_tuple(states.narrow(1, 0, units), states.narrow(1, units, units)));
    return {head->forward(h), torch::cat({h, c}, 1)};
  }

  std::int64_t units;
  torch::nn::ModuleList body;
  torch::nn::LSTMCell lstm{nullptr};
  torch::nn::GRUCell gru{nullptr};
  torch::nn::Linear head{nullptr};
};

/// Makes a network of modules for a spec's sizes.
template <class Module>
std::unique_ptr<Architecture> make(const NetworkSpec& spec) {
  Networks networks;
  add_torch_module(networks, "mine", [](const NetworkRequest& request) { return std::make_shared<Module>(request); });
  TrainConfig config;
  config.network = "mine";
  config.hidden.assign(spec.hidden.begin(), spec.hidden.end());
  config.memory = name_of(kMemories, spec.memory);
  config.memory_units = static_cast<std::int64_t>(spec.memory_units);
  const EnvironmentSpec environment{.observation_space = Box::uniform(-1, 1, {static_cast<std::int64_t>(spec.inputs)}),
                                    .action_space = Discrete{2}};
  return networks.make({.config = config,
                        .environment = environment,
                        .outputs = spec.outputs,
                        .head = spec.head,
                        .value = spec.value,
                        .initial_log_std = spec.initial_log_std});
}

/// Copies parameters between layouts by name.
std::vector<float> by_name(const ParameterLayout& from_layout, const std::vector<float>& from,
                           const ParameterLayout& to_layout) {
  REQUIRE(from_layout.size == to_layout.size);
  std::vector<float> to(to_layout.size);
  for (const ParameterBlock& block : from_layout.blocks) {
    const auto place = std::ranges::find(to_layout.blocks, block.name, &ParameterBlock::name);
    REQUIRE(place != to_layout.blocks.end());
    REQUIRE(place->shape == block.shape);
    std::copy_n(from.begin() + static_cast<std::ptrdiff_t>(block.offset), block.size,
                to.begin() + static_cast<std::ptrdiff_t>(place->offset));
  }
  return to;
}

void check_close(std::span<const float> numbers, std::span<const float> expected) {
  REQUIRE(numbers.size() == expected.size());
  float largest = 1e-3F;
  for (const float x : expected) largest = std::max(largest, std::abs(x));
  float difference = 0;
  for (std::size_t i = 0; i < numbers.size(); ++i)
    difference = std::max(difference, std::abs(numbers[i] - expected[i]));
  CHECK(difference <= 1e-5F * largest);
}

TEST_CASE("a user's recurrent modules, of any shape, compute and learn what the built-in memory does") {
  Rng rng(17);
  for (const Memory memory : {Memory::lstm, Memory::gru}) {
    for (int i = 0; i < 10; ++i) {
      NetworkSpec spec{.inputs = static_cast<std::size_t>(1 + rng.below(5)),
                       .hidden = {static_cast<std::size_t>(1 + rng.below(9))},
                       .activation = Activation::tanh,
                       .memory = memory,
                       .memory_units = static_cast<std::size_t>(1 + rng.below(20)),
                       .outputs = static_cast<std::size_t>(2 * (1 + rng.below(3))),
                       .head = i % 2 == 0 ? PolicyHead::linear : PolicyHead::gaussian,
                       .value = i % 3 == 0 ? ValueHead::none : ValueHead::scalar};
      RecurrentRollout rollout(spec, rng);
      const ParameterLayout layout = parameter_layout(spec);
      const auto network = make<Recurrent>(spec);
      REQUIRE(network->state_size() == state_size(spec));
      std::vector<float> parameters = by_name(layout, rollout.parameters, network->layout());
      const auto mine = network->make(parameters, rollout.rows());
      const auto built_in = make_torch_network(spec, rollout.parameters, rollout.rows());

      const RecurrentResults ours = act(*mine, rollout);
      const RecurrentResults theirs = act(*built_in, rollout);
      INFO(describe(spec));
      check_close(ours.outputs, theirs.outputs);
      check_close(ours.values, theirs.values);
      check_close(ours.states, theirs.states);
      std::vector<float> gradient(layout.size);
      std::vector<float> expected(layout.size);
      mine->backward(rollout.gradients(), gradient);
      built_in->backward(rollout.gradients(), expected);
      check_close(by_name(network->layout(), gradient, layout), expected);
    }
  }
}

TEST_CASE("a user's recurrent module trains, is evaluated and acts as the built-in memory does") {
  Networks networks = Networks::with_builtins();
  add_torch_module(networks, "mine",
                   [](const NetworkRequest& request) { return std::make_shared<Recurrent>(request); });
  TrainConfig config;
  config.environment = "TMaze-v0";
  config.backend = "torch";
  config.hidden = {8};
  config.memory = GENERATE(as<std::string>(), "lstm", "gru");
  config.memory_units = 6;
  config.workers = 1;
  config.envs_per_worker = 2;
  config.rollout = 8;
  config.steps = 800;
  config.learning_rate = 0.01;
  config.evaluation_episodes = 10;
  const auto with = [&](const std::string& network) {
    config.network = network;
    return Training(Registry::with_builtins(), config, {.networks = networks});
  };
  Training mine = with("mine");
  Training built_in = with("mlp");
  const ParameterLayout& layout = mine.agents().layout();
  const ParameterLayout& built_in_layout = built_in.agents().layout();
  const std::vector<float> initial(mine.parameters().begin(), mine.parameters().end());
  std::ranges::copy(by_name(layout, initial, built_in_layout), built_in.parameters().begin());
  const TrainingResult ours = mine.run();
  const TrainingResult theirs = built_in.run();
  CHECK(ours.report.progress.episodes == theirs.report.progress.episodes);
  CHECK(ours.report.progress.updates == theirs.report.progress.updates);
  CHECK(ours.report.parameters != initial);
  const std::vector<float> expected = by_name(built_in_layout, theirs.report.parameters, layout);
  REQUIRE(ours.report.parameters.size() == expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    REQUIRE(ours.report.parameters[i] == Approx(expected[i]).margin(1e-3));
  }

  Policy policy(ours.best, {.networks = &networks});
  Policy other(theirs.best);
  Rng rng(3);
  for (int i = 0; i < 30; ++i) {
    if (i % 10 == 0) policy.begin_episode(), other.begin_episode();
    const auto bit = [&] { return rng.uniform() < 0.5F ? 1.0F : 0.0F; };
    const std::vector<float> observation{bit(), bit(), bit()};
    policy.act(observation);
    other.act(observation);
    CHECK(policy.values()[0] == Approx(other.values()[0]).margin(1e-3));
  }
  // It remembers: the same observation has another value later.
  policy.begin_episode();
  const std::vector<float> nothing(3);
  policy.act(nothing);
  const float first = policy.values()[0];
  policy.act(nothing);
  CHECK(policy.values()[0] != first);
}

TEST_CASE("a recurrent module's description has the size of its states") {
  const NetworkSpec spec{.inputs = 3,
                         .hidden = {2},
                         .activation = Activation::tanh,
                         .memory = Memory::lstm,
                         .memory_units = 2,
                         .outputs = 2};
  CHECK(make<Recurrent>(spec)->description() ==
        "mine 3-3: state 4, body.0.weight 2x3, body.0.bias 2, memory.weight_ih 8x2, memory.weight_hh 8x2, "
        "memory.bias_ih 8, memory.bias_hh 8, head.weight 3x2, head.bias 3");
}

TEST_CASE("states of a wrong kind are refused with the network's name") {
  static int size = 0;
  static int given = 0;
  struct Wrong : torch::nn::Module {
    explicit Wrong(const NetworkRequest& request)
        : head(register_module("head", torch::nn::Linear(inputs(request), columns(request)))) {}
    std::int64_t state_size() const { return size; }
    std::tuple<Tensor, Tensor> forward(const Tensor& observations, const Tensor& /*states*/) {
      return {head->forward(observations), torch::zeros({observations.size(0), given})};
    }
    torch::nn::Linear head;
  };
  const NetworkSpec spec{.inputs = 4, .hidden = {2}, .activation = Activation::tanh, .outputs = 2};
  size = 3;
  given = 2;
  CHECK_THROWS_WITH(make<Wrong>(spec),
                    "network 'mine': expected states [2, 3], dense floats on the CPU, for observations [2, 4]; got "
                    "[2, 2] of Float");
  size = -1;
  CHECK_THROWS_WITH(make<Wrong>(spec), "network 'mine': expected a state_size() of at least 0; got -1");
  size = 0;  // a module that may do without
  CHECK(make<Wrong>(spec)->state_size() == 0);
  std::vector<float> parameters = make<Wrong>(spec)->initial_parameters(1);
  const auto without = make<Wrong>(spec)->make(parameters, 1);
  CHECK_NOTHROW(without->forward(std::vector<float>(4), 0, {}));

  size = given = 3;
  const auto network = make<Wrong>(spec);
  size = given = 4;
  CHECK_THROWS_WITH(network->initial_parameters(1),
                    "network 'mine': expected states of 3 numbers, as the first module had; got another one with 4");
}

}  // namespace
}  // namespace sounder
