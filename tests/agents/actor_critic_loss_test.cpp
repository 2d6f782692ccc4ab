#include "tests/agents/torch_catch.h"

#include "agents/actor_critic_loss.h"

#include <cmath>
#include <functional>
#include <numbers>
#include <string>
#include <variant>
#include <vector>

#include "envs/random.h"

namespace sounder {
namespace {

constexpr double kTwoPi = 2 * std::numbers::pi;
constexpr float kBeta = 0.03F;
constexpr float kValueCoefficient = 0.7F;

/// LibTorch's log pi(a) and H, [T] each, for outputs y [T, K] and actions a [T, width].
struct Terms {
  torch::Tensor log_pi;
  torch::Tensor entropy;
};

Terms categorical(const torch::Tensor& y, const torch::Tensor& a) {
  const auto log_pi = torch::log_softmax(y, 1);
  return {log_pi.gather(1, a.to(torch::kLong)).squeeze(1), -(log_pi.exp() * log_pi).sum(1)};
}

Terms bernoulli(const torch::Tensor& y, const torch::Tensor& a) {
  const auto entropy = torch::binary_cross_entropy_with_logits(y, torch::sigmoid(y), {}, {}, at::Reduction::None);
  return {-torch::binary_cross_entropy_with_logits(y, a, {}, {}, at::Reduction::None).sum(1), entropy.sum(1)};
}

Terms gaussian(const torch::Tensor& y, const torch::Tensor& a) {
  const auto half = y.chunk(2, 1);
  const auto variance = half[1].exp().pow(2);
  return {(-(a - half[0]).pow(2) / (2 * variance) - (kTwoPi * variance).log() / 2).sum(1),
          (variance * (kTwoPi * std::numbers::e)).log().sum(1) / 2};
}

Terms squashed(const torch::Tensor& y, const torch::Tensor& u) {
  const auto half = y.chunk(2, 1);
  const auto noise = ((u - half[0]) / half[1].exp()).detach();
  const auto drawn = half[0] + half[1].exp() * noise;
  const auto [log_pi, entropy] = gaussian(y, u);
  return {log_pi - (1 - u.tanh().pow(2)).log().sum(1), entropy + (1 - drawn.tanh().pow(2)).log().sum(1)};
}

struct Case {
  std::string name;
  Space space;
  PolicyDistribution policy;
  std::size_t outputs;
  double spread;  ///< of the outputs
  std::function<Terms(const torch::Tensor&, const torch::Tensor&)> terms;
};

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const std::int64_t n : {2, 3, 7, 18}) {
    all.push_back({"one choice", Discrete{n}, Categorical{}, static_cast<std::size_t>(n), 3, categorical});
    all.push_back({"switches", MultiBinary{n}, Bernoulli{}, static_cast<std::size_t>(n), 3, bernoulli});
  }
  for (const std::vector<std::int64_t>& counts : {std::vector<std::int64_t>{3}, {2, 2}, {4, 1, 5}}) {
    const MultiCategorical policy(MultiDiscrete{counts});
    all.push_back({"choices", MultiDiscrete{counts}, policy, policy.outputs(), 3,
                   [counts](const torch::Tensor& y, const torch::Tensor& a) {
                     const auto zero = torch::zeros({y.size(0)}, torch::kDouble);
                     Terms sum{zero, zero};
                     std::int64_t first = 0;
                     for (std::size_t i = 0; i < counts.size(); first += counts[i++]) {
                       const auto [log_pi, entropy] =
                           categorical(y.narrow(1, first, counts[i]), a.narrow(1, static_cast<std::int64_t>(i), 1));
                       sum = {sum.log_pi + log_pi, sum.entropy + entropy};
                     }
                     return sum;
                   }});
  }
  for (const std::int64_t n : {1, 2, 6}) {
    const Box box = Box::uniform(-2, 2, {n});
    const auto outputs = static_cast<std::size_t>(2 * n);
    all.push_back({"normal numbers", box, DiagonalGaussian{}, outputs, 0.5, gaussian});
    all.push_back({"squashed numbers", box, SquashedGaussian{}, outputs, 0.5, squashed});
  }
  return all;
}

/// A rollout with outputs, values and returns drawn at random, and actions uniformly.
struct Sample {
  std::vector<float> outputs;
  std::vector<float> values;
  std::vector<float> returns;
  std::vector<float> advantages;
  ActionArray actions;

  Sample(const Case& of, std::size_t steps, Rng& rng)
      : outputs(steps * of.outputs), values(steps), returns(steps), advantages(steps), actions(of.space, steps) {
    for (float& x : outputs) x = static_cast<float>(of.spread * rng.normal());
    for (std::size_t t = 0; t < steps; ++t) {
      values[t] = 3 * static_cast<float>(rng.normal());
      returns[t] = 3 * static_cast<float>(rng.normal());
      advantages[t] = returns[t] - values[t];
      actions.sample(t, of.space, rng);
    }
  }
};

torch::Tensor tensor(const std::vector<float>& values, at::IntArrayRef shape) {
  return torch::tensor(values, torch::kDouble).reshape(shape);
}

torch::Tensor tensor(const ActionArray& actions, const Space& space) {
  std::vector<float> numbers;
  for (std::size_t t = 0; t < actions.rows(); ++t) {
    const auto append = [&](const auto& row) {
      for (const auto number : row) numbers.push_back(static_cast<float>(number));
    };
    if (std::holds_alternative<Box>(space)) {
      append(actions.continuous(t));
    } else {
      append(actions.discrete(t));
    }
  }
  return tensor(numbers, {static_cast<std::int64_t>(actions.rows()), -1});
}

/// The largest difference of two gradients, relative where a number is larger than 1.
double largest_difference(const std::vector<float>& ours, const torch::Tensor& theirs) {
  const auto expected = theirs.flatten();
  return ((torch::tensor(ours, torch::kDouble) - expected) / expected.abs().clamp_min(1)).abs().max().item<double>();
}

TEST_CASE("with each distribution, the loss and its gradients are those of LibTorch's autograd") {
  Rng rng(3);
  for (const Case& of : cases()) {
    for (const std::size_t steps : {1U, 2U, 5U, 20U, 61U}) {
      const Sample sample(of, steps, rng);
      const ActorCriticLoss loss{
          .entropy_coefficient = kBeta, .value_coefficient = kValueCoefficient, .policy = of.policy};
      std::vector<float> output_gradients(sample.outputs.size());
      std::vector<float> value_gradients(steps);
      const LossSums sums = loss.differentiate({.outputs = sample.outputs,
                                                .values = sample.values,
                                                .actions = sample.actions,
                                                .returns = sample.returns,
                                                .advantages = sample.advantages},
                                               {.outputs = output_gradients, .values = value_gradients});

      const auto rows = static_cast<std::int64_t>(steps);
      const auto outputs = tensor(sample.outputs, {rows, -1}).set_requires_grad(true);
      const auto values = tensor(sample.values, {rows}).set_requires_grad(true);
      const auto returns = tensor(sample.returns, {rows});
      const Terms terms = of.terms(outputs, tensor(sample.actions, of.space));
      const auto policy_loss = -(terms.log_pi * (returns - values.detach())).sum();
      const auto entropy = terms.entropy.sum();
      const auto squared_error = (returns - values).pow(2).sum();
      (policy_loss - kBeta * entropy + kValueCoefficient * squared_error).backward();

      INFO(of.name << ": " << steps << " steps, " << of.outputs << " outputs");
      CHECK(largest_difference(output_gradients, outputs.grad()) < 1e-5);
      CHECK(largest_difference(value_gradients, values.grad()) < 1e-5);
      CHECK(sums.policy == Approx(policy_loss.item<double>()).epsilon(1e-5).margin(1e-4));
      CHECK(sums.value == Approx(squared_error.item<double>() / 2).epsilon(1e-5));
      CHECK(sums.entropy == Approx(entropy.item<double>()).epsilon(1e-5).margin(1e-4));
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
