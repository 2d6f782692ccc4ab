#include "tests/agents/networks/fused_case.h"

namespace sounder {

std::size_t between(Rng& rng, std::int64_t low, std::int64_t high) {
  return static_cast<std::size_t>(low + rng.below(high - low + 1));
}

std::vector<float> normals(Rng& rng, std::size_t count) {
  std::vector<float> numbers(count);
  for (float& x : numbers) x = static_cast<float>(rng.normal());
  return numbers;
}

Case::Case(Rng& rng, Memory memory) {
  spec.inputs = between(rng, 1, 40);
  spec.hidden.resize(between(rng, 1, 4));
  const auto width = [&] {  // half are whole vectors, of any processor; most of the others are not
    return rng.below(2) == 0 ? 16 * between(rng, 1, 9) : between(rng, 1, 150);
  };
  for (std::size_t& units : spec.hidden) units = width();
  spec.activation = rng.below(2) == 0 ? Activation::tanh : Activation::relu;
  spec.trunks = rng.below(2) == 0 ? Trunks::shared : Trunks::separate;
  spec.head = rng.below(2) == 0 ? PolicyHead::linear : PolicyHead::gaussian;
  spec.outputs = spec.head == PolicyHead::gaussian ? 2 * between(rng, 1, 9) : between(rng, 1, 9);
  spec.value = rng.below(4) == 0 ? ValueHead::none : ValueHead::scalar;
  spec.memory = memory;
  if (memory == Memory::none) {
    rows = between(rng, 1, 70);
  } else {
    spec.memory_units = width();
    if (spec.value == ValueHead::none) spec.trunks = Trunks::shared;  // there is one trunk
    environments = rng.below(3) == 0 ? 1 : between(rng, 2, 17);
    rows = environments * between(rng, 1, 24);
  }
  parameters = initial_parameters(spec, static_cast<std::uint64_t>(rng.below(1'000'000)));
  // Biases and log_std are zero, and the policy's rows small: they are to count as well.
  for (float& p : parameters) p += 0.05F * static_cast<float>(rng.normal());
  observations = normals(rng, rows * spec.inputs);
  states = normals(rng, environments * state_size(spec));
  ends.resize(rows);
  const std::int64_t length = 1 + rng.below(20);  // of an episode, about
  for (StepEnd& end : ends) {
    if (rng.below(length) == 0) end = rng.below(2) == 0 ? StepEnd::terminated : StepEnd::truncated;
  }
  // Of one sign each, over the rows: a parameter block may be a single number, a sum over the rows, and a sum that
  // cancels has no relative precision.
  output_gradients = normals(rng, rows * spec.outputs);
  for (std::size_t i = 0; i < output_gradients.size(); ++i) {
    output_gradients[i] = std::abs(output_gradients[i]) * (i % spec.outputs % 2 == 0 ? 1.0F : -1.0F);
  }
  if (spec.value == ValueHead::scalar) value_gradients = normals(rng, rows);
  for (float& g : value_gradients) g = std::abs(g);
  const std::size_t together = memory == Memory::none ? rows : environments;  // that one call may take
  for (std::size_t filled = 0; filled < rows; filled += chunks.back()) {
    const std::size_t left = together - filled % together;
    chunks.push_back(rng.below(2) == 0 ? left : between(rng, 1, static_cast<std::int64_t>(left)));
  }
}

std::string Case::name() const {
  return describe(spec) + ", " + std::to_string(rows) + " rows of " + std::to_string(environments) +
         " environments in " + std::to_string(chunks.size()) + " calls";
}

Results fill(Network& network, const Case& shape) {
  Results results{.outputs = {}, .values = {}, .gradient = {}, .states = shape.states};
  const std::size_t size = network.state_size();
  REQUIRE(size == state_size(shape.spec));
  std::size_t first = 0;
  for (const std::size_t count : shape.chunks) {
    const std::size_t environment = first % shape.environments;
    const auto states = std::span(results.states).subspan(environment * size, size == 0 ? 0 : count * size);
    const NetworkOutput output = network.forward(
        std::span(shape.observations).subspan(first * shape.spec.inputs, count * shape.spec.inputs), first, states);
    results.outputs.insert(results.outputs.end(), output.outputs.begin(), output.outputs.end());
    results.values.insert(results.values.end(), output.values.begin(), output.values.end());
    for (std::size_t i = 0; size > 0 && i < count; ++i) {
      if (shape.ends[first + i] != StepEnd::none) std::ranges::fill(states.subspan(i * size, size), 0.0F);
    }
    first += count;
  }
  return results;
}

void learn(Network& network, const Case& shape, std::vector<float>& gradient) {
  network.backward({.outputs = shape.output_gradients,
                    .values = shape.value_gradients,
                    .environments = shape.environments,
                    .ends = shape.ends},
                   gradient);
}

Results fill_and_learn(Network& network, const Case& shape) {
  Results results = fill(network, shape);
  results.gradient.assign(shape.parameters.size(), 1e6F);  // to be written over
  learn(network, shape, results.gradient);
  return results;
}

}  // namespace sounder
