#include "tests/agents/torch_catch.h"

#include "agents/actor_critic_loss.h"

#include <cmath>
#include <numbers>
#include <vector>

#include "envs/random.h"

namespace sounder {
namespace {

struct Sample {
  std::size_t steps;
  std::size_t choices;
  std::vector<float> logits;
  std::vector<float> values;
  std::vector<float> returns;
  std::vector<float> advantages;
  ActionArray actions;

  Sample(std::size_t t, std::size_t k, Rng& rng)
      : steps(t),
        choices(k),
        logits(t * k),
        values(t),
        returns(t),
        advantages(t),
        actions(Discrete{static_cast<std::int64_t>(k)}, t) {
    for (auto* numbers : {&logits, &values, &returns}) {
      for (float& x : *numbers) x = 3 * static_cast<float>(rng.normal());
    }
    for (std::size_t i = 0; i < t; ++i) {
      advantages[i] = returns[i] - values[i];
      actions.discrete(i)[0] = rng.below(static_cast<std::int64_t>(k));
    }
  }
};

torch::Tensor tensor(const std::vector<float>& values, at::IntArrayRef shape) {
  return torch::tensor(values).reshape(shape);
}

double largest_difference(const std::vector<float>& ours, const torch::Tensor& theirs) {
  return (torch::tensor(ours) - theirs.flatten()).abs().max().item<double>();
}

TEST_CASE("the loss and its gradients are those of the textbook loss in LibTorch's autograd") {
  Rng rng(3);
  for (const std::size_t steps : {1U, 2U, 5U, 20U, 61U}) {
    for (const std::size_t choices : {2U, 3U, 7U, 18U}) {
      const Sample sample(steps, choices, rng);
      const ActorCriticLoss loss{.entropy_coefficient = 0.03F, .value_coefficient = 0.7F};
      std::vector<float> logit_gradients(steps * choices);
      std::vector<float> value_gradients(steps);
      const LossSums sums = loss.differentiate({.outputs = sample.logits,
                                                .values = sample.values,
                                                .actions = sample.actions,
                                                .returns = sample.returns,
                                                .advantages = sample.advantages},
                                               {.outputs = logit_gradients, .values = value_gradients});

      const auto rows = static_cast<std::int64_t>(steps);
      std::vector<std::int64_t> actions;
      for (std::size_t i = 0; i < steps; ++i) actions.push_back(sample.actions.discrete(i)[0]);
      const auto logits = tensor(sample.logits, {rows, -1}).set_requires_grad(true);
      const auto values = tensor(sample.values, {rows}).set_requires_grad(true);
      const auto returns = tensor(sample.returns, {rows});
      const auto log_pi = torch::log_softmax(logits, 1);
      const auto log_pi_action = log_pi.gather(1, torch::tensor(actions).unsqueeze(1)).squeeze(1);
      const auto policy_loss = -(log_pi_action * (returns - values.detach())).sum();
      const auto entropy = -(log_pi.exp() * log_pi).sum();
      const auto squared_error = (returns - values).pow(2).sum();
      (policy_loss - 0.03F * entropy + 0.7F * squared_error).backward();

      INFO(steps << " steps, " << choices << " choices");
      CHECK(largest_difference(logit_gradients, logits.grad()) < 1e-5);
      CHECK(largest_difference(value_gradients, values.grad()) < 1e-5);
      CHECK(sums.policy == Approx(policy_loss.item<double>()).epsilon(1e-5).margin(1e-4));
      CHECK(sums.value == Approx(squared_error.item<double>() / 2).epsilon(1e-5));
      CHECK(sums.entropy == Approx(entropy.item<double>()).epsilon(1e-5));
    }
  }
}

TEST_CASE("the gaussian loss and its gradients are those of the textbook loss in LibTorch's autograd") {
  Rng rng(4);
  for (const std::size_t steps : {1U, 5U, 20U}) {
    for (const std::size_t width : {1U, 2U, 6U}) {
      const auto rows = static_cast<std::int64_t>(steps);
      const auto columns = static_cast<std::int64_t>(width);
      ActionArray actions(Box::uniform(-1, 1, {columns}), steps);
      std::vector<float> outputs(steps * 2 * width);
      std::vector<float> taken;
      std::vector<float> values(steps);
      std::vector<float> returns(steps);
      std::vector<float> advantages(steps);
      for (float& x : outputs) x = 0.5F * static_cast<float>(rng.normal());
      for (std::size_t t = 0; t < steps; ++t) {
        for (float& x : actions.continuous(t)) {
          x = static_cast<float>(rng.normal());
          taken.push_back(x);
        }
        values[t] = static_cast<float>(rng.normal());
        returns[t] = static_cast<float>(rng.normal());
        advantages[t] = returns[t] - values[t];
      }
      const ActorCriticLoss loss{.entropy_coefficient = 0.03F, .value_coefficient = 0.7F, .policy = DiagonalGaussian{}};
      std::vector<float> output_gradients(outputs.size());
      std::vector<float> value_gradients(steps);
      const LossSums sums = loss.differentiate(
          {.outputs = outputs, .values = values, .actions = actions, .returns = returns, .advantages = advantages},
          {.outputs = output_gradients, .values = value_gradients});

      constexpr double kTwoPi = 2 * std::numbers::pi;
      const auto y = tensor(outputs, {rows, -1}).set_requires_grad(true);
      const auto v = tensor(values, {rows}).set_requires_grad(true);
      const auto a = tensor(taken, {rows, columns});
      const auto r = tensor(returns, {rows});
      const auto mean = y.narrow(1, 0, columns);
      const auto variance = y.narrow(1, columns, columns).exp().pow(2);
      const auto log_pi = (-(a - mean).pow(2) / (2 * variance) - (kTwoPi * variance).log() / 2).sum(1);
      const auto policy_loss = -(log_pi * (r - v.detach())).sum();
      const auto entropy = (variance * (kTwoPi * std::numbers::e)).log().sum() / 2;
      const auto squared_error = (r - v).pow(2).sum();
      (policy_loss - 0.03F * entropy + 0.7F * squared_error).backward();

      INFO(steps << " steps, " << width << " numbers");
      const auto scale = y.grad().abs().max().clamp_min(1).item<double>();
      CHECK(largest_difference(output_gradients, y.grad()) < 1e-5 * scale);
      CHECK(largest_difference(value_gradients, v.grad()) < 1e-5);
      CHECK(sums.policy == Approx(policy_loss.item<double>()).epsilon(1e-5).margin(1e-4));
      CHECK(sums.value == Approx(squared_error.item<double>() / 2).epsilon(1e-5));
      CHECK(sums.entropy == Approx(entropy.item<double>()).epsilon(1e-5).margin(1e-5));
    }
  }
}

TEST_CASE("the gradients of one step with two equal logits are as worked out by hand") {
  // pi = (1/2, 1/2), H = ln 2, A = R - V = 3 - 1 = 2, a = 0:
  // d/dz = (1/2 - 1, 1/2) * 2 + beta * 1/2 * (ln 1/2 + ln 2) = (-1, 1);  d/dv = 2 * 0.5 * (1 - 3) = -2
  ActionArray actions(Discrete{2}, 1);
  actions.discrete(0)[0] = 0;
  const std::vector<float> logits{0.25F, 0.25F};
  const std::vector<float> values{1};
  const std::vector<float> returns{3};
  const std::vector<float> advantages{2};
  std::vector<float> logit_gradients(2);
  std::vector<float> value_gradients(1);
  const LossSums sums = ActorCriticLoss{.entropy_coefficient = 0.5F, .value_coefficient = 0.5F}.differentiate(
      {.outputs = logits, .values = values, .actions = actions, .returns = returns, .advantages = advantages},
      {.outputs = logit_gradients, .values = value_gradients});
  CHECK(logit_gradients[0] == Approx(-1).margin(1e-6));
  CHECK(logit_gradients[1] == Approx(1).margin(1e-6));
  CHECK(value_gradients[0] == Approx(-2));
  CHECK(sums.policy == Approx(2 * std::log(2.0)));
  CHECK(sums.value == Approx(2));
  CHECK(sums.entropy == Approx(std::log(2.0)));
}

}  // namespace
}  // namespace sounder
