#include "agents/networks/fused_mlp.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "agents/networks/torch_network.h"
#include "envs/random.h"
#include "tests/catch.h"

namespace sounder {
namespace {

std::size_t between(Rng& rng, std::int64_t low, std::int64_t high) {
  return static_cast<std::size_t>(low + rng.below(high - low + 1));
}

std::vector<float> normals(Rng& rng, std::size_t count) {
  std::vector<float> numbers(count);
  for (float& x : numbers) x = static_cast<float>(rng.normal());
  return numbers;
}

/// A network of a random shape, with rows that it is filled with and learns from.
struct Case {
  NetworkSpec spec;
  std::size_t rows;
  std::vector<float> parameters;
  std::vector<float> observations;      // [rows, D]
  std::vector<float> output_gradients;  // [rows, K]
  std::vector<float> value_gradients;   // [rows]
  std::vector<std::size_t> chunks;      // rows of each call of forward

  explicit Case(Rng& rng) {
    spec.inputs = between(rng, 1, 40);
    spec.hidden.resize(between(rng, 1, 4));
    // Half of the widths are whole vectors, of any processor; most of the others are not.
    for (std::size_t& units : spec.hidden) units = rng.below(2) == 0 ? 16 * between(rng, 1, 9) : between(rng, 1, 150);
    spec.activation = rng.below(2) == 0 ? Activation::tanh : Activation::relu;
    spec.trunks = rng.below(2) == 0 ? Trunks::shared : Trunks::separate;
    spec.head = rng.below(2) == 0 ? PolicyHead::linear : PolicyHead::gaussian;
    spec.outputs = spec.head == PolicyHead::gaussian ? 2 * between(rng, 1, 9) : between(rng, 1, 9);
    rows = between(rng, 1, 70);
    parameters = initial_parameters(spec, static_cast<std::uint64_t>(rng.below(1'000'000)));
    // Biases and log_std are zero, and the policy's rows small: they are to count as well.
    for (float& p : parameters) p += 0.05F * static_cast<float>(rng.normal());
    observations = normals(rng, rows * spec.inputs);
    // Of one sign each, over the rows: a parameter block may be a single number, a sum over the rows, and a sum that
    // cancels has no relative precision.
    output_gradients = normals(rng, rows * spec.outputs);
    for (std::size_t i = 0; i < output_gradients.size(); ++i) {
      output_gradients[i] = std::abs(output_gradients[i]) * (i % spec.outputs % 2 == 0 ? 1.0F : -1.0F);
    }
    value_gradients = normals(rng, rows);
    for (float& g : value_gradients) g = std::abs(g);
    for (std::size_t filled = 0; filled < rows; filled += chunks.back()) {
      chunks.push_back(between(rng, 1, static_cast<std::int64_t>(rows - filled)));
    }
  }

  std::string name() const {
    return describe(spec) + ", " + std::to_string(rows) + " rows in " + std::to_string(chunks.size()) + " calls";
  }
};

struct Results {
  std::vector<float> outputs;
  std::vector<float> values;
  std::vector<float> gradient;
};

Results fill(Network& network, const Case& shape) {
  Results results;
  std::size_t first = 0;
  for (const std::size_t count : shape.chunks) {
    const NetworkOutput output = network.forward(
        std::span(shape.observations).subspan(first * shape.spec.inputs, count * shape.spec.inputs), first, {});
    results.outputs.insert(results.outputs.end(), output.outputs.begin(), output.outputs.end());
    results.values.insert(results.values.end(), output.values.begin(), output.values.end());
    first += count;
  }
  return results;
}

Results fill_and_learn(Network& network, const Case& shape) {
  Results results = fill(network, shape);
  results.gradient.assign(shape.parameters.size(), 1e6F);  // to be written over
  network.backward({.outputs = shape.output_gradients, .values = shape.value_gradients}, results.gradient);
  return results;
}

/// The largest difference, in units of the largest magnitude among the expected numbers. Not a number is infinitely
/// far.
double deviation(std::span<const float> numbers, std::span<const float> expected) {
  REQUIRE(numbers.size() == expected.size());
  double difference = 0;
  double largest = 0;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const double distance = std::abs(static_cast<double>(numbers[i]) - static_cast<double>(expected[i]));
    difference = std::max(difference, std::isnan(distance) ? HUGE_VAL : distance);
    largest = std::max(largest, std::abs(static_cast<double>(expected[i])));
  }
  return difference == 0 ? 0 : difference / largest;
}

TEST_CASE("fused networks of any shape agree with LibTorch on outputs, values and gradients") {
  constexpr double kTolerance = 1e-5;
  Rng rng(20'161);
  int separate = 0;
  int gaussian = 0;
  int ragged = 0;
  for (int i = 0; i < 240; ++i) {
    Case shape(rng);
    separate += shape.spec.trunks == Trunks::separate ? 1 : 0;
    gaussian += shape.spec.head == PolicyHead::gaussian ? 1 : 0;
    ragged += std::ranges::any_of(shape.spec.hidden, [](std::size_t units) { return units % 16 != 0; }) ? 1 : 0;
    const auto fused = make_fused_mlp(shape.spec, shape.parameters, shape.rows);
    const auto torch = make_torch_network(shape.spec, shape.parameters, shape.rows);
    CHECK(fused->observation_size() == shape.spec.inputs);
    CHECK(fused->output_size() == shape.spec.outputs);

    const Results ours = fill_and_learn(*fused, shape);
    const Results theirs = fill_and_learn(*torch, shape);
    INFO(shape.name());
    CHECK(deviation(ours.outputs, theirs.outputs) < kTolerance);
    CHECK(deviation(ours.values, theirs.values) < kTolerance);
    for (const ParameterBlock& block : parameter_layout(shape.spec).blocks) {
      INFO(block.name);
      CHECK(deviation(std::span(ours.gradient).subspan(block.offset, block.size),
                      std::span(theirs.gradient).subspan(block.offset, block.size)) < kTolerance);
    }
  }
  CHECK(separate > 80);
  CHECK(gaussian > 80);
  CHECK(ragged > 120);
}

TEST_CASE("a fused network's backward writes over what stood in the array, and leaves its rows as they were") {
  Rng rng(3);
  for (int i = 0; i < 20; ++i) {
    Case shape(rng);
    INFO(shape.name());
    const auto network = make_fused_mlp(shape.spec, shape.parameters, shape.rows);
    const Results once = fill_and_learn(*network, shape);
    std::vector<float> again(shape.parameters.size(), -1e6F);
    network->backward({.outputs = shape.output_gradients, .values = shape.value_gradients}, again);
    CHECK(again == once.gradient);
  }
}

TEST_CASE("a fused network's gradient is of the first rows only: those behind do not count") {
  Rng rng(4);
  for (int i = 0; i < 20; ++i) {
    Case shape(rng);
    INFO(shape.name());
    const auto network = make_fused_mlp(shape.spec, shape.parameters, shape.rows + 2);
    const Results without = fill_and_learn(*network, shape);
    fill(*network, shape);
    const NetworkOutput behind = network->forward(normals(rng, 2 * shape.spec.inputs), shape.rows, {});
    CHECK(behind.values.size() == 2);
    std::vector<float> gradient(shape.parameters.size());
    network->backward({.outputs = shape.output_gradients, .values = shape.value_gradients}, gradient);
    CHECK(gradient == without.gradient);
  }
}

TEST_CASE("a fused network computes with changed parameters once it has been told, and not before") {
  Rng rng(5);
  for (int i = 0; i < 20; ++i) {
    Case shape(rng);
    INFO(shape.name());
    const auto network = make_fused_mlp(shape.spec, shape.parameters, shape.rows);
    const Results before = fill(*network, shape);
    for (float& p : shape.parameters) p += 0.1F * static_cast<float>(rng.normal());
    CHECK(fill(*network, shape).values == before.values);
    network->parameters_changed();
    const Results after = fill_and_learn(*network, shape);
    const Results of_new = fill_and_learn(*make_fused_mlp(shape.spec, shape.parameters, shape.rows), shape);
    CHECK(after.outputs != before.outputs);
    CHECK(after.values != before.values);
    CHECK(after.outputs == of_new.outputs);
    CHECK(after.values == of_new.values);
    CHECK(after.gradient == of_new.gradient);
  }
}

}  // namespace
}  // namespace sounder
