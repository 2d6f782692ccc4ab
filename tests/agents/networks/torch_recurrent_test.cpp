#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "agents/networks/torch_network.h"
#include "envs/random.h"
#include "tests/agents/networks/central_differences.h"
#include "tests/agents/networks/recurrent_rollout.h"
#include "tests/agents/torch_catch.h"

namespace sounder {
namespace {

using testing::act;
using testing::normals;
using testing::RecurrentResults;
using testing::RecurrentRollout;
using torch::Tensor;

Tensor tensor(const std::vector<float>& numbers, at::IntArrayRef shape) {
  return torch::tensor(numbers).view(shape);
}

std::vector<float> floats(const Tensor& numbers) {
  const Tensor flat = numbers.detach().contiguous();
  return {flat.data_ptr<float>(), flat.data_ptr<float>() + flat.numel()};
}

void check_close(std::span<const float> numbers, std::span<const float> expected, double tolerance) {
  REQUIRE(numbers.size() == expected.size());
  double largest = 1e-3;
  double difference = 0;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    largest = std::max(largest, std::abs(static_cast<double>(expected[i])));
    const double distance = std::abs(static_cast<double>(numbers[i]) - static_cast<double>(expected[i]));
    difference = std::max(difference, std::isnan(distance) ? HUGE_VAL : distance);
  }
  CHECK(difference <= tolerance * largest);
}

/// The same formulas with LibTorch's own cells, one environment and one step at a time, in plain autograd.
struct Reference {
  explicit Reference(const RecurrentRollout& rollout) : spec(rollout.spec), layout(parameter_layout(spec)) {
    for (const ParameterBlock& block : layout.blocks) {
      const auto values = std::span(rollout.parameters).subspan(block.offset, block.size);
      parameters.insert(block.name, tensor({values.begin(), values.end()}, block.shape).requires_grad_());
    }
  }

  Tensor linear(const Tensor& x, const std::string& name) {
    return torch::mv(parameters[name + ".weight"], x) + parameters[name + ".bias"];
  }

  /// Outputs of a stack's head [T * K, columns], differentiable; `first` is where its states begin.
  Tensor stack(const RecurrentRollout& rollout, const std::string& prefix, std::size_t first) {
    const auto units = static_cast<std::int64_t>(spec.memory_units);
    std::vector<Tensor> rows(rollout.rows());
    for (std::size_t k = 0; k < rollout.environments; ++k) {
      const std::size_t s = state_size(spec);
      const Tensor all = tensor({rollout.states.begin() + static_cast<std::ptrdiff_t>(k * s),
                                 rollout.states.begin() + static_cast<std::ptrdiff_t>((k + 1) * s)},
                                {1, static_cast<std::int64_t>(s)});
      Tensor h = all.narrow(1, static_cast<std::int64_t>(first), units);
      Tensor c =
          spec.memory == Memory::lstm ? all.narrow(1, static_cast<std::int64_t>(first) + units, units) : Tensor();
      for (std::size_t t = 0; t < rollout.steps; ++t) {
        const std::size_t row = t * rollout.environments + k;
        Tensor x = torch::tensor(
            std::vector<float>(rollout.observations.begin() + static_cast<std::ptrdiff_t>(row * spec.inputs),
                               rollout.observations.begin() + static_cast<std::ptrdiff_t>((row + 1) * spec.inputs)));
        for (std::size_t i = 0; i < spec.hidden.size(); ++i) {
          x = linear(x, prefix + "body." + std::to_string(i));
          x = spec.activation == Activation::tanh ? torch::tanh(x) : torch::relu(x);
        }
        const auto block = [&](const char* name) { return parameters[prefix + "memory." + name]; };
        if (spec.memory == Memory::lstm) {
          std::tie(h, c) = torch::lstm_cell(x.unsqueeze(0), {h, c}, block("weight_ih"), block("weight_hh"),
                                            block("bias_ih"), block("bias_hh"));
        } else {
          h = torch::gru_cell(x.unsqueeze(0), h, block("weight_ih"), block("weight_hh"), block("bias_ih"),
                              block("bias_hh"));
        }
        rows[row] = linear(h.squeeze(0), prefix + "head");
        if (rollout.ends[row] != StepEnd::none) {
          h = torch::zeros({1, units});
          c = torch::zeros({1, units});
        }
      }
    }
    return torch::stack(rows);
  }

  /// Outputs and, last, the value.
  Tensor forward(const RecurrentRollout& rollout) {
    const auto rows = static_cast<std::int64_t>(rollout.rows());
    const auto policy = static_cast<std::int64_t>(policy_rows(spec));
    std::vector<Tensor> columns;
    const bool one = stacks(spec).size() == 1;
    const Tensor first = stack(rollout, one ? "" : "policy_", 0);
    columns.push_back(first.narrow(1, 0, policy));
    if (spec.head == PolicyHead::gaussian) columns.push_back(parameters["log_std"].expand({rows, policy}));
    if (!one) columns.push_back(stack(rollout, "value_", state_size(spec) / 2));
    if (one && spec.value == ValueHead::scalar) columns.push_back(first.narrow(1, policy, 1));
    return torch::cat(columns, 1);
  }

  NetworkSpec spec;
  ParameterLayout layout;
  torch::OrderedDict<std::string, Tensor> parameters;
};

std::vector<NetworkSpec> specs() {
  std::vector<NetworkSpec> list;
  for (const Memory memory : {Memory::lstm, Memory::gru}) {
    for (const std::size_t units : {5U, 16U, 37U}) {
      list.push_back({.inputs = 3,
                      .hidden = {6, 4},
                      .activation = Activation::tanh,
                      .memory = memory,
                      .memory_units = units,
                      .outputs = 2});
    }
    NetworkSpec separate = list.back();
    separate.trunks = Trunks::separate;
    separate.memory_units = 5;
    separate.head = PolicyHead::gaussian;
    separate.outputs = 4;
    list.push_back(separate);
    NetworkSpec no_value = list.front();
    no_value.memory = memory;
    no_value.value = ValueHead::none;
    list.push_back(no_value);
  }
  return list;
}

TEST_CASE("a tiny LSTM's numbers are as worked out by hand") {
  // h_1 = relu(x); gates of weights (1, 2, 3, 4) h_1 + (0.5, -1, 1, 0) h, biases zero; outputs 2 h, value -h.
  const NetworkSpec spec{.inputs = 1,
                         .hidden = {1},
                         .activation = Activation::relu,
                         .memory = Memory::lstm,
                         .memory_units = 1,
                         .outputs = 1};
  std::vector<float> parameters{1, 0, 1, 2, 3, 4, 0.5F, -1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, -1, 0, 0};
  const auto network = make_torch_network(spec, parameters, 2);
  REQUIRE(network->state_size() == 2);
  // x = 0.5 from h = 0.2, c = -0.4: sums i 0.6, f 0.8, g 1.7, o 2:
  // sigmoid(0.6) = 0.6456563, sigmoid(0.8) = 0.6899745, tanh(1.7) = 0.9354091, sigmoid(2) = 0.8807971:
  // c = -0.2759898 + 0.6039528 = 0.3279630, h = 0.8807971 * tanh(0.3279630) = 0.8807971 * 0.3166892 = 0.2789389
  std::vector<float> states{0.2F, -0.4F};
  const NetworkOutput output = network->forward(std::vector<float>{0.5F}, 0, states);
  CHECK(states[0] == Approx(0.2789389).epsilon(1e-5));
  CHECK(states[1] == Approx(0.3279630).epsilon(1e-5));
  CHECK(output.outputs[0] == Approx(2 * 0.2789389).epsilon(1e-5));
  CHECK(output.values[0] == Approx(-0.2789389).epsilon(1e-5));
}

TEST_CASE("a tiny GRU's numbers are as worked out by hand") {
  // Gates r, z, n of weights (1, 2, 3) h_1 + (0.5, -1, 1) h; n's bias behind the reset gate is 0.1; outputs 2 h.
  const NetworkSpec spec{.inputs = 1,
                         .hidden = {1},
                         .activation = Activation::relu,
                         .memory = Memory::gru,
                         .memory_units = 1,
                         .outputs = 1};
  std::vector<float> parameters{1, 0, 1, 2, 3, 0.5F, -1, 1, 0, 0, 0, 0, 0, 0.1F, 2, -1, 0, 0};
  const auto network = make_torch_network(spec, parameters, 2);
  REQUIRE(network->state_size() == 1);
  // x = 0.5 from h = 0.2: r = sigmoid(0.6) = 0.6456563, z = sigmoid(0.8) = 0.6899745,
  // n = tanh(1.5 + 0.6456563 * 0.3) = tanh(1.6936969) = 0.9346165, h = n + z (0.2 - n) = 0.4277498
  std::vector<float> states{0.2F};
  const NetworkOutput output = network->forward(std::vector<float>{0.5F}, 0, states);
  CHECK(states[0] == Approx(0.4277498).epsilon(1e-5));
  CHECK(output.outputs[0] == Approx(2 * 0.4277498).epsilon(1e-5));
}

TEST_CASE("recurrent networks agree with LibTorch's cells, unrolled in plain autograd, in all results") {
  Rng rng(11);
  for (const NetworkSpec& spec : specs()) {
    const RecurrentRollout rollout(spec, rng);
    INFO(describe(spec));
    std::vector<float> parameters = rollout.parameters;
    const auto network = make_torch_network(spec, parameters, rollout.rows());
    const RecurrentResults ours = act(*network, rollout);
    Reference reference(rollout);
    const Tensor theirs = reference.forward(rollout);
    const auto outputs = static_cast<std::int64_t>(spec.outputs);
    check_close(ours.outputs, floats(theirs.narrow(1, 0, outputs)), 2e-6);
    const bool value = spec.value == ValueHead::scalar;
    CHECK(ours.values.size() == (value ? rollout.rows() : 0));
    Tensor loss = (theirs.narrow(1, 0, outputs) * tensor(rollout.output_gradients, {-1, outputs})).sum();
    if (value) {
      check_close(ours.values, floats(theirs.narrow(1, outputs, 1)), 2e-6);
      loss = loss + (theirs.narrow(1, outputs, 1) * tensor(rollout.value_gradients, {-1, 1})).sum();
    }
    loss.backward();

    std::vector<float> gradient(parameters.size(), 1e6F);
    network->backward(rollout.gradients(), gradient);
    for (const ParameterBlock& block : reference.layout.blocks) {
      INFO(block.name);
      check_close(std::span(gradient).subspan(block.offset, block.size),
                  floats(reference.parameters[block.name].grad()), 1e-5);
    }
    // Every parameter has a gradient.
    CHECK(std::ranges::none_of(gradient, [](float g) { return g == 0; }));
  }
}

TEST_CASE("a recurrent network's gradient is the slope of its results") {
  Rng rng(12);
  for (const NetworkSpec& spec : specs()) {
    if (spec.memory_units != 5) continue;
    const RecurrentRollout rollout(spec, rng);
    INFO(describe(spec));
    std::vector<float> parameters = rollout.parameters;
    const auto network = make_torch_network(spec, parameters, rollout.rows());
    const auto loss = [&] {
      const RecurrentResults results = act(*network, rollout);
      return std::inner_product(results.outputs.begin(), results.outputs.end(), rollout.output_gradients.begin(), 0.0) +
             std::inner_product(results.values.begin(), results.values.end(), rollout.value_gradients.begin(), 0.0);
    };
    loss();
    std::vector<float> gradient(parameters.size());
    network->backward(rollout.gradients(), gradient);
    check_slopes(parameters, gradient, loss, 1e-2);
  }
}

TEST_CASE("after an episode's end inside a rollout, results do not depend on earlier steps") {
  Rng rng(13);
  for (NetworkSpec spec : specs()) {
    spec.hidden = {4};
    RecurrentRollout rollout(spec, rng);
    INFO(describe(spec));
    const std::size_t k = rollout.environments;
    // Every episode ends with step 2, and only what comes after it counts.
    for (std::size_t row = 0; row < rollout.rows(); ++row) {
      rollout.ends[row] = row / k == 2 ? StepEnd::terminated : StepEnd::none;
      if (row / k > 2) continue;
      std::fill_n(rollout.output_gradients.begin() + static_cast<std::ptrdiff_t>(row * spec.outputs), spec.outputs,
                  0.0F);
      if (!rollout.value_gradients.empty()) rollout.value_gradients[row] = 0;
    }
    std::vector<float> parameters = rollout.parameters;
    const auto network = make_torch_network(spec, parameters, rollout.rows());
    const RecurrentResults results = act(*network, rollout);
    std::vector<float> gradient(parameters.size());
    network->backward(rollout.gradients(), gradient);

    RecurrentRollout other = rollout;
    for (std::size_t i = 0; i < 3 * k * spec.inputs; ++i) other.observations[i] += 1;
    for (float& s : other.states) s -= 0.3F;
    const RecurrentResults other_results = act(*network, other);
    std::vector<float> other_gradient(parameters.size());
    network->backward(other.gradients(), other_gradient);
    CHECK(other_results.states == results.states);
    CHECK(other_results.outputs != results.outputs);
    check_close(other_gradient, gradient, 1e-6);

    // And without the end, it would have mattered.
    other.ends.assign(rollout.rows(), StepEnd::none);
    network->backward(other.gradients(), other_gradient);
    CHECK(other_gradient != gradient);
  }
}

TEST_CASE("bootstrapping and learning twice do not change a rollout's results") {
  Rng rng(14);
  for (const NetworkSpec& spec : specs()) {
    const RecurrentRollout rollout(spec, rng);
    INFO(describe(spec));
    std::vector<float> parameters = rollout.parameters;
    const auto network = make_torch_network(spec, parameters, rollout.rows() + rollout.environments);
    const RecurrentResults results = act(*network, rollout);
    std::vector<float> once(parameters.size());
    network->backward(rollout.gradients(), once);

    std::vector<float> states = results.states;
    network->forward(normals(rng, rollout.environments * spec.inputs), rollout.rows(), states);
    CHECK(states != results.states);
    std::vector<float> twice(parameters.size(), -1e6F);
    network->backward(rollout.gradients(), twice);
    network->backward(rollout.gradients(), twice);
    CHECK(twice == once);
    const NetworkOutput remembered = network->remembered(rollout.rows());
    CHECK(std::vector<float>(remembered.outputs.begin(), remembered.outputs.end()) == results.outputs);
  }
}

TEST_CASE("a recurrent network has the parameters and the state that its formula says") {
  NetworkSpec spec{.inputs = 4,
                   .hidden = {64},
                   .activation = Activation::tanh,
                   .memory = Memory::lstm,
                   .memory_units = 32,
                   .outputs = 2};
  const auto parameter_count = [&] {
    std::vector<float> parameters(parameter_layout(spec).size);
    make_torch_network(spec, parameters, 1);  // throws if the module's differ
    return parameters.size();
  };
  const std::size_t body = 4 * 64 + 64;
  CHECK(parameter_count() == body + 4 * 32 * (64 + 32 + 2) + 3 * 32 + 3);
  spec.memory = Memory::gru;
  CHECK(parameter_count() == body + 3 * 32 * (64 + 32 + 2) + 3 * 32 + 3);
  spec.trunks = Trunks::separate;
  CHECK(parameter_count() == 2 * (body + 3 * 32 * (64 + 32 + 2)) + 3 * 32 + 3);
  CHECK(state_size(spec) == 64);
}

}  // namespace
}  // namespace sounder
