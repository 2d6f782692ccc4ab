#include "agents/networks/fused_network.h"

#include <algorithm>
#include <string>
#include <vector>

#include "agents/networks/torch_network.h"
#include "tests/agents/networks/fused_case.h"

namespace sounder {
namespace {

/// Each kind of memory in turn.
Memory memory_of(int i) {
  return kMemories[static_cast<std::size_t>(i) % kMemories.size()].value;
}

/// The layers of parameters, weights and bias together: a bias of one unit is a single sum, whose terms may cancel, so
/// that it is compared in units of its layer.
std::vector<ParameterBlock> layers(const std::vector<ParameterBlock>& blocks) {
  std::vector<ParameterBlock> layers;
  for (const ParameterBlock& block : blocks) {
    const std::string name = block.name.substr(0, block.name.rfind('.'));
    if (layers.empty() || layers.back().name != name) {
      layers.push_back({.name = name, .offset = block.offset});
    }
    layers.back().size = block.offset + block.size - layers.back().offset;
  }
  return layers;
}

double deviation_from(std::span<const float> numbers, std::span<const float> expected) {
  return deviation(numbers, expected);
}

TEST_CASE("fused networks of any shape agree with LibTorch on outputs, values and gradients", "[levels][long]") {
  use_one_torch_thread();  // on a busy machine, BLAS's threads wait for each other ten times as long as they compute
  constexpr double kTolerance = 1e-5;
  Rng rng(20'161);
  int separate = 0;
  int gaussian = 0;
  int ragged = 0;
  int kinks = 0;
  for (int i = 0; i < 600; ++i) {
    Case shape(rng, memory_of(i));
    separate += shape.spec.trunks == Trunks::separate ? 1 : 0;
    gaussian += shape.spec.head == PolicyHead::gaussian ? 1 : 0;
    ragged += std::ranges::any_of(shape.spec.hidden, [](std::size_t units) { return units % 16 != 0; }) ? 1 : 0;
    const auto fused = make_fused_network(shape.spec, shape.parameters, shape.rows);
    const auto torch = make_torch_network(shape.spec, shape.parameters, shape.rows);
    CHECK(fused->observation_size() == shape.spec.inputs);
    CHECK(fused->output_size() == shape.spec.outputs);

    const Results ours = fill_and_learn(*fused, shape);
    const Results theirs = fill_and_learn(*torch, shape);
    INFO(shape.name());
    CHECK(deviation_from(ours.outputs, theirs.outputs) < kTolerance);
    CHECK(deviation_from(ours.values, theirs.values) < kTolerance);
    CHECK(deviation_from(ours.states, theirs.states) < kTolerance);
    const auto blocks = layers(parameter_layout(shape.spec).blocks);
    const auto agrees = [&](const ParameterBlock& block) {
      return deviation_from(std::span(ours.gradient).subspan(block.offset, block.size),
                            std::span(theirs.gradient).subspan(block.offset, block.size)) < kTolerance;
    };
    const auto deviates = std::ranges::find_if_not(blocks, agrees);
    if (deviates != blocks.end() && shape.spec.activation == Activation::relu) {
      ++kinks;  // some sum is within rounding of 0, where ReLU has no gradient: either one is right
      continue;
    }
    INFO((deviates == blocks.end() ? "" : deviates->name));
    CHECK(deviates == blocks.end());
  }
  CHECK(kinks <= 6);
  CHECK(separate > 200);
  CHECK(gaussian > 200);
  CHECK(ragged > 300);
}

TEST_CASE("a fused network's backward writes over what stood in the array, and leaves its rows as they were",
          "[levels]") {
  Rng rng(3);
  for (int i = 0; i < 30; ++i) {
    Case shape(rng, memory_of(i));
    INFO(shape.name());
    const auto network = make_fused_network(shape.spec, shape.parameters, shape.rows);
    const Results once = fill_and_learn(*network, shape);
    std::vector<float> again(shape.parameters.size(), -1e6F);
    learn(*network, shape, again);
    CHECK(again == once.gradient);
  }
}

TEST_CASE("a fused network's gradient is of the first rows only: those behind do not count", "[levels]") {
  Rng rng(4);
  for (int i = 0; i < 30; ++i) {
    Case shape(rng, memory_of(i));
    INFO(shape.name());
    const auto network = make_fused_network(shape.spec, shape.parameters, shape.rows + 2);
    const Results without = fill_and_learn(*network, shape);
    fill(*network, shape);
    std::vector<float> states = normals(rng, 2 * network->state_size());
    const NetworkOutput behind = network->forward(normals(rng, 2 * shape.spec.inputs), shape.rows, states);
    CHECK(behind.outputs.size() == 2 * shape.spec.outputs);
    std::vector<float> gradient(shape.parameters.size());
    learn(*network, shape, gradient);
    CHECK(gradient == without.gradient);
  }
}

TEST_CASE("a fused network computes with changed parameters once it has been told, and not before", "[levels]") {
  Rng rng(5);
  for (int i = 0; i < 30; ++i) {
    Case shape(rng, memory_of(i));
    INFO(shape.name());
    const auto network = make_fused_network(shape.spec, shape.parameters, shape.rows);
    const Results before = fill_and_learn(*network, shape);  // what is made for going back must not outlive a change
    for (float& p : shape.parameters) p += 0.1F * static_cast<float>(rng.normal());
    const Results untold = fill(*network, shape);
    CHECK(untold.values == before.values);
    CHECK((shape.spec.head == PolicyHead::gaussian || untold.outputs == before.outputs));  // log_std is not kept
    network->parameters_changed();
    const Results after = fill_and_learn(*network, shape);
    const Results of_new = fill_and_learn(*make_fused_network(shape.spec, shape.parameters, shape.rows), shape);
    CHECK(after.outputs != before.outputs);
    CHECK((after.values.empty() || after.values != before.values));
    CHECK(after.outputs == of_new.outputs);
    CHECK(after.values == of_new.values);
    CHECK(after.states == of_new.states);
    CHECK(after.gradient == of_new.gradient);
  }
}

}  // namespace
}  // namespace sounder
