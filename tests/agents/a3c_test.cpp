#include "agents/a3c.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "agents/factory.h"
#include "tests/catch.h"

namespace sounder {
namespace {

/// A network without parameters: two equal logits, and the observation as the value. Records its inputs. With a state,
/// of one number, it sums the observations, and adds a hundred times the state before to the value.
class EchoNetwork final : public Network {
 public:
  struct Record {
    std::vector<float> observations;
    std::vector<std::size_t> rows;
    std::vector<float> output_gradients;
    std::vector<float> value_gradients;
  };
  explicit EchoNetwork(Record& record, std::size_t state_size = 0) : record_(record), state_size_(state_size) {}

  std::size_t observation_size() const noexcept override { return 1; }
  std::size_t output_size() const noexcept override { return 2; }
  std::size_t state_size() const noexcept override { return state_size_; }
  void parameters_changed() override {}
  NetworkOutput forward(std::span<const float> observations, std::size_t first_row, std::span<float> states) override {
    record_.observations.insert(record_.observations.end(), observations.begin(), observations.end());
    record_.rows.push_back(first_row);
    std::ranges::copy(observations, values_.begin() + static_cast<std::ptrdiff_t>(first_row));
    for (std::size_t i = 0; i < states.size(); ++i) {
      values_[first_row + i] += 100 * states[i];
      states[i] += observations[i];
    }
    return {.outputs = {logits_.data() + 2 * first_row, 2 * observations.size()},
            .values = {values_.data() + first_row, observations.size()}};
  }
  NetworkOutput remembered(std::size_t rows) const noexcept override {
    return {.outputs = {logits_.data(), 2 * rows}, .values = {values_.data(), rows}};
  }
  void backward(const OutputGradients& gradients, std::span<float> /*gradient*/) override {
    record_.output_gradients.assign(gradients.outputs.begin(), gradients.outputs.end());
    record_.value_gradients.assign(gradients.values.begin(), gradients.values.end());
  }

 private:
  Record& record_;
  std::size_t state_size_;
  static constexpr std::size_t kRows = 16;
  std::vector<float> logits_ = std::vector<float>(2 * kRows);
  std::vector<float> values_ = std::vector<float>(kRows);
};

const EnvironmentSpec kSpec{.observation_space = Box::bounds({-100}, {100}), .action_space = Discrete{2}};

/// Acts on observations 1 and 2 with rewards 10 and 20, then ends before observation 3, and learns with discount 0.5.
EchoNetwork::Record learn(StepEnd end, LossSums* sums = nullptr) {
  EchoNetwork::Record record;
  A3c agent(std::make_unique<EchoNetwork>(record), {.observations = 1, .steps = 2},
            {.discount = 0.5F, .loss = {.entropy_coefficient = 0, .value_coefficient = 0.5F}});
  Rollout rollout(kSpec, {.steps = 2});
  for (const float observation : {1.0F, 2.0F}) {
    const std::size_t row = rollout.begin_step(std::vector{observation});
    agent.act({.observations = rollout.observation(row), .first_row = row, .selection = Selection::greedy},
              rollout.actions());
    rollout.end_step(10 * observation, observation == 2 ? end : StepEnd::none, std::vector{observation + 1});
  }
  rollout.finish(std::vector<float>{3});
  std::vector<float> gradient;
  const LossSums losses = agent.learn(rollout, gradient);
  if (sums != nullptr) *sums = losses;
  return record;
}

TEST_CASE("a terminated rollout's return ends with its last reward") {
  // R_1 = 20, R_0 = 10 + 0.5 * 20 = 20; value gradients V - R = (1 - 20, 2 - 20)
  LossSums sums;
  const auto record = learn(StepEnd::terminated, &sums);
  CHECK(record.value_gradients == std::vector<float>{-19, -18});
  CHECK(record.observations == std::vector<float>{1, 2});  // no bootstrap
  // The greedy action is the first in a tie, action 0: (pi - 1) A = -0.5 A for it, 0.5 A for the other.
  CHECK(record.output_gradients == std::vector<float>{-9.5F, 9.5F, -9, 9});
  CHECK(sums.value == Approx(0.5 * (19 * 19 + 18 * 18)));
  CHECK(sums.policy == Approx(std::log(2.0) * (19 + 18)));
  CHECK(sums.entropy == Approx(2 * std::log(2.0)));
}

TEST_CASE("a truncated rollout is bootstrapped with the value of the observation after its last action") {
  // R_1 = 20 + 0.5 * 3 = 21.5, R_0 = 10 + 0.5 * 21.5 = 20.75
  for (const StepEnd end : {StepEnd::none, StepEnd::truncated}) {
    const auto record = learn(end);
    CHECK(record.value_gradients == std::vector<float>{1 - 20.75F, 2 - 21.5F});
    CHECK(record.observations == std::vector<float>{1, 2, 3});
    CHECK(record.rows == std::vector<std::size_t>{0, 1, 2});  // in its own row
  }
}

/// Two environments and two steps with reward 0, with discount 0.5. Environment k's observations are k + 1 before the
/// first step and k + 3 before the second; after a step that was truncated it is 10 times that.
EchoNetwork::Record learn_from_two(const std::vector<StepEnd>& ends) {
  EchoNetwork::Record record;
  A3c agent(std::make_unique<EchoNetwork>(record), {.observations = 2, .steps = 2},
            {.discount = 0.5F, .loss = {.entropy_coefficient = 0, .value_coefficient = 0.5F}});
  Rollout rollout(kSpec, {.steps = 2, .environments = 2});
  for (const float first : {1.0F, 3.0F}) {
    const std::vector<float> observations{first, first + 1};
    const std::size_t row = rollout.begin_step(observations);
    agent.act({.observations = observations, .first_row = row, .selection = Selection::greedy}, rollout.actions());
    for (std::size_t k = 0; k < 2; ++k) rollout.end_step(0, ends[row + k], std::vector{10 * observations[k]});
  }
  rollout.finish(std::vector<float>{5, 6});
  std::vector<float> gradient;
  agent.learn(rollout, gradient);
  return record;
}

TEST_CASE("several environments are acted on together, and each bootstraps after its own last action") {
  const auto record = learn_from_two(std::vector<StepEnd>(4, StepEnd::none));
  CHECK(record.observations == std::vector<float>{1, 2, 3, 4, 5, 6});
  CHECK(record.rows == std::vector<std::size_t>{0, 2, 4});
  // R = (5 / 4, 6 / 4, 5 / 2, 6 / 2)
  CHECK(record.value_gradients == std::vector<float>{1 - 1.25F, 2 - 1.5F, 3 - 2.5F, 4 - 3.0F});
}

TEST_CASE("truncations within a rollout bootstrap too, in chunks of the rows that the network has") {
  // Environment 0 is truncated with both steps, environment 1 with its first: N = 4, two at a time.
  const auto record = learn_from_two({StepEnd::truncated, StepEnd::truncated, StepEnd::truncated, StepEnd::none});
  CHECK(record.observations == std::vector<float>{1, 2, 3, 4, 10, 20, 30, 6});
  CHECK(record.rows == std::vector<std::size_t>{0, 2, 4, 4});
  CHECK(record.value_gradients == std::vector<float>{1 - 5.0F, 2 - 10.0F, 3 - 15.0F, 4 - 3.0F});
}

TEST_CASE("the last chunk of bootstrap values has the remaining rows, and without any there is no pass") {
  const auto record = learn_from_two({StepEnd::truncated, StepEnd::terminated, StepEnd::none, StepEnd::truncated});
  CHECK(record.observations == std::vector<float>{1, 2, 3, 4, 10, 5, 40});
  CHECK(record.rows == std::vector<std::size_t>{0, 2, 4, 4});
  CHECK(record.value_gradients == std::vector<float>{1 - 5.0F, 2 - 0.0F, 3 - 2.5F, 4 - 20.0F});
  CHECK(learn_from_two(std::vector<StepEnd>(4, StepEnd::terminated)).rows == std::vector<std::size_t>{0, 2});
}

TEST_CASE("a bootstrap value uses the state after its own row, and does not advance it") {
  EchoNetwork::Record record;
  A3c agent(std::make_unique<EchoNetwork>(record, 1), {.observations = 2, .steps = 2},
            {.discount = 0.5F, .loss = {.entropy_coefficient = 0, .value_coefficient = 0.5F}});
  Rollout rollout(kSpec, {.steps = 2, .environments = 2});
  std::vector<float> states{0, 0};
  for (const float first : {1.0F, 3.0F}) {
    const std::vector<float> observations{first, first + 1};
    const std::size_t row = rollout.begin_step(observations);
    agent.act({.observations = observations, .first_row = row, .selection = Selection::greedy, .states = states},
              rollout.actions());
    const bool cut = first == 1;  // environment 0, by its first step
    rollout.end_step(0, cut ? StepEnd::truncated : StepEnd::none, std::vector<float>{10});
    rollout.end_step(0, StepEnd::none, std::vector<float>{20});
    if (cut) states[0] = 0;
  }
  rollout.finish(std::vector<float>{5, 6});
  std::vector<float> gradient;
  agent.learn(rollout, gradient);
  // V = (1, 2, 3, 4 + 100 * 2). After row 0 the state is 1, after row 2 it is 3, after row 3 it is 2 + 4:
  // bootstrap values of 10 + 100, 5 + 300, 6 + 600; R = (110 / 2, 606 / 4, 305 / 2, 606 / 2)
  CHECK(record.value_gradients == std::vector<float>{1 - 55.0F, 2 - 151.5F, 3 - 152.5F, 204 - 303.0F});
  CHECK(states == std::vector<float>{3, 6});
}

/// Returns one number of the gradient of a rollout of two steps that ends with a reward. The network's parameters are
/// zero except for the policy's bias, (1, 0).
float gradient_of(const TrainConfig& config, float reward, const std::string& name) {
  const auto agents = make_agent_factory(config, kSpec);
  const auto& blocks = agents->layout().blocks;
  const auto offset_of = [&](const std::string& wanted) {
    const auto block = std::ranges::find(blocks, wanted, &ParameterBlock::name);
    REQUIRE(block != blocks.end());
    return block->offset;
  };
  std::vector<float> parameters(agents->layout().size);
  parameters[offset_of("policy_head.bias")] = 1;
  const auto agent = agents->make({.parameters = parameters}, {.observations = 1, .steps = 2});
  agent->parameters_changed();
  Rollout rollout(kSpec, {.steps = 2});
  for (const bool last : {false, true}) {
    const std::size_t row = rollout.begin_step(std::vector<float>{0});
    agent->act({.observations = rollout.observation(row), .first_row = row, .selection = Selection::greedy},
               rollout.actions());
    rollout.end_step(last ? reward : 0, last ? StepEnd::terminated : StepEnd::none, std::vector<float>{0});
  }
  rollout.finish(std::vector<float>{0});
  std::vector<float> gradient(parameters.size());
  agent->learn(rollout, gradient);
  return gradient[offset_of(name)];
}

TEST_CASE("a3c and a2c use the configured discount and the configured weights of entropy and value") {
  TrainConfig config{.environment = "Echo-v0",
                     .algorithm = GENERATE("a3c", "a2c"),
                     .hidden = {4},
                     .trunks = "separate",
                     .discount = GENERATE(0.5, 0.9),
                     .entropy_coefficient = GENERATE(0.1, 0.02),
                     .value_coefficient = GENERATE(0.5, 0.25)};
  // R = (gamma, 1), V = 0: the sum of 2 c (V - R)
  CHECK(static_cast<double>(gradient_of(config, 1, "value_head.bias")) ==
        Approx(-2 * config.value_coefficient * (1 + config.discount)));
  // pi = (0.731059, 0.268941), H = 0.582203; beta pi_0 (log pi_0 + H) of each step, and no advantage
  CHECK(static_cast<double>(gradient_of(config, 0, "policy_head.bias")) ==
        Approx(config.entropy_coefficient * 2 * 0.1966119).epsilon(1e-4));
}

TEST_CASE("each row is sampled from its own stream") {
  EchoNetwork::Record record;
  A3c agent(std::make_unique<EchoNetwork>(record), {.observations = 3, .steps = 1},
            {.discount = 0.5F, .loss = {.entropy_coefficient = 0, .value_coefficient = 0.5F}});
  const auto draw = [&](std::vector<Rng>& rngs) {
    ActionArray actions(kSpec.action_space, 3);
    agent.act({.observations = std::vector<float>(rngs.size()), .rngs = rngs}, actions);
    std::vector<std::int64_t> choices;
    for (std::size_t row = 0; row < rngs.size(); ++row) choices.push_back(actions.discrete(row)[0]);
    return choices;
  };
  std::vector<Rng> together{Rng(1), Rng(2), Rng(3)};
  std::vector<std::vector<Rng>> alone{{Rng(1)}, {Rng(2)}, {Rng(3)}};
  for (int i = 0; i < 20; ++i) {
    const std::vector<std::int64_t> choices = draw(together);
    for (std::size_t row = 0; row < 3; ++row) CHECK(draw(alone[row])[0] == choices[row]);
  }
  for (std::size_t row = 0; row < 3; ++row) CHECK(together[row] == alone[row][0]);
}

}  // namespace
}  // namespace sounder
