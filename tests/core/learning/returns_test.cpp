#include "core/learning/returns.h"

#include <cmath>
#include <vector>

#include "tests/catch.h"

using namespace sounder;

namespace {

struct Case {
  const char* what;
  std::vector<float> rewards;
  float bootstrap_value;
  float discount;
  std::vector<float> returns;  // worked out by hand
};

}  // namespace

TEST_CASE("the returns of a rollout equal those worked out by hand") {
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

TEST_CASE("each environment has its own returns, and an episode's end within the rollout cuts them") {
  // Environment 0 terminates at step 1, environment 1 is truncated at step 1 (value 16). Both continue with another
  // episode, which the rollout's end cuts (values 8 and 4).
  const std::vector<float> rewards{1, 10, 2, 20, 3, 30};
  const std::vector<StepEnd> ends{StepEnd::none,      StepEnd::none, StepEnd::terminated,
                                  StepEnd::truncated, StepEnd::none, StepEnd::none};
  const std::vector<float> bootstrap_values{16, 8, 4};  // after rows 3, 4, 5
  std::vector<float> returns(6);
  n_step_returns(
      {.rewards = rewards, .ends = ends, .environments = 2, .bootstrap_values = bootstrap_values, .discount = 0.5F},
      returns);
  CHECK(returns == std::vector<float>{
                       1 + 0.5F * 2,    // continues with the step that terminated,
                       10 + 0.5F * 28,  // or the one that was truncated
                       2,               // terminated
                       20 + 0.5F * 16,  // truncated
                       3 + 0.5F * 8,    // the rollout's end
                       30 + 0.5F * 4,
                   });
}

TEST_CASE("an end at the last step affects its own environment only") {
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

TEST_CASE("lambda-returns equal those worked out by hand, and are cut at every end") {
  // Environment 0 continues to the horizon (value 8). Environment 1 terminates at step 1 and continues with another
  // episode, which the horizon cuts (value 4).
  const std::vector<float> rewards{1, 10, 2, 20, 3, 30};
  const std::vector<StepEnd> ends{StepEnd::none,       StepEnd::none, StepEnd::none,
                                  StepEnd::terminated, StepEnd::none, StepEnd::none};
  const std::vector<float> values{5, 6, 7, 40, 9, 10};
  const std::vector<float> bootstrap_values{8, 4};
  std::vector<float> returns(6);
  lambda_returns(
      {.rewards = rewards, .ends = ends, .environments = 2, .bootstrap_values = bootstrap_values, .discount = 0.5F},
      values, 0.25F, returns);
  const float g2 = 3 + 0.5F * 8;
  const float g1 = 2 + 0.5F * (0.75F * 9 + 0.25F * g2);
  const float g0 = 1 + 0.5F * (0.75F * 7 + 0.25F * g1);
  CHECK(returns == std::vector<float>{g0, 10 + 0.5F * (0.75F * 40 + 0.25F * 20), g1, 20, g2, 30 + 0.5F * 4});
}

TEST_CASE("generalized advantages are discounted sums of one-step errors") {
  // Schulman et al. 2016, equation 16: A_t = sum_l (discount lambda)^l delta_{t+l}
  const std::vector<float> rewards{1, -2, 3, 0.5F};
  const std::vector<float> values{0.5F, 2, -1, 4};
  const float bootstrap = 3;
  const float discount = 0.9F;
  const float lambda = 0.8F;
  std::vector<float> returns(4);
  lambda_returns({.rewards = rewards,
                  .ends = std::vector<StepEnd>(4, StepEnd::none),
                  .environments = 1,
                  .bootstrap_values = std::vector<float>{bootstrap},
                  .discount = discount},
                 values, lambda, returns);
  for (std::size_t t = 0; t < 4; ++t) {
    double advantage = 0;
    for (std::size_t l = t; l < 4; ++l) {
      const double next = l == 3 ? bootstrap : values[l + 1];
      advantage += std::pow(0.9 * 0.8, static_cast<double>(l - t)) * (rewards[l] + 0.9 * next - values[l]);
    }
    CHECK(returns[t] - values[t] == Approx(advantage).epsilon(1e-5));
  }
}

TEST_CASE("lambda-returns with a lambda of 1 equal the n-step returns, to the last bit") {
  const std::vector<float> rewards{0.1F, 0.7F, -1.3F, 2.9F};
  const std::vector<StepEnd> ends(4, StepEnd::none);
  const std::vector<float> bootstraps{0.3F};
  const ReturnInputs inputs{
      .rewards = rewards, .ends = ends, .environments = 1, .bootstrap_values = bootstraps, .discount = 0.97F};
  std::vector<float> n_step(4);
  std::vector<float> lambda(4);
  n_step_returns(inputs, n_step);
  lambda_returns(inputs, std::vector<float>{1e3F, -7, 0.5F, 11}, 1, lambda);
  CHECK(lambda == n_step);
}
