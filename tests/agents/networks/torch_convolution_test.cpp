#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "agents/networks/torch_network.h"
#include "envs/random.h"
#include "tests/agents/networks/central_differences.h"
#include "tests/agents/torch_catch.h"

namespace sounder {
namespace {

std::vector<float> normals(Rng& rng, std::size_t count) {
  std::vector<float> numbers(count);
  for (float& x : numbers) x = static_cast<float>(rng.normal());
  return numbers;
}

const NetworkSpec kTwoLayers{
    .inputs = 2 * 7 * 5,
    .image = {.channels = 2, .height = 7, .width = 5},
    .convolutions = {{.channels = 3, .kernel = 3, .stride = 2}, {.channels = 4, .kernel = 5, .stride = 1}},
    .hidden = {6},
    .activation = Activation::tanh,
    .outputs = 2};

TEST_CASE("a small convolution's numbers and gradient are as worked out by hand") {
  // An image [2, 2] by a kernel [[0, 0, 0], [0, 1, 2], [0, 3, 0]] with bias -1: each pixel plus twice its right
  // neighbour and three times the one below, minus 1. Then a unit u that sums all, output 1 u and value -1 u.
  const NetworkSpec spec{.inputs = 4,
                         .image = {.channels = 1, .height = 2, .width = 2},
                         .convolutions = {{.channels = 1, .kernel = 3, .stride = 1}},
                         .hidden = {1},
                         .activation = Activation::relu,
                         .outputs = 1};
  std::vector<float> parameters{0, 0, 0, 0, 1, 2, 0, 3, 0, -1, 1, 1, 1, 1, 0, 1, -1, 0, 0};
  const auto network = make_torch_network(spec, parameters, 1);
  // [[1, 2], [3, -4]]: 1 + 4 + 9 - 1 = 13, 2 - 12 - 1 < 0, 3 - 8 - 1 < 0, -4 - 1 < 0
  const NetworkOutput output = network->forward(std::vector<float>{1, 2, 3, -4}, 0, {});
  CHECK(output.outputs[0] == 13);
  CHECK(output.values[0] == -13);
  // dL/du = 2 - 1 = 1, through the first position only, where the kernel covers 0 0 0, 0 1 2, 0 3 -4.
  std::vector<float> gradient(parameters.size());
  network->backward({.outputs = std::vector<float>{2}, .values = std::vector<float>{1}}, gradient);
  CHECK(gradient == std::vector<float>{0, 0, 0, 0, 1, 2, 0, 3, -4, 1, 13, 0, 0, 0, 1, 2 * 13, 13, 2, 1});
}

TEST_CASE("a convolutional network equals LibTorch's Conv2d and Linear in sequence, gradients included") {
  Rng rng(5);
  for (const Trunks trunks : {Trunks::shared, Trunks::separate}) {
    NetworkSpec spec = kTwoLayers;
    spec.trunks = trunks;
    INFO(describe(spec));
    std::vector<float> parameters = initial_parameters(spec, 2);
    for (float& p : parameters) p += 0.1F * static_cast<float>(rng.normal());
    constexpr std::size_t kRows = 4;
    const std::vector<float> observations = normals(rng, kRows * spec.inputs);
    const std::vector<float> output_gradients = normals(rng, kRows * 2);
    const std::vector<float> value_gradients = normals(rng, kRows);
    const auto network = make_torch_network(spec, parameters, kRows);
    const NetworkOutput output = network->forward(observations, 0, {});
    std::vector<float> gradient(parameters.size());
    network->backward({.outputs = output_gradients, .values = value_gradients}, gradient);

    namespace nn = torch::nn;
    const ParameterLayout layout = parameter_layout(spec);
    std::vector<torch::Tensor> heads;
    std::vector<torch::Tensor> learnt;
    for (const NetworkStack& stack : stacks(spec)) {
      nn::Sequential modules(nn::Conv2d(nn::Conv2dOptions(2, 3, 3).stride(2).padding(1)), nn::Tanh(),
                             nn::Conv2d(nn::Conv2dOptions(3, 4, 5).padding(2)), nn::Tanh(), nn::Flatten(),
                             nn::Linear(4 * 4 * 3, 6), nn::Tanh(),
                             nn::Linear(6, static_cast<std::int64_t>(stack.outputs)));
      for (torch::Tensor& parameter : modules->parameters()) {
        const ParameterBlock& block = layout.blocks[learnt.size()];
        REQUIRE(parameter.sizes() == at::IntArrayRef(block.shape));
        const torch::NoGradGuard no_grad;
        parameter.copy_(torch::from_blob(parameters.data() + block.offset, block.shape));
        learnt.push_back(parameter);
      }
      heads.push_back(modules->forward(torch::tensor(observations).view({kRows, 2, 7, 5})));
    }
    const torch::Tensor result = torch::cat(heads, 1);
    ((result.narrow(1, 0, 2) * torch::tensor(output_gradients).view({kRows, 2})).sum() +
     (result.narrow(1, 2, 1) * torch::tensor(value_gradients).view({kRows, 1})).sum())
        .backward();
    for (std::int64_t i = 0; i < static_cast<std::int64_t>(kRows); ++i) {
      const auto row = static_cast<std::size_t>(i);
      CHECK(output.outputs[2 * row] == Approx(result[i][0].item<float>()).margin(1e-6));
      CHECK(output.outputs[2 * row + 1] == Approx(result[i][1].item<float>()).margin(1e-6));
      CHECK(output.values[row] == Approx(result[i][2].item<float>()).margin(1e-6));
    }
    for (std::size_t i = 0; i < layout.blocks.size(); ++i) {
      INFO(layout.blocks[i].name);
      const torch::Tensor expected = learnt[i].grad().contiguous();
      for (std::size_t j = 0; j < layout.blocks[i].size; ++j) {
        const float g = gradient[layout.blocks[i].offset + j];
        CHECK(g == Approx(expected.data_ptr<float>()[j]).epsilon(1e-4).margin(1e-5));
        CHECK(g != 0);
      }
    }
  }
}

TEST_CASE("a convolutional network's gradient is the slope of its results, also with memory") {
  Rng rng(6);
  for (const Memory memory : {Memory::none, Memory::gru}) {
    NetworkSpec spec = kTwoLayers;
    spec.memory = memory;
    spec.memory_units = memory == Memory::none ? 0 : 3;
    INFO(describe(spec));
    std::vector<float> parameters = initial_parameters(spec, 4);
    for (float& p : parameters) p += 0.1F * static_cast<float>(rng.normal());
    const std::vector<float> observations = normals(rng, 3 * spec.inputs);
    const std::vector<float> output_gradients = normals(rng, 3 * 2);
    const std::vector<float> value_gradients = normals(rng, 3);
    const auto network = make_torch_network(spec, parameters, 3);
    const auto loss = [&] {  // three steps of one environment
      std::vector<float> states(state_size(spec));
      for (std::size_t t = 0; t < 3; ++t) {
        network->forward(std::span(observations).subspan(t * spec.inputs, spec.inputs), t, states);
      }
      const NetworkOutput output = network->remembered(3);
      return std::inner_product(output.outputs.begin(), output.outputs.end(), output_gradients.begin(), 0.0) +
             std::inner_product(output.values.begin(), output.values.end(), value_gradients.begin(), 0.0);
    };
    loss();
    std::vector<float> gradient(parameters.size());
    network->backward({.outputs = output_gradients, .values = value_gradients}, gradient);
    check_slopes(parameters, gradient, loss, 1e-2);
  }
}

TEST_CASE("a convolutional network has the parameters that its formula says") {
  // 3 x 2 x 3 x 3 + 3, 4 x 3 x 5 x 5 + 4, (4 x 4 x 3) x 6 + 6, 6 x 3 + 3
  std::vector<float> parameters(parameter_layout(kTwoLayers).size);
  CHECK(parameters.size() == 57 + 304 + 294 + 21);
  make_torch_network(kTwoLayers, parameters, 1);  // throws if the module's differ
}

}  // namespace
}  // namespace sounder
