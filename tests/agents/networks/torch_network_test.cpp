#include "agents/networks/torch_network.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "agents/networks/fused_network.h"
#include "core/sharing/store/parameter_store.h"
#include "envs/random.h"
#include "tests/agents/networks/central_differences.h"
#include "tests/catch.h"

namespace sounder {
namespace {

// 2 inputs, one hidden layer of 2 ReLU units, 1 output and the value.
const NetworkSpec kTiny{.inputs = 2, .hidden = {2}, .activation = Activation::relu, .outputs = 1};
// body.0.weight [[1, 2], [3, -4]], body.0.bias [0.5, 1], head.weight [[1, -1], [2, 3]], head.bias [0.25, -0.5]
const std::vector<float> kTinyParameters{1, 2, 3, -4, 0.5F, 1, 1, -1, 2, 3, 0.25F, -0.5F};

TEST_CASE("a small network's outputs, values and gradient are as worked out by hand") {
  std::vector<float> parameters = kTinyParameters;
  const auto network = make_torch_network(kTiny, parameters, 4);
  // x = (1, 1): pre-activations (3.5, 0), h = (3.5, 0): output 3.75, value 6.5
  // x = (2, 0): pre-activations (2.5, 7), h = (2.5, 7): output -4.25, value 25.5
  const std::vector<float> observations{1, 1, 2, 0};
  const NetworkOutput output = network->forward(observations, 0, {});
  REQUIRE(output.outputs.size() == 2);
  CHECK(output.outputs[0] == Approx(3.75));
  CHECK(output.values[0] == Approx(6.5));
  CHECK(output.outputs[1] == Approx(-4.25));
  CHECK(output.values[1] == Approx(25.5));

  // dL/doutput = (1, 0.5), dL/dvalue = (-1, 2):
  // dL/dh: row 0: 1 (1,-1) - 1 (2,3) = (-1,-4), unit 1 is off (0 at its kink): (-1, 0)
  //        row 1: 0.5 (1,-1) + 2 (2,3) = (4.5, 5.5)
  std::vector<float> gradient(parameters.size());
  network->backward({.outputs = std::vector<float>{1, 0.5F}, .values = std::vector<float>{-1, 2}}, gradient);
  const std::vector<float> expected{
      -1 + 2 * 4.5F,
      -1,
      2 * 5.5F,
      0,  // body.0.weight
      -1 + 4.5F,
      5.5F,  // body.0.bias
      3.5F + 0.5F * 2.5F,
      0.5F * 7,  // head.weight, output
      -3.5F + 2 * 2.5F,
      2 * 7.0F,  // head.weight, value
      1.5F,
      1  // head.bias
  };
  for (std::size_t i = 0; i < expected.size(); ++i) {
    INFO("parameter " << i);
    CHECK(gradient[i] == Approx(expected[i]).margin(1e-6));
  }
}

TEST_CASE("a gaussian head outputs means and the parameters log_std, whose gradient is summed over rows") {
  // As kTiny, with two means: head.weight [[1, -1], [0, 2], [2, 3]], head.bias [0.25, 1, -0.5], log_std [-1, 0.5]
  const NetworkSpec spec{
      .inputs = 2, .hidden = {2}, .activation = Activation::relu, .outputs = 4, .head = PolicyHead::gaussian};
  std::vector<float> parameters{1, 2, 3, -4, 0.5F, 1, 1, -1, 0, 2, 2, 3, 0.25F, 1, -0.5F, -1, 0.5F};
  for (const auto make : {make_torch_network, make_fused_network}) {
    INFO((make == make_torch_network ? "torch" : "fused"));
    const auto network = make(spec, parameters, 4);
    // x = (1, 1): h = (3.5, 0): means 3.75, 1, value 6.5;  x = (2, 0): h = (2.5, 7): means -4.25, 15, value 25.5
    const NetworkOutput output = network->forward(std::vector<float>{1, 1, 2, 0}, 0, {});
    const std::vector<float> expected_outputs{3.75F, 1, -1, 0.5F, -4.25F, 15, -1, 0.5F};
    CHECK(std::vector<float>(output.outputs.begin(), output.outputs.end()) == expected_outputs);
    CHECK(output.values[0] == Approx(6.5));
    CHECK(output.values[1] == Approx(25.5));

    // dL/dmeans = (1, 0), (0.5, 2), dL/dlog_std = (3, -1), (4, 0.25), dL/dvalue = (-1, 2):
    // dL/dh: row 0: (1, -1) - (2, 3) = (-1, -4), unit 1 is off: (-1, 0)
    //        row 1: 0.5 (1, -1) + 2 (0, 2) + 2 (2, 3) = (4.5, 9.5)
    std::vector<float> gradient(parameters.size(), 100);
    network->backward(
        {.outputs = std::vector<float>{1, 0, 3, -1, 0.5F, 2, 4, 0.25F}, .values = std::vector<float>{-1, 2}}, gradient);
    const std::vector<float> expected{
        -1 + 2 * 4.5F,
        -1,
        2 * 9.5F,
        0,  // body.0.weight
        -1 + 4.5F,
        9.5F,  // body.0.bias
        3.5F + 0.5F * 2.5F,
        0.5F * 7,  // head.weight, first mean
        2 * 2.5F,
        2 * 7,  // head.weight, second mean
        -3.5F + 2 * 2.5F,
        2 * 7,  // head.weight, value
        1.5F,
        2,
        1,  // head.bias
        3 + 4,
        -1 + 0.25F  // log_std
    };
    for (std::size_t i = 0; i < expected.size(); ++i) {
      INFO("parameter " << i);
      CHECK(gradient[i] == Approx(expected[i]).margin(1e-6));
    }
  }
}

TEST_CASE("with separate trunks, each head is computed from its own trunk") {
  // policy_body [[1, 2]], [0.5]; policy_head [[2], [-1]], [0.25, 1]; value_body [[3, -4]], [1]; value_head [[5]],
  // [-0.5]
  const NetworkSpec spec{
      .inputs = 2, .hidden = {1}, .activation = Activation::relu, .outputs = 2, .trunks = Trunks::separate};
  std::vector<float> parameters{1, 2, 0.5F, 2, -1, 0.25F, 1, 3, -4, 1, 5, -0.5F};
  for (const auto make : {make_torch_network, make_fused_network}) {
    INFO((make == make_torch_network ? "torch" : "fused"));
    const auto network = make(spec, parameters, 1);
    // x = (2, 1): the policy's h = 4.5: outputs 9.25, -3.5;  the value's h = 3: value 14.5
    const NetworkOutput output = network->forward(std::vector<float>{2, 1}, 0, {});
    CHECK(std::vector<float>(output.outputs.begin(), output.outputs.end()) == std::vector<float>{9.25F, -3.5F});
    CHECK(output.values[0] == 14.5F);

    // dL/doutputs = (1, -2): dL/dh = 2 + 2 = 4;  dL/dvalue = 3: dL/dh = 15
    std::vector<float> gradient(parameters.size());
    network->backward({.outputs = std::vector<float>{1, -2}, .values = std::vector<float>{3}}, gradient);
    CHECK(gradient == std::vector<float>{8, 4, 4, 4.5F, -9, 1, -2, 30, 15, 15, 9, 3});
  }
}

TEST_CASE("backward overwrites the array that it is given") {
  std::vector<float> parameters = kTinyParameters;
  const auto network = make_torch_network(kTiny, parameters, 4);
  network->forward(std::vector<float>{2, 0}, 0, {});
  std::vector<float> once(parameters.size());
  network->backward({.outputs = std::vector<float>{1}, .values = std::vector<float>{0}}, once);
  std::vector<float> again(parameters.size(), 10);
  network->backward({.outputs = std::vector<float>{1}, .values = std::vector<float>{0}}, again);
  network->backward({.outputs = std::vector<float>{1}, .values = std::vector<float>{0}}, again);
  CHECK(again == once);
  CHECK(std::ranges::any_of(once, [](float g) { return g != 0; }));
}

TEST_CASE("rows that were filled one by one are differentiated together") {
  std::vector<float> parameters = kTinyParameters;
  const auto network = make_torch_network(kTiny, parameters, 4);
  network->forward(std::vector<float>{1, 2, -3, 1}, 0, {});
  std::vector<float> together(parameters.size());
  network->backward({.outputs = std::vector<float>{1, 2}, .values = std::vector<float>{3, 4}}, together);

  network->forward(std::vector<float>{1, 2}, 0, {});
  network->forward(std::vector<float>{-3, 1}, 1, {});
  network->forward(std::vector<float>{9, 9}, 2, {});  // the bootstrap's row, which is not learnt from
  std::vector<float> one_by_one(parameters.size());
  network->backward({.outputs = std::vector<float>{1, 2}, .values = std::vector<float>{3, 4}}, one_by_one);
  CHECK(one_by_one == together);
}

TEST_CASE("the gradient is the slope of the outputs, for any depth, width, head and trunks") {
  const PolicyHead head = GENERATE(PolicyHead::linear, PolicyHead::gaussian);
  const Trunks trunks = GENERATE(Trunks::shared, Trunks::separate);
  Rng rng(17);
  for (const auto& hidden : std::vector<std::vector<std::size_t>>{{1}, {5}, {7, 3}, {4, 8, 6}}) {
    const NetworkSpec spec{
        .inputs = 3, .hidden = hidden, .activation = Activation::tanh, .outputs = 4, .trunks = trunks, .head = head};
    std::vector<float> parameters = initial_parameters(spec, 9);
    for (float& p : parameters) p += 0.3F * static_cast<float>(rng.normal());
    const auto network = make_torch_network(spec, parameters, 3);
    std::vector<float> observations(3 * 3);
    for (float& x : observations) x = static_cast<float>(rng.normal());
    std::vector<float> weights(3 * 4);
    for (float& w : weights) w = static_cast<float>(rng.normal());
    const std::vector<float> value_weights{1, -2, 0.5F};
    const auto loss = [&] {
      const NetworkOutput output = network->forward(observations, 0, {});
      return std::inner_product(weights.begin(), weights.end(), output.outputs.begin(), 0.0) +
             std::inner_product(value_weights.begin(), value_weights.end(), output.values.begin(), 0.0);
    };
    loss();
    std::vector<float> gradient(parameters.size());
    network->backward({.outputs = weights, .values = value_weights}, gradient);
    check_slopes(parameters, gradient, loss, 5e-3);
  }
}

TEST_CASE("the global network is a module over the shared parameters: an update changes it") {
  ParameterStore store(parameter_layout(kTiny).size, 1, WriteMode::relaxed);
  store.restore({.parameters = kTinyParameters, .statistics = {std::vector<float>(store.size())}});
  const auto global = make_torch_network(kTiny, store.quiescent_view(), 1);
  CHECK(global->forward(std::vector<float>{1, 1}, 0, {}).outputs[0] == Approx(3.75));

  // Momentum SGD without momentum: head.bias[0] (parameter 10) goes from 0.25 to 0.25 - 0.5 * 2.
  std::vector<float> gradient(store.size());
  gradient[10] = 2;
  store.push({.gradient = gradient, .learning_rate = 0.5F, .steps = 1, .version = 0, .own_statistics = {}},
             MomentumSgd{.momentum = 0});
  CHECK(global->forward(std::vector<float>{1, 1}, 0, {}).outputs[0] == Approx(2.75));
}

}  // namespace
}  // namespace sounder
