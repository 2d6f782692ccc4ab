#include "agents/action_value_targets.h"

#include <vector>

#include "tests/catch.h"

namespace sounder {
namespace {

using Floats = std::vector<float>;

Floats targets(const ReturnInputs& inputs, const Floats& row_values) {
  Floats result(row_values.size());
  one_step_targets(inputs, row_values, result);
  return result;
}

TEST_CASE("a one-step target is the reward plus the value of the next observation") {
  const Floats rewards{1, 2, 3};
  const Floats row_values{-100, 10, 20};  // no target uses the first one
  const auto after = [&](StepEnd end, const Floats& bootstrap_values) {
    const std::vector<StepEnd> ends{StepEnd::none, StepEnd::none, end};
    return targets(
        {.rewards = rewards, .ends = ends, .environments = 1, .bootstrap_values = bootstrap_values, .discount = 0.5F},
        row_values);
  };
  CHECK(after(StepEnd::terminated, {}) == Floats{1 + 5, 2 + 10, 3});
  CHECK(after(StepEnd::truncated, {8}) == Floats{1 + 5, 2 + 10, 3 + 4});
  CHECK(after(StepEnd::none, {8}) == Floats{1 + 5, 2 + 10, 3 + 4});
}

TEST_CASE("one-step targets of several environments, whose episodes end within the rollout") {
  // Environment 0 is truncated with its step 0, terminates with its step 1 and goes on after its step 2; environment 1
  // terminates with its step 0, goes on after its step 1 and is truncated with its step 2.
  const std::vector<StepEnd> ends{StepEnd::truncated, StepEnd::terminated, StepEnd::terminated,
                                  StepEnd::none,      StepEnd::none,       StepEnd::truncated};
  CHECK(targets({.rewards = Floats{1, 2, 3, 4, 5, 6},
                 .ends = ends,
                 .environments = 2,
                 .bootstrap_values = Floats{16, 32, 64},  // after the rows 0, 4, 5
                 .discount = 0.5F},
                {-100, -100, -100, -100, -100, 10}) == Floats{1 + 8, 2, 3, 4 + 5, 5 + 16, 6 + 32});
}

}  // namespace
}  // namespace sounder
