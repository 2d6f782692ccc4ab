#include "tests/agents/torch_catch.h"

#include "agents/action_value_loss.h"

#include <vector>

#include "envs/random.h"

namespace sounder {
namespace {

TEST_CASE("the loss of action values and its gradient are those of LibTorch's autograd") {
  Rng rng(5);
  for (const std::size_t steps : {1U, 2U, 5U, 20U, 61U}) {
    for (const std::size_t choices : {1U, 2U, 3U, 18U}) {
      for (const float coefficient : {0.5F, 1.0F, 0.7F}) {
        ActionArray actions(Discrete{static_cast<std::int64_t>(choices)}, steps);
        std::vector<float> outputs(steps * choices);
        std::vector<float> targets(steps);
        std::vector<std::int64_t> taken;
        for (float& x : outputs) x = 3 * static_cast<float>(rng.normal());
        for (std::size_t t = 0; t < steps; ++t) {
          targets[t] = 3 * static_cast<float>(rng.normal());
          taken.push_back(rng.below(static_cast<std::int64_t>(choices)));
          actions.discrete(t)[0] = taken.back();
        }
        std::vector<float> gradients(outputs.size(), -99.0F);  // whatever was there before
        const LossSums sums = ActionValueLoss{.value_coefficient = coefficient}.differentiate(
            {.outputs = outputs, .actions = actions, .targets = targets}, gradients);

        const auto rows = static_cast<std::int64_t>(steps);
        const auto q = torch::tensor(outputs).reshape({rows, -1}).set_requires_grad(true);
        const auto q_taken = q.gather(1, torch::tensor(taken).unsqueeze(1)).squeeze(1);
        const auto squared_error = (torch::tensor(targets) - q_taken).pow(2).sum();
        (coefficient * squared_error).backward();

        INFO(steps << " steps, " << choices << " choices, coefficient " << coefficient);
        CHECK((torch::tensor(gradients) - q.grad().flatten()).abs().max().item<double>() < 1e-5);
        CHECK(sums.value == Approx(squared_error.item<double>() / 2).epsilon(1e-5));
        CHECK(sums.policy == 0);
        CHECK(sums.entropy == 0);
      }
    }
  }
}

}  // namespace
}  // namespace sounder
