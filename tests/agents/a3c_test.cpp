#include "agents/a3c.h"

#include <cmath>
#include <vector>

#include "tests/catch.h"

namespace sounder {
namespace {

/// A network without parameters: two equal logits, and the value is the observation itself. It keeps what it is asked.
class EchoNetwork final : public Network {
 public:
  struct Record {
    std::vector<float> observations;
    std::vector<std::size_t> rows;
    std::vector<float> output_gradients;
    std::vector<float> value_gradients;
  };
  explicit EchoNetwork(Record& record) : record_(record) {}

  std::size_t observation_size() const noexcept override { return 1; }
  std::size_t output_size() const noexcept override { return 2; }
  void parameters_changed() override {}
  NetworkOutput forward(std::span<const float> observations, std::size_t first_row) override {
    record_.observations.insert(record_.observations.end(), observations.begin(), observations.end());
    record_.rows.push_back(first_row);
    logits_.assign(2 * observations.size(), 0);
    values_.assign(observations.begin(), observations.end());
    return {.outputs = logits_, .values = values_};
  }
  void backward(std::span<const float> output_gradients, std::span<const float> value_gradients,
                std::span<float> /*gradient*/) override {
    record_.output_gradients.assign(output_gradients.begin(), output_gradients.end());
    record_.value_gradients.assign(value_gradients.begin(), value_gradients.end());
  }

 private:
  Record& record_;
  std::vector<float> logits_;
  std::vector<float> values_;
};

const EnvironmentSpec kSpec{.observation_space = Box::bounds({-100}, {100}), .action_space = Discrete{2}};

/// Acts on observations 1 and 2 with rewards 10 and 20, then ends before observation 3, and learns with discount 0.5.
EchoNetwork::Record learn(RolloutEnd end, LossSums* sums = nullptr) {
  EchoNetwork::Record record;
  A3c agent(std::make_unique<EchoNetwork>(record), 2,
            {.discount = 0.5F, .loss = {.entropy_coefficient = 0, .value_coefficient = 0.5F}});
  Rollout rollout(kSpec, 2);
  Rng rng(1);
  for (const float observation : {1.0F, 2.0F}) {
    const std::size_t row = rollout.begin_step(std::vector{observation});
    agent.act({.observations = rollout.observation(row), .first_row = row, .selection = Selection::greedy, .rng = rng},
              rollout.actions());
    rollout.end_step(10 * observation);
  }
  rollout.finish(std::vector<float>{3}, end);
  std::vector<float> gradient;
  const LossSums losses = agent.learn(rollout, gradient);
  if (sums != nullptr) *sums = losses;
  return record;
}

TEST_CASE("a terminated rollout's return ends with its last reward") {
  // R_1 = 20, R_0 = 10 + 0.5 * 20 = 20; value gradients V - R = (1 - 20, 2 - 20)
  LossSums sums;
  const auto record = learn(RolloutEnd::terminated, &sums);
  CHECK(record.value_gradients == std::vector<float>{-19, -18});
  CHECK(record.observations == std::vector<float>{1, 2});  // no bootstrap
  // Greedy is the first of equals, action 0: (pi - 1) A = -0.5 A for it, 0.5 A for the other.
  CHECK(record.output_gradients == std::vector<float>{-9.5F, 9.5F, -9, 9});
  CHECK(sums.value == Approx(0.5 * (19 * 19 + 18 * 18)));
  CHECK(sums.policy == Approx(std::log(2.0) * (19 + 18)));
  CHECK(sums.entropy == Approx(2 * std::log(2.0)));
}

TEST_CASE("a rollout that was cut is bootstrapped with the value of the observation after its last action") {
  // R_1 = 20 + 0.5 * 3 = 21.5, R_0 = 10 + 0.5 * 21.5 = 20.75
  for (const RolloutEnd end : {RolloutEnd::horizon, RolloutEnd::truncated}) {
    const auto record = learn(end);
    CHECK(record.value_gradients == std::vector<float>{1 - 20.75F, 2 - 21.5F});
    CHECK(record.observations == std::vector<float>{1, 2, 3});
    CHECK(record.rows == std::vector<std::size_t>{0, 1, 2});  // in a row of its own
  }
}

}  // namespace
}  // namespace sounder
