#include <algorithm>
#include <string>
#include <vector>

#include "agents/networks/torch_module.h"
#include "agents/networks/torch_network.h"
#include "envs/error.h"
#include "envs/registry.h"
#include "tests/agents/networks/own_module.h"

namespace sounder {
namespace {

using testing::make;
using testing::Mine;

TEST_CASE("a user's module keeps its parameters' names, is drawn from the seed, and described") {
  const auto network = make<Mine>();
  CHECK(network->backend() == "torch");
  CHECK(network->state_size() == 0);
  CHECK(network->layout().size == 4 * 8 + 8 + 8 * 3 + 3);
  CHECK(network->layout().blocks[2].name == "head.weight");
  CHECK(network->layout().blocks[2].shape == std::vector<std::int64_t>{3, 8});
  CHECK(network->layout().blocks[2].offset == 40);
  CHECK(network->description() == "mine 4-3: body.weight 8x4, body.bias 8, head.weight 3x8, head.bias 3");

  CHECK(network->initial_parameters(5) == network->initial_parameters(5));
  CHECK(network->initial_parameters(5) != network->initial_parameters(6));
}

/// Copies parameters between layouts by name.
void copy_by_name(const ParameterLayout& from_layout, const std::vector<float>& from, const ParameterLayout& to_layout,
                  std::vector<float>& to) {
  for (const ParameterBlock& block : from_layout.blocks) {
    const auto place = std::ranges::find(to_layout.blocks, block.name, &ParameterBlock::name);
    REQUIRE(place != to_layout.blocks.end());
    std::copy_n(from.begin() + static_cast<std::ptrdiff_t>(block.offset), block.size,
                to.begin() + static_cast<std::ptrdiff_t>(place->offset));
  }
}

TEST_CASE("standard deviations that are parameters are added to a user's module as in the built-in network") {
  // Two means; a built-in network of that shape names its blocks differently.
  struct Named final : torch::nn::Module {
    explicit Named(const NetworkRequest& request)
        : body(register_module("body", torch::nn::ModuleList())),
          head(register_module("head", torch::nn::Linear(8, columns(request)))) {
      body->push_back(torch::nn::Linear(inputs(request), 8));
    }
    torch::Tensor forward(const torch::Tensor& observations) {
      return head->forward(torch::tanh(body->ptr<torch::nn::LinearImpl>(0)->forward(observations)));
    }
    torch::nn::ModuleList body;
    torch::nn::Linear head;
  };
  const auto network = make<Named>("auto", {.outputs = 4, .head = PolicyHead::gaussian, .initial_log_std = -0.5F});
  const NetworkSpec spec{
      .inputs = 4, .hidden = {8}, .activation = Activation::tanh, .outputs = 4, .head = PolicyHead::gaussian};
  const ParameterLayout layout = parameter_layout(spec);
  REQUIRE(network->layout().size == layout.size);
  std::vector<float> parameters = network->initial_parameters(5);
  std::vector<float> same(layout.size);
  copy_by_name(network->layout(), parameters, layout, same);
  CHECK(std::vector<float>(same.end() - 2, same.end()) == std::vector<float>{-0.5F, -0.5F});  // log_std

  const auto mine = network->make(parameters, 2);
  const auto built_in = make_torch_network(spec, same, 2);
  const std::vector<float> observations{0.1F, -0.2F, 0.3F, 0.4F, -1, 2, 0.5F, 0};
  const NetworkOutput ours = mine->forward(observations, 0, {});
  const NetworkOutput theirs = built_in->forward(observations, 0, {});
  CHECK(std::ranges::equal(ours.outputs, theirs.outputs));
  CHECK(std::ranges::equal(ours.values, theirs.values));
  std::vector<float> gradient(layout.size);
  std::vector<float> expected(layout.size);
  const std::vector<float> output_gradients{1, -1, 0.5F, 2, -3, 0.25F, 1, 1};
  const std::vector<float> value_gradients{1, -3};
  mine->backward({.outputs = output_gradients, .values = value_gradients}, gradient);
  built_in->backward({.outputs = output_gradients, .values = value_gradients}, expected);
  std::vector<float> renamed(layout.size);
  copy_by_name(network->layout(), gradient, layout, renamed);
  CHECK(renamed == expected);
  CHECK(std::vector<float>(expected.end() - 2, expected.end()) == std::vector<float>{0.5F + 1, 2 + 1});
}

TEST_CASE("making a user's module does not change LibTorch's global generator") {
  torch::manual_seed(1);
  const float expected = torch::rand({1}).item<float>();
  torch::manual_seed(1);
  make<Mine>()->initial_parameters(5);
  CHECK(torch::rand({1}).item<float>() == expected);
}

TEST_CASE("a user's module computes and learns the same as an equal built-in network") {
  const auto network = make<Mine>();
  std::vector<float> parameters = network->initial_parameters(5);
  const NetworkSpec spec{.inputs = 4, .hidden = {8}, .activation = Activation::tanh, .outputs = 2};
  const auto mine = network->make(parameters, 4);
  const auto built_in = make_torch_network(spec, parameters, 4);
  const std::vector<float> observations{0.1F, -0.2F, 0.3F, 0.4F, -1, 2, 0.5F, 0};
  const NetworkOutput ours = mine->forward(observations, 0, {});
  const NetworkOutput theirs = built_in->forward(observations, 0, {});
  CHECK(std::vector<float>(ours.outputs.begin(), ours.outputs.end()) ==
        std::vector<float>(theirs.outputs.begin(), theirs.outputs.end()));
  CHECK(std::vector<float>(ours.values.begin(), ours.values.end()) ==
        std::vector<float>(theirs.values.begin(), theirs.values.end()));
  std::vector<float> gradient(parameters.size());
  std::vector<float> expected(parameters.size());
  const std::vector<float> output_gradients{1, -1, 0.5F, 2};
  const std::vector<float> value_gradients{1, -3};
  mine->backward({.outputs = output_gradients, .values = value_gradients}, gradient);
  built_in->backward({.outputs = output_gradients, .values = value_gradients}, expected);
  CHECK(gradient == expected);
}

TEST_CASE("dropout is off: acting and learning see the same network") {
  struct WithDropout : Mine {
    explicit WithDropout(const NetworkRequest& request)
        : Mine(request), dropout(register_module("dropout", torch::nn::Dropout(0.5))) {}
    torch::Tensor forward(const torch::Tensor& observations) { return dropout->forward(Mine::forward(observations)); }
    torch::nn::Dropout dropout;
  };
  const auto network = make<WithDropout>();
  std::vector<float> parameters = network->initial_parameters(5);
  const auto one = network->make(parameters, 1);
  const std::vector<float> observations{1, 2, 3, 4};
  const float first = one->forward(observations, 0, {}).values[0];
  CHECK(one->forward(observations, 0, {}).values[0] == first);
  CHECK(first != 0);
}

TEST_CASE("unsupported user's modules are refused by name") {
  struct TooNarrow : Mine {
    explicit TooNarrow(const NetworkRequest& request) : Mine(request) {}
    torch::Tensor forward(const torch::Tensor& observations) { return Mine::forward(observations).narrow(1, 0, 2); }
  };
  struct InDouble : Mine {
    explicit InDouble(const NetworkRequest& request) : Mine(request) { to(torch::kFloat64); }
  };
  struct Nothing : torch::nn::Module {
    explicit Nothing(const NetworkRequest& /*request*/) {}
    torch::Tensor forward(const torch::Tensor& observations) { return observations.narrow(1, 0, 3); }
  };
  CHECK_THROWS_WITH(make<TooNarrow>(),
                    "network 'mine': expected results [2, 3], dense floats on the CPU, for observations [2, 4]; got "
                    "[2, 2] of Float");
  CHECK_THROWS_WITH(make<InDouble>(),
                    "network 'mine': expected parameters of 32-bit floats; 'body.weight' is of Double");
  CHECK_THROWS_WITH(make<Nothing>(), "network 'mine': it has no parameters to learn");
  struct WithLogStd : Mine {
    explicit WithLogStd(const NetworkRequest& request) : Mine(request) {
      register_parameter("log_std", torch::zeros(1));
    }
  };
  CHECK_THROWS_WITH(
      make<WithLogStd>("auto", {.head = PolicyHead::gaussian}),
      "network 'mine': it has a parameter 'log_std', which is added to it; expected none of that name, or "
      "policy_std 'network', for which its outputs hold the deviations");
  CHECK_THROWS_WITH(make<Mine>("fused"), "backend 'fused' does not compute network 'mine'; try backend 'auto'");

  Networks networks = Networks::with_builtins();
  CHECK_THROWS_WITH(add_torch_module(networks, "mine", {}),
                    "network 'mine' needs a function that makes it, got an empty one");
  add_torch_module(networks, "mine", [](const NetworkRequest& /*request*/) { return std::shared_ptr<Mine>(); });
  const EnvironmentSpec environment = Registry::with_builtins().make("CartPole-v1").spec();
  TrainConfig config;
  config.network = "mine";
  CHECK_THROWS_WITH(networks.make({.config = config, .environment = environment, .outputs = 2}),
                    "network 'mine': expected a module, got a null pointer");
  const NetworkRequest request{.config = config, .environment = environment, .outputs = 2};
  const auto only = std::make_shared<Mine>(request);
  add_torch_module(networks, "only", [only](const NetworkRequest& /*request*/) { return only; });
  config.network = "only";
  const auto network = networks.make(request);
  CHECK_THROWS_WITH(network->initial_parameters(1),
                    "network 'only': expected another module from each call of the function that makes it, as each "
                    "worker has its own; got the first one again");
  CHECK_THROWS_WITH(
      make<Mine>("auto", {.memory = "lstm"}),
      "network 'mine': it has no states that Sounder could keep; expected memory 'none', or a module with "
      "state_size(); got 'lstm'");
}

}  // namespace
}  // namespace sounder
