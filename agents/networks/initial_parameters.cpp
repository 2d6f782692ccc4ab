// The initial parameters of a NetworkSpec. Separate from network_spec.cpp, because LibTorch's module does not need
// them.
#include <algorithm>
#include <cmath>
#include <span>
#include <string_view>

#include "agents/networks/network_spec.h"
#include "agents/networks/orthogonal.h"
#include "envs/random.h"

namespace sounder {
namespace {

/// Fills a weight [count * rows, columns], each part of `rows` rows independently.
void fill_parts(std::span<float> weight, std::size_t count, MatrixShape part, float gain, Rng& rng) {
  for (std::size_t i = 0; i < count; ++i) {
    fill_orthogonal(weight.subspan(i * part.rows * part.columns, part.rows * part.columns), part, gain, rng);
  }
}

/// Returns the part of a block that holds initial log standard deviations; empty if there is none.
std::span<float> initial_log_stds(const NetworkSpec& spec, const ParameterBlock& block, std::span<float> values) {
  if (spec.head == PolicyHead::gaussian) return block.name == "log_std" ? values : std::span<float>();
  const bool biases = block.name == "head.bias" || block.name == "policy_head.bias";
  return biases ? values.subspan(spec.outputs / 2, spec.outputs - spec.outputs / 2) : std::span<float>();
}

}  // namespace

std::vector<float> initial_parameters(const NetworkSpec& spec, std::uint64_t seed) {
  const float trunk_gain = std::sqrt(2.0F);
  constexpr float kPolicyGain = 0.01F;
  constexpr float kValueGain = 1.0F;
  constexpr float kGateGain = 1.0F;
  Rng rng({.seed = seed, .worker = 0, .purpose = Stream::initialization});
  const ParameterLayout layout = parameter_layout(spec);
  std::vector<float> parameters(layout.size);  // most biases stay zero
  const float policy_gain = spec.value == ValueHead::scalar ? kPolicyGain : kValueGain;
  for (const ParameterBlock& block : layout.blocks) {
    const auto values = std::span(parameters).subspan(block.offset, block.size);
    const auto is = [&](std::string_view name) { return block.name.ends_with(name); };
    if (is("memory.bias_ih") && spec.memory == Memory::lstm) {
      std::ranges::fill(values.subspan(spec.memory_units, spec.memory_units), 1.0F);  // the forget gate
    }
    std::ranges::fill(initial_log_stds(spec, block, values), spec.initial_log_std);
    if (block.shape.size() < 2) continue;
    const auto rows = static_cast<std::size_t>(block.shape[0]);
    const MatrixShape shape{.rows = rows, .columns = block.size / rows};
    if (is("memory.weight_ih") || is("memory.weight_hh")) {
      fill_parts(values, rows / spec.memory_units, {.rows = spec.memory_units, .columns = shape.columns}, kGateGain,
                 rng);
    } else if (block.name == "head.weight") {
      const std::size_t policy_size = policy_rows(spec) * shape.columns;
      fill_orthogonal(values.first(policy_size), {.rows = policy_rows(spec), .columns = shape.columns}, policy_gain,
                      rng);
      if (policy_size == values.size()) continue;
      fill_orthogonal(values.subspan(policy_size), {.rows = 1, .columns = shape.columns}, kValueGain, rng);
    } else if (block.name == "policy_head.weight") {
      fill_orthogonal(values, shape, kPolicyGain, rng);
    } else if (block.name == "value_head.weight") {
      fill_orthogonal(values, shape, kValueGain, rng);
    } else {
      fill_orthogonal(values, shape, trunk_gain, rng);
    }
  }
  return parameters;
}

}  // namespace sounder
