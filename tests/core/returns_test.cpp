#include "core/returns.h"

#include <vector>

#include "tests/catch.h"

using namespace sounder;

namespace {

struct Case {
  const char* what;
  std::vector<float> rewards;
  float bootstrap_value;
  float discount;
  std::vector<float> returns;  // by hand
};

}  // namespace

TEST_CASE("the returns of a rollout are those worked out by hand") {
  const auto row = GENERATE(values<Case>({
      // 3; 2 + 3/2; 1 + 3.5/2
      {"terminated: the bootstrap value is 0", {1, 2, 3}, 0, 0.5F, {2.75F, 3.5F, 3}},
      // 3 + 8/2 = 7; 2 + 7/2 = 5.5; 1 + 5.5/2 = 3.75
      {"truncated: the bootstrap value goes on", {1, 2, 3}, 8, 0.5F, {3.75F, 5.5F, 7}},
      // 1 + 0.9 * 10 = 10; 1 + 0.9 * 10; ...: the fixed point of a reward of 1
      {"cut at t_max in a stationary task", {1, 1, 1, 1}, 10, 0.9F, {10, 10, 10, 10}},
      // -1 + 0.9 * 2 = 0.8
      {"one step, cut", {-1}, 2, 0.9F, {0.8F}},
      {"one step, terminated", {-1}, 0, 0.9F, {-1}},
      // a single reward at the end, seen from 0, 1, ..., 7 steps before it
      {"full length, one late reward", {0, 0, 0, 0, 0, 0, 0, 128}, 0, 0.5F, {1, 2, 4, 8, 16, 32, 64, 128}},
      {"full length, nothing but the bootstrap value",
       {0, 0, 0, 0, 0, 0, 0, 0},
       256,
       0.5F,
       {1, 2, 4, 8, 16, 32, 64, 128}},
      {"undiscounted", {1, -2, 4}, 0.5F, 1, {3.5F, 2.5F, 4.5F}},
      {"discounted wholly", {1, -2, 4}, 100, 0, {1, -2, 4}},
  }));
  INFO(row.what);
  std::vector<float> returns(row.rewards.size());
  std::vector<StepEnd> ends(row.rewards.size(), StepEnd::none);
  std::vector<float> bootstrap_values{row.bootstrap_value};
  if (row.bootstrap_value == 0) {
    ends.back() = StepEnd::terminated;
    bootstrap_values.clear();
  }
  n_step_returns({.rewards = row.rewards,
                  .ends = ends,
                  .environments = 1,
                  .bootstrap_values = bootstrap_values,
                  .discount = row.discount},
                 returns);
  for (std::size_t t = 0; t < returns.size(); ++t) {
    INFO("step " << t);
    CHECK(returns[t] == Approx(row.returns[t]).epsilon(1e-6));
  }
}

TEST_CASE("each environment has returns of its own, and an episode's end within the rollout cuts them") {
  // Environment 0 terminates with its step 1, environment 1 is truncated with its step 1 (of value 16); both go on with
  // another episode, and are cut by the rollout's end (values 8 and 4).
  const std::vector<float> rewards{1, 10, 2, 20, 3, 30};
  const std::vector<StepEnd> ends{StepEnd::none,      StepEnd::none, StepEnd::terminated,
                                  StepEnd::truncated, StepEnd::none, StepEnd::none};
  const std::vector<float> bootstrap_values{16, 8, 4};  // after the rows 3, 4, 5
  std::vector<float> returns(6);
  n_step_returns(
      {.rewards = rewards, .ends = ends, .environments = 2, .bootstrap_values = bootstrap_values, .discount = 0.5F},
      returns);
  CHECK(returns == std::vector<float>{
                       1 + 0.5F * 2,    // goes on with the step that terminated,
                       10 + 0.5F * 28,  // or that was truncated
                       2,               // terminated
                       20 + 0.5F * 16,  // truncated
                       3 + 0.5F * 8,    // the rollout's end
                       30 + 0.5F * 4,
                   });
}

TEST_CASE("an end with the last step counts in its own environment only") {
  const std::vector<StepEnd> ends{StepEnd::none, StepEnd::terminated, StepEnd::truncated};
  std::vector<float> returns(3);
  n_step_returns({.rewards = std::vector<float>{1, 2, 3},
                  .ends = ends,
                  .environments = 3,
                  .bootstrap_values = std::vector<float>{10, 20},
                  .discount = 0.5F},
                 returns);
  CHECK(returns == std::vector<float>{6, 2, 13});
}

TEST_CASE("an advantage is the return minus the value") {
  std::vector<float> result(3);
  advantages(std::vector<float>{3, -1, 0.5F}, std::vector<float>{1, -4, 2}, result);
  CHECK(result == std::vector<float>{2, 3, -1.5F});
}
