// Fused networks with a recurrent cell, against formulas written out (fused_reference.h).
#include <algorithm>
#include <vector>

#include "agents/networks/fused_network.h"
#include "tests/agents/networks/fused_case.h"
#include "tests/agents/networks/fused_reference.h"

namespace sounder {
namespace {

double deviation_from(std::span<const float> numbers, const std::vector<double>& expected) {
  return deviation(numbers, std::span(expected));
}

TEST_CASE("fused networks with memory, of any shape, agree with the cells' formulas in double precision",
          "[levels][long]") {
  constexpr double kTolerance = 1e-5;
  const Memory memory = GENERATE(Memory::lstm, Memory::gru);
  Rng rng(20'162);
  int separate = 0;
  int gaussian = 0;
  int valueless = 0;
  int several = 0;
  int ended = 0;
  double worst = 0;
  for (int i = 0; i < 80; ++i) {
    const Case shape(rng, memory);
    separate += shape.spec.trunks == Trunks::separate ? 1 : 0;
    gaussian += shape.spec.head == PolicyHead::gaussian ? 1 : 0;
    valueless += shape.spec.value == ValueHead::none ? 1 : 0;
    several += shape.environments > 1 ? 1 : 0;
    ended += std::ranges::any_of(shape.ends, [](StepEnd end) { return end != StepEnd::none; }) ? 1 : 0;
    std::vector<float> parameters = shape.parameters;
    const auto network = make_fused_network(shape.spec, parameters, shape.rows);
    CHECK(network->state_size() == state_size(shape.spec));

    const Results ours = fill_and_learn(*network, shape);
    const Reference theirs = compute_reference(shape);
    INFO(shape.name());
    CHECK(deviation_from(ours.outputs, theirs.outputs) < kTolerance);
    CHECK(deviation_from(ours.values, theirs.values) < kTolerance);
    CHECK(deviation_from(ours.states, theirs.states) < kTolerance);
    for (const ParameterBlock& block : parameter_layout(shape.spec).blocks) {
      INFO(block.name);
      const auto begin = theirs.gradient.begin() + static_cast<std::ptrdiff_t>(block.offset);
      const std::vector<double> expected(begin, begin + static_cast<std::ptrdiff_t>(block.size));
      const double distance = deviation_from(std::span(ours.gradient).subspan(block.offset, block.size), expected);
      CHECK(distance < kTolerance);
      worst = std::max(worst, distance);
    }
  }
  INFO("worst " << worst);
  CHECK(separate > 25);
  CHECK(gaussian > 25);
  CHECK(valueless > 10);
  CHECK(several > 40);
  CHECK(ended > 40);
}

}  // namespace
}  // namespace sounder
