#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "agents/networks/torch_module.h"
#include "envs/error.h"
#include "envs/registry.h"
#include "tests/agents/torch_catch.h"

namespace sounder {
namespace {

/// A module with buffers of several types: a random projection, a permutation of its numbers and a scale.
struct Projected : torch::nn::Module {
  explicit Projected(const NetworkRequest& request)
      : projection(register_buffer("projection", torch::randn({inputs(request), 6}))),
        order(register_buffer("order", torch::tensor({5, 4, 3, 2, 1, 0}, torch::kInt64))),
        scale(register_buffer("scale", torch::tensor(0.25, torch::kFloat64))),
        absent(register_buffer("absent", torch::Tensor())),
        norm(register_module("norm", torch::nn::BatchNorm1d(6))),
        head(register_module("head", torch::nn::Linear(6, columns(request)))) {}
  torch::Tensor forward(const torch::Tensor& observations) {
    const torch::Tensor projected = torch::tanh(torch::mm(observations, projection)).index_select(1, order);
    return head->forward(norm->forward(projected * scale.to(torch::kFloat32)));
  }
  torch::Tensor projection, order, scale, absent;
  torch::nn::BatchNorm1d norm;
  torch::nn::Linear head;
};

template <class Module>
Networks networks_with() {
  Networks networks = Networks::with_builtins();
  add_torch_module(networks, "mine", [](const NetworkRequest& request) { return std::make_shared<Module>(request); });
  return networks;
}

EnvironmentSpec cart_pole() {
  return Registry::with_builtins().make("CartPole-v1").spec();
}

template <class Module>
std::unique_ptr<Architecture> make() {
  TrainConfig config;
  config.network = "mine";
  const EnvironmentSpec environment = cart_pole();
  return networks_with<Module>().make({.config = config, .environment = environment, .outputs = 2});
}

std::span<const float> floats_of(const ParameterLayout& layout, std::span<const float> parameters,
                                 std::string_view name) {
  const auto block = std::ranges::find(layout.blocks, name, &ParameterBlock::name);
  REQUIRE(block != layout.blocks.end());
  return parameters.subspan(block->offset, block->size);
}

TEST_CASE("a module's buffers are constants behind its parameters, drawn from the seed with them") {
  const auto network = make<Projected>();
  const ParameterLayout& layout = network->layout();
  std::map<std::string, bool> constants;
  for (const ParameterBlock& block : layout.blocks) constants[block.name] = block.constant;
  CHECK(constants == std::map<std::string, bool>{{"norm.weight", false},
                                                 {"norm.bias", false},
                                                 {"head.weight", false},
                                                 {"head.bias", false},
                                                 {"projection", true},
                                                 {"order", true},
                                                 {"scale", true},
                                                 {"norm.running_mean", true},
                                                 {"norm.running_var", true},
                                                 {"norm.num_batches_tracked", true}});
  CHECK(network->description() ==
        "mine 4-3: norm.weight 6, norm.bias 6, head.weight 3x6, head.bias 3, projection 4x6 (constant), order 6 "
        "(constant), scale (constant), norm.running_mean 6 (constant), norm.running_var 6 (constant), "
        "norm.num_batches_tracked (constant)");

  const std::vector<float> drawn = network->initial_parameters(5);
  CHECK(drawn == network->initial_parameters(5));
  const auto projection = floats_of(layout, drawn, "projection");
  const std::vector<float> another = network->initial_parameters(6);
  CHECK_FALSE(std::ranges::equal(projection, floats_of(layout, another, "projection")));
  CHECK(std::ranges::equal(floats_of(layout, drawn, "order"), std::vector<float>{5, 4, 3, 2, 1, 0}));
  CHECK(floats_of(layout, drawn, "scale")[0] == 0.25F);
}

TEST_CASE("a network computes with the buffers that are among its parameters, and gives them no gradient") {
  const auto network = make<Projected>();
  const ParameterLayout& layout = network->layout();
  std::vector<float> parameters = network->initial_parameters(5);
  const auto set = [&](std::string_view name, const std::vector<float>& values) {
    const auto floats = floats_of(layout, parameters, name);
    REQUIRE(floats.size() == values.size());
    std::ranges::copy(values, parameters.begin() + (floats.data() - parameters.data()));
  };
  // The value is the first number of order, after a projection that picks observation 1 as number 3, and by scale.
  std::vector<float> picks(24);
  picks[1 * 6 + 3] = 1;
  set("projection", picks);
  std::vector<float> weight(18);
  weight[2 * 6 + 0] = 1;
  set("head.weight", weight);
  set("head.bias", {0, 0, 0});
  set("order", {3, 0, 0, 0, 0, 0});
  set("scale", {0.5F});
  const auto one = network->make(parameters, 1);
  const std::vector<float> observation{9, 0.7F, 9, 9};
  const float normal = std::sqrt(1 + 1e-5F);  // of a batch normalisation that has seen nothing
  CHECK(one->forward(observation, 0, {}).values[0] == Approx(0.5F * std::tanh(0.7F) / normal));
  set("scale", {2});
  set("order", {0, 3, 0, 0, 0, 0});
  one->parameters_changed();
  CHECK(one->forward(observation, 0, {}).values[0] == 0);
  set("order", {3, 3, 0, 0, 0, 0});
  set("norm.running_mean", {0.5F, 0, 0, 0, 0, 0});
  one->parameters_changed();
  CHECK(one->forward(observation, 0, {}).values[0] == Approx((2 * std::tanh(0.7F) - 0.5F) / normal));

  std::vector<float> gradient(layout.size, 7.0F);
  const std::vector<float> outputs{1, 1};
  const std::vector<float> values{1};
  one->backward({.outputs = outputs, .values = values}, gradient);
  CHECK(floats_of(layout, gradient, "head.weight")[2 * 6 + 0] != 0);
  for (const ParameterBlock& block : layout.blocks) {
    const auto floats = floats_of(layout, gradient, block.name);
    INFO(block.name);
    if (block.constant) CHECK(std::ranges::all_of(floats, [](float g) { return g == 0; }));
  }
}

TEST_CASE("parameters that require no gradient are constants") {
  struct Frozen : torch::nn::Module {
    explicit Frozen(const NetworkRequest& request)
        : body(register_module("body", torch::nn::Linear(inputs(request), 6))),
          head(register_module("head", torch::nn::Linear(6, columns(request)))) {
      body->weight.set_requires_grad(false);
    }
    torch::Tensor forward(const torch::Tensor& observations) { return head->forward(body->forward(observations)); }
    torch::nn::Linear body, head;
  };
  const auto network = make<Frozen>();
  CHECK(network->layout().blocks[0].name == "body.weight");
  CHECK(network->layout().blocks[0].constant);
  CHECK_FALSE(network->layout().blocks[1].constant);
  std::vector<float> parameters = network->initial_parameters(5);
  std::vector<float> gradient(parameters.size(), 7.0F);
  const auto one = network->make(parameters, 1);
  one->forward(std::vector<float>{1, 2, 3, 4}, 0, {});
  const std::vector<float> outputs{1, 1};
  const std::vector<float> values{1};
  one->backward({.outputs = outputs, .values = values}, gradient);
  CHECK(gradient[0] == 0);
  CHECK(gradient[24] != 0);
}

/// A linear module with one more buffer.
torch::Tensor buffer;
struct WithBuffer : torch::nn::Module {
  explicit WithBuffer(const NetworkRequest& request)
      : extra(register_buffer("extra", buffer.clone())),
        head(register_module("head", torch::nn::Linear(inputs(request), columns(request)))) {}
  torch::Tensor forward(const torch::Tensor& observations) { return head->forward(observations); }
  torch::Tensor extra;
  torch::nn::Linear head;
};

TEST_CASE("buffers whose numbers no float or no checkpoint can hold are refused") {
  const auto refusal = [](torch::Tensor held) {
    buffer = std::move(held);
    try {
      make<WithBuffer>();
    } catch (const UsageError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  const auto inexact = [](const char* type) {
    return fmt::format(
        "network 'mine': expected numbers that a 32-bit float holds exactly, such as integers up to 2^24; buffer "
        "'extra', of {}, has others",
        type);
  };
  CHECK(refusal(torch::tensor({1 << 24, 3, -7}, torch::kInt64)) == "");
  CHECK(refusal(torch::tensor({(1 << 24) + 1}, torch::kInt64)) == inexact("Long"));
  CHECK(refusal(torch::tensor({(1 << 24) + 1}, torch::kInt32)) == inexact("Int"));
  CHECK(refusal(torch::tensor({0.1}, torch::kFloat64)) == inexact("Double"));
  CHECK(refusal(torch::tensor({true, false})) == "");
  CHECK(refusal(torch::tensor({250, 3}, torch::kUInt8)) == "");
  CHECK(refusal(torch::tensor({0.5}, torch::kFloat16)) == "");
  CHECK(refusal(torch::full({2}, -std::numeric_limits<float>::infinity())) ==
        "network 'mine': expected finite numbers, which a checkpoint can hold; 'extra' has others: in a mask, take a "
        "large number such as -1e9");
  const std::string kind =
      "network 'mine': expected parameters and buffers to be dense tensors of real numbers on the CPU; 'extra' is not";
  CHECK(refusal(torch::zeros({2}, torch::kComplexFloat)) == kind);
  CHECK(refusal(torch::eye(3).to_sparse()) == kind);
}

TEST_CASE("a name that running moments have is refused") {
  struct Moments : torch::nn::Module {
    explicit Moments(const NetworkRequest& request)
        : head(register_module("moments", torch::nn::Linear(inputs(request), columns(request)))) {}
    torch::Tensor forward(const torch::Tensor& observations) { return head->forward(observations); }
    torch::nn::Linear head;
  };
  CHECK_THROWS_WITH(make<Moments>(),
                    "network 'mine': it has a submodule 'moments', which is that of running moments; expected another "
                    "name");
}

TEST_CASE("a forward() that changes what all workers share is an error that names it") {
  buffer = torch::zeros({1});
  struct Counting : WithBuffer {
    using WithBuffer::WithBuffer;
    torch::Tensor forward(const torch::Tensor& observations) {
      extra.add_(1);
      return WithBuffer::forward(observations);
    }
  };
  struct Clamping : WithBuffer {
    using WithBuffer::WithBuffer;
    torch::Tensor forward(const torch::Tensor& observations) {
      const torch::NoGradGuard no_grad;
      head->weight.clamp_(-1, 1);
      return WithBuffer::forward(observations);
    }
  };
  struct Normalizing : WithBuffer {
    explicit Normalizing(const NetworkRequest& request)
        : WithBuffer(request), norm(register_module("norm", torch::nn::BatchNorm1d(inputs(request)))) {}
    torch::Tensor forward(const torch::Tensor& observations) {
      train();
      return observations.size(0) == 1 ? WithBuffer::forward(observations)
                                       : WithBuffer::forward(norm->forward(observations));
    }
    torch::nn::BatchNorm1d norm;
  };
  const auto failure = [](const Architecture& network) {
    std::vector<float> parameters = network.initial_parameters(5);
    const auto two = network.make(parameters, 2);
    try {
      two->forward(std::vector<float>(8), 0, {});
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  const auto expected = [](const char* name) {
    return fmt::format(
        "network 'mine': forward() changed '{}', a parameter or buffer, which all workers share; expected one that "
        "only reads them: keep what changes from step to step in the state",
        name);
  };
  CHECK(failure(*make<WithBuffer>()) == "");
  CHECK(failure(*make<Counting>()) == expected("extra"));
  CHECK(failure(*make<Clamping>()) == expected("head.weight"));
  CHECK(failure(*make<Normalizing>()) == expected("norm.num_batches_tracked"));
}

}  // namespace
}  // namespace sounder
