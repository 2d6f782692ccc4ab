#include "agents/networks/network_spec.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tests/catch.h"

namespace sounder {
namespace {

const NetworkSpec kCartPole{.inputs = 4, .hidden = {64, 64}, .activation = Activation::tanh, .outputs = 2};

double row_product(std::span<const float> matrix, std::size_t columns, std::size_t a, std::size_t b) {
  double sum = 0;
  for (std::size_t i = 0; i < columns; ++i) {
    sum += static_cast<double>(matrix[a * columns + i]) * static_cast<double>(matrix[b * columns + i]);
  }
  return sum;
}

TEST_CASE("the parameters of 4-64-64-(2+1) lie one after the other") {
  const ParameterLayout layout = parameter_layout(kCartPole);
  REQUIRE(layout.blocks.size() == 6);
  // 4*64 + 64 + 64*64 + 64 + 64*3 + 3
  CHECK(layout.size == 4675);
  CHECK(layout.blocks[0].name == "body.0.weight");
  CHECK(layout.blocks[0].shape == std::vector<std::int64_t>{64, 4});
  CHECK(layout.blocks[2].offset == 320);
  CHECK(layout.blocks[4].name == "head.weight");
  CHECK(layout.blocks[4].shape == std::vector<std::int64_t>{3, 64});
  CHECK(layout.blocks[5].offset == 4672);
  CHECK(layout.blocks[5].size == 3);
  CHECK(describe(kCartPole) == "mlp 4-64-64-(2+1) tanh");
}

TEST_CASE("a gaussian head computes means, and its log standard deviations come last and start at zero") {
  NetworkSpec spec{
      .inputs = 3, .hidden = {64, 64}, .activation = Activation::tanh, .outputs = 4, .head = PolicyHead::gaussian};
  const ParameterLayout layout = parameter_layout(spec);
  REQUIRE(layout.blocks.size() == 7);
  CHECK(layout.blocks[4].shape == std::vector<std::int64_t>{3, 64});  // two means and the value
  CHECK(layout.blocks[6].name == "log_std");
  CHECK(layout.blocks[6].shape == std::vector<std::int64_t>{2});
  CHECK(layout.size == 3 * 64 + 64 + 64 * 64 + 64 + 3 * 64 + 3 + 2);
  CHECK(describe(spec) == "mlp 3-64-64-(2 gaussian+1) tanh");

  const std::vector<float> parameters = initial_parameters(spec, 42);
  const auto head = std::span(parameters).subspan(layout.blocks[4].offset, layout.blocks[4].size);
  CHECK(row_product(head, 64, 0, 0) == Approx(1e-4).epsilon(1e-3));
  CHECK(row_product(head, 64, 1, 1) == Approx(1e-4).epsilon(1e-3));
  CHECK(row_product(head, 64, 2, 2) == Approx(1).epsilon(1e-4));
  CHECK(parameters[layout.size - 2] == 0);
  CHECK(parameters[layout.size - 1] == 0);

  spec.trunks = Trunks::separate;
  CHECK(parameter_layout(spec).blocks.back().name == "log_std");
  CHECK(describe(spec) == "mlp 3-64-64-(2 gaussian+1) tanh, separate trunks");
}

TEST_CASE("log standard deviations start at the configured value, as parameters and as outputs") {
  for (const Trunks trunks : {Trunks::shared, Trunks::separate}) {
    for (const PolicyHead head : {PolicyHead::gaussian, PolicyHead::linear}) {
      const NetworkSpec plain{
          .inputs = 3, .hidden = {8}, .activation = Activation::tanh, .outputs = 4, .trunks = trunks, .head = head};
      NetworkSpec spec = plain;
      spec.initial_log_std = -0.5F;
      const bool parameters = head == PolicyHead::gaussian;
      const std::string name = parameters ? "log_std" : trunks == Trunks::shared ? "head.bias" : "policy_head.bias";
      // All other biases, including the value's, stay zero, and all weights are the same.
      std::vector<float> expected = initial_parameters(plain, 42);
      for (const ParameterBlock& block : parameter_layout(spec).blocks) {
        if (block.name != name) continue;
        for (const std::size_t i : {0U, 1U}) expected[block.offset + (parameters ? 0 : 2) + i] = -0.5F;
      }
      INFO(name);
      CHECK(expected != initial_parameters(plain, 42));
      CHECK(initial_parameters(spec, 42) == expected);
    }
  }
}

TEST_CASE("with separate trunks, the value's layers follow the policy's, with the same gains") {
  NetworkSpec spec = kCartPole;
  spec.trunks = Trunks::separate;
  const ParameterLayout layout = parameter_layout(spec);
  std::vector<std::string> names;
  for (const ParameterBlock& block : layout.blocks) names.push_back(block.name);
  CHECK(names == std::vector<std::string>{"policy_body.0.weight", "policy_body.0.bias", "policy_body.1.weight",
                                          "policy_body.1.bias", "policy_head.weight", "policy_head.bias",
                                          "value_body.0.weight", "value_body.0.bias", "value_body.1.weight",
                                          "value_body.1.bias", "value_head.weight", "value_head.bias"});
  // 4*64 + 64 + 64*64 + 64 twice, 64*2 + 2 and 64 + 1
  CHECK(layout.size == 9155);
  CHECK(layout.blocks[4].shape == std::vector<std::int64_t>{2, 64});
  CHECK(layout.blocks[10].shape == std::vector<std::int64_t>{1, 64});

  const std::vector<float> parameters = initial_parameters(spec, 42);
  const auto block = [&](std::size_t i) {
    return std::span(parameters).subspan(layout.blocks[i].offset, layout.blocks[i].size);
  };
  CHECK(row_product(block(4), 64, 1, 1) == Approx(1e-4).epsilon(1e-3));
  CHECK(row_product(block(8), 64, 0, 0) == Approx(2).epsilon(1e-4));
  CHECK(row_product(block(10), 64, 0, 0) == Approx(1).epsilon(1e-4));
}

TEST_CASE("a head of action values, without a separate value, starts with a value's gain") {
  NetworkSpec spec = kCartPole;
  spec.value = ValueHead::none;
  const ParameterLayout layout = parameter_layout(spec);
  const std::vector<float> parameters = initial_parameters(spec, 42);
  REQUIRE(layout.blocks[4].name == "head.weight");
  REQUIRE(layout.blocks[4].shape == std::vector<std::int64_t>{2, 64});
  const auto head = std::span(parameters).subspan(layout.blocks[4].offset, layout.blocks[4].size);
  CHECK(row_product(head, 64, 0, 0) == Approx(1).epsilon(1e-4));
  CHECK(row_product(head, 64, 1, 1) == Approx(1).epsilon(1e-4));
}

TEST_CASE("an LSTM starts with an open forget gate and all other biases zero, a GRU with all biases zero") {
  constexpr std::size_t kUnits = 5;
  NetworkSpec spec = kCartPole;
  spec.memory_units = kUnits;
  const auto bias = [&](Memory memory, std::string_view name) {
    spec.memory = memory;
    const std::vector<float> parameters = initial_parameters(spec, 42);
    for (const ParameterBlock& block : parameter_layout(spec).blocks) {
      if (block.name != name) continue;
      const auto values = std::span(parameters).subspan(block.offset, block.size);
      return std::vector<float>(values.begin(), values.end());
    }
    return std::vector<float>{};
  };
  std::vector<float> forget(4 * kUnits);  // input, forget, cell, output
  std::fill_n(forget.begin() + kUnits, kUnits, 1.0F);
  CHECK(bias(Memory::lstm, "memory.bias_ih") == forget);
  CHECK(bias(Memory::lstm, "memory.bias_hh") == std::vector<float>(4 * kUnits));
  CHECK(bias(Memory::gru, "memory.bias_ih") == std::vector<float>(3 * kUnits));
  CHECK(bias(Memory::gru, "memory.bias_hh") == std::vector<float>(3 * kUnits));
}

TEST_CASE("each gate of a cell starts orthogonal separately, with gain 1") {
  constexpr std::size_t kUnits = 5;
  NetworkSpec spec = kCartPole;
  spec.memory_units = kUnits;
  for (const Memory memory : {Memory::lstm, Memory::gru}) {
    spec.memory = memory;
    const std::vector<float> parameters = initial_parameters(spec, 42);
    for (const ParameterBlock& block : parameter_layout(spec).blocks) {
      if (block.name != "memory.weight_hh") continue;
      const auto weight = std::span(parameters).subspan(block.offset, block.size);
      for (std::size_t gate = 0; gate < weight.size() / kUnits / kUnits; ++gate) {
        INFO(gate);
        CHECK(row_product(weight, kUnits, gate * kUnits, gate * kUnits) == Approx(1).epsilon(1e-4));
        CHECK(row_product(weight, kUnits, gate * kUnits, gate * kUnits + 4) == Approx(0).margin(1e-6));
      }
    }
  }
}

TEST_CASE("initial parameters have the usual gains and zero biases, and depend only on the seed") {
  const ParameterLayout layout = parameter_layout(kCartPole);
  const std::vector<float> parameters = initial_parameters(kCartPole, 42);
  const auto block = [&](std::size_t i) {
    return std::span(parameters).subspan(layout.blocks[i].offset, layout.blocks[i].size);
  };
  CHECK(row_product(block(2), 64, 0, 0) == Approx(2).epsilon(1e-4));     // trunk: sqrt(2) squared
  CHECK(row_product(block(4), 64, 0, 0) == Approx(1e-4).epsilon(1e-3));  // policy: 0.01 squared
  CHECK(row_product(block(4), 64, 2, 2) == Approx(1).epsilon(1e-4));     // value
  for (const std::size_t bias : {1U, 3U, 5U}) {
    for (const float b : block(bias)) REQUIRE(b == 0);
  }
  CHECK(parameters == initial_parameters(kCartPole, 42));
  CHECK(parameters != initial_parameters(kCartPole, 43));
}

}  // namespace
}  // namespace sounder
