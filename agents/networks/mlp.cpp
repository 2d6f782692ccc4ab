#include "agents/networks/mlp.h"

#include <fmt/format.h>

#include <cmath>
#include <numeric>
#include <span>

#include "agents/networks/orthogonal.h"
#include "envs/random.h"

namespace sounder {

std::size_t policy_rows(const MlpSpec& spec) noexcept {
  return spec.head == PolicyHead::gaussian ? spec.outputs / 2 : spec.outputs;
}

std::vector<MlpStack> stacks(const MlpSpec& spec) {
  if (spec.trunks == Trunks::shared) return {{.body = "body", .head = "head", .outputs = policy_rows(spec) + 1}};
  return {{.body = "policy_body", .head = "policy_head", .outputs = policy_rows(spec)},
          {.body = "value_body", .head = "value_head", .outputs = 1}};
}

ParameterLayout parameter_layout(const MlpSpec& spec) {
  ParameterLayout layout;
  const auto add = [&](std::string name, std::vector<std::int64_t> shape) {
    const auto size =
        static_cast<std::size_t>(std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>()));
    layout.blocks.push_back({.name = std::move(name), .shape = std::move(shape), .offset = layout.size, .size = size});
    layout.size += size;
  };
  const auto add_layer = [&](const std::string& name, std::size_t inputs, std::size_t outputs) {
    add(name + ".weight", {static_cast<std::int64_t>(outputs), static_cast<std::int64_t>(inputs)});
    add(name + ".bias", {static_cast<std::int64_t>(outputs)});
  };
  for (const MlpStack& stack : stacks(spec)) {
    std::size_t width = spec.inputs;
    for (std::size_t i = 0; i < spec.hidden.size(); ++i) {
      add_layer(fmt::format("{}.{}", stack.body, i), width, spec.hidden[i]);
      width = spec.hidden[i];
    }
    add_layer(stack.head, width, stack.outputs);
  }
  if (spec.head == PolicyHead::gaussian) add("log_std", {static_cast<std::int64_t>(policy_rows(spec))});
  return layout;
}

std::string describe(const MlpSpec& spec) {
  return fmt::format("mlp {}-{}-({}{}+1) {}{}", spec.inputs, fmt::join(spec.hidden, "-"), policy_rows(spec),
                     spec.head == PolicyHead::gaussian ? " gaussian" : "",
                     spec.activation == Activation::tanh ? "tanh" : "relu",
                     spec.trunks == Trunks::shared ? "" : ", separate trunks");
}

std::vector<float> initial_parameters(const MlpSpec& spec, std::uint64_t seed) {
  const float trunk_gain = std::sqrt(2.0F);
  constexpr float kPolicyGain = 0.01F;
  constexpr float kValueGain = 1.0F;
  Rng rng({.seed = seed, .worker = 0, .purpose = Stream::initialization});
  const ParameterLayout layout = parameter_layout(spec);
  std::vector<float> parameters(layout.size);  // biases and log_std stay zero
  for (const ParameterBlock& block : layout.blocks) {
    if (block.shape.size() != 2) continue;
    const auto weight = std::span(parameters).subspan(block.offset, block.size);
    const MatrixShape shape{.rows = static_cast<std::size_t>(block.shape[0]),
                            .columns = static_cast<std::size_t>(block.shape[1])};
    if (block.name == "head.weight") {
      const std::size_t policy_size = policy_rows(spec) * shape.columns;
      fill_orthogonal(weight.first(policy_size), {.rows = policy_rows(spec), .columns = shape.columns}, kPolicyGain,
                      rng);
      fill_orthogonal(weight.subspan(policy_size), {.rows = 1, .columns = shape.columns}, kValueGain, rng);
    } else if (block.name == "policy_head.weight") {
      fill_orthogonal(weight, shape, kPolicyGain, rng);
    } else if (block.name == "value_head.weight") {
      fill_orthogonal(weight, shape, kValueGain, rng);
    } else {
      fill_orthogonal(weight, shape, trunk_gain, rng);
    }
  }
  return parameters;
}

}  // namespace sounder
