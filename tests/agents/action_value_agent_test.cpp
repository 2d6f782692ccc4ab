#include "agents/action_value_agent.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "tests/catch.h"

namespace sounder {
namespace {

using Floats = std::vector<float>;
using Mask = std::vector<std::uint8_t>;

/// A network without parameters for two actions. Online, the observation itself is their values. As a target network,
/// its values are ten times those in reverse order, so that the two networks' best actions differ.
class EchoNetwork final : public Network {
 public:
  enum class Role { online, target };
  struct Record {
    Floats observations;
    std::vector<std::size_t> rows;
    Floats output_gradients;
    std::size_t value_gradients = 0;
    int changes = 0;
  };
  EchoNetwork(Role role, std::size_t rows, Record& record) : role_(role), outputs_(2 * rows), record_(record) {}

  std::size_t observation_size() const noexcept override { return 2; }
  std::size_t output_size() const noexcept override { return 2; }
  void parameters_changed() override { ++record_.changes; }
  NetworkOutput forward(std::span<const float> observations, std::size_t first_row,
                        std::span<float> /*states*/) override {
    record_.observations.insert(record_.observations.end(), observations.begin(), observations.end());
    record_.rows.push_back(first_row);
    const std::span<float> outputs = std::span(outputs_).subspan(2 * first_row, observations.size());
    for (std::size_t i = 0; i < observations.size(); ++i) {
      outputs[i] = role_ == Role::online ? observations[i] : 10 * observations[i ^ 1U];
    }
    return {.outputs = outputs, .values = {}};
  }
  NetworkOutput remembered(std::size_t rows) const noexcept override {
    return {.outputs = {outputs_.data(), 2 * rows}, .values = {}};
  }
  void backward(const OutputGradients& gradients, std::span<float> /*gradient*/) override {
    record_.output_gradients.assign(gradients.outputs.begin(), gradients.outputs.end());
    record_.value_gradients = gradients.values.size();
  }

 private:
  Role role_;
  Floats outputs_;
  Record& record_;
};

const EnvironmentSpec kSpec{.observation_space = Box::bounds({-100, -100}, {100, 100}), .action_space = Discrete{2}};
constexpr TargetRule kOneStepQ{.lookahead = Lookahead::one_step, .next_action = NextAction::best};
constexpr TargetRule kOneStepSarsa{.lookahead = Lookahead::one_step, .next_action = NextAction::taken};
constexpr TargetRule kNStepQ{.lookahead = Lookahead::rollout, .next_action = NextAction::best};

/// Records an agent's use of its networks.
struct Records {
  EchoNetwork::Record online;
  EchoNetwork::Record target;
};

ActionValueAgent make_agent(Records& records, TargetRule rule, const AgentUse& use) {
  using Role = EchoNetwork::Role;
  const std::size_t online_rows = ActionValueAgent::network_rows(use);
  const std::size_t target_rows = ActionValueAgent::target_rows(use);
  return ActionValueAgent({.online = std::make_unique<EchoNetwork>(Role::online, online_rows, records.online),
                           .target = std::make_unique<EchoNetwork>(Role::target, target_rows, records.target)},
                          use, {.discount = 0.5F, .loss = {.value_coefficient = 0.5F}, .rule = rule});
}

/// A rollout by rows: step after step, and within a step, environment after environment.
struct Steps {
  std::size_t environments;
  std::vector<Floats> observations;
  std::vector<std::int64_t> actions;
  Floats rewards;
  std::vector<StepEnd> ends;
  std::vector<Floats> next_observations;  ///< of those steps whose episode ends: before the reset
  Floats last_observations;
  std::vector<Mask> masks = {};  ///< like the observations; empty without masks
  std::vector<Mask> next_masks = {};
  Mask last_masks = {};
};

struct Learnt {
  Records records;
  Floats gradients;  ///< with respect to the outputs
  LossSums losses;
};

/// Acts with an epsilon, replaces the chosen actions with the rollout's, and learns twice.
Learnt learn(TargetRule rule, const Steps& steps, float epsilon = 0.5F) {
  Learnt learnt;
  const std::size_t environments = steps.environments;
  const std::size_t times = steps.rewards.size() / environments;
  ActionValueAgent agent = make_agent(learnt.records, rule, {.observations = environments, .steps = times});
  Rollout rollout(kSpec, {.steps = times, .environments = environments, .mask_size = steps.masks.empty() ? 0U : 2U});
  std::vector<Rng> rngs(environments, Rng(1));
  for (std::size_t t = 0; t < times; ++t) {
    Floats observations;
    Mask masks;
    for (std::size_t k = 0; k < environments; ++k) {
      const Floats& observation = steps.observations[t * environments + k];
      observations.insert(observations.end(), observation.begin(), observation.end());
      if (steps.masks.empty()) continue;
      const Mask& mask = steps.masks[t * environments + k];
      masks.insert(masks.end(), mask.begin(), mask.end());
    }
    const std::size_t row = rollout.begin_step(observations, masks);
    agent.act({.observations = observations, .first_row = row, .rngs = rngs, .masks = masks, .epsilon = epsilon},
              rollout.actions());
    for (std::size_t k = 0; k < environments; ++k) {
      rollout.actions().discrete(row + k)[0] = steps.actions[row + k];
      rollout.end_step(steps.rewards[row + k], steps.ends[row + k], steps.next_observations[row + k],
                       steps.next_masks.empty() ? Mask{} : steps.next_masks[row + k]);
    }
  }
  rollout.finish(steps.last_observations, steps.last_masks);
  Floats gradient;
  learnt.losses = agent.learn(rollout, gradient);
  const Records first = learnt.records;
  agent.learn(rollout, gradient);
  CHECK(learnt.records.online.output_gradients == first.online.output_gradients);
  learnt.records = first;
  learnt.gradients = first.online.output_gradients;
  CHECK(first.online.value_gradients == 0);
  return learnt;
}

/// Q: (1, 2), (4, 3), (0, 5) and (7, 6) after the last step; Q-: (20, 10), (30, 40), (50, 0), (60, 70).
Steps one_environment(StepEnd end) {
  const Floats anything{-50, -50};
  return {.environments = 1,
          .observations = {{1, 2}, {4, 3}, {0, 5}},
          .actions = {0, 0, 1},
          .rewards = {1, 2, 3},
          .ends = {StepEnd::none, StepEnd::none, end},
          .next_observations = {anything, anything, {7, 6}},
          .last_observations = {7, 6}};
}

TEST_CASE("one-step Q learns towards the best value that the target network sees after each step") {
  // R = 1 + 40 / 2, 2 + 50 / 2, 3 + 70 / 2; gradients Q - R of the actions that were taken
  for (const StepEnd end : {StepEnd::none, StepEnd::truncated}) {
    const Learnt learnt = learn(kOneStepQ, one_environment(end));
    CHECK(learnt.gradients == Floats{1 - 21, 0, 4 - 27, 0, 0, 5 - 38});
    CHECK(learnt.losses.value == Approx(0.5 * (20 * 20 + 23 * 23 + 33 * 33)));
    CHECK(learnt.records.online.rows == std::vector<std::size_t>{0, 1, 2});  // those of the steps only
  }
  CHECK(learn(kOneStepQ, one_environment(StepEnd::terminated)).gradients == Floats{1 - 21, 0, 4 - 27, 0, 0, 5 - 3});
}

TEST_CASE("one-step Sarsa learns towards the value of the action that was taken after each step") {
  // R = 1 + 30 / 2, 2 + 0 / 2; then, of the greedy action 0 and of either with epsilon 0.5: 3 + (60 + 65) / 2 / 2
  for (const StepEnd end : {StepEnd::none, StepEnd::truncated}) {
    CHECK(learn(kOneStepSarsa, one_environment(end)).gradients == Floats{1 - 16, 0, 4 - 2, 0, 0, 5 - 34.25F});
  }
  CHECK(learn(kOneStepSarsa, one_environment(StepEnd::terminated)).gradients == Floats{1 - 16, 0, 4 - 2, 0, 0, 5 - 3});
}

TEST_CASE("n-step Q learns towards returns that are bootstrapped with the target network's best value") {
  // R_2 = 3 + 70 / 2 = 38, R_1 = 2 + 38 / 2 = 21, R_0 = 1 + 21 / 2 = 11.5
  for (const StepEnd end : {StepEnd::none, StepEnd::truncated}) {
    CHECK(learn(kNStepQ, one_environment(end)).gradients == Floats{1 - 11.5F, 0, 4 - 21, 0, 0, 5 - 38});
  }
  // R_2 = 3, R_1 = 3.5, R_0 = 2.75
  CHECK(learn(kNStepQ, one_environment(StepEnd::terminated)).gradients == Floats{1 - 2.75F, 0, 4 - 3.5F, 0, 0, 5 - 3});
}

TEST_CASE("with masked actions, targets use the actions that are allowed after a step") {
  const Mask any{1, 1};
  for (const StepEnd end : {StepEnd::none, StepEnd::truncated}) {
    Steps steps = one_environment(end);
    steps.masks = {{1, 1}, {1, 0}, {0, 1}};
    steps.next_masks = {any, any, {1, 0}};
    steps.last_masks = {1, 0};
    // R = 1 + 30 / 2, 2 + 0 / 2, 3 + 60 / 2: of (30, 40), (50, 0) and (60, 70)
    CHECK(learn(kOneStepQ, steps).gradients == Floats{1 - 16, 0, 4 - 2, 0, 0, 5 - 33});
    // R_2 = 3 + 60 / 2 = 33, R_1 = 2 + 33 / 2 = 18.5, R_0 = 1 + 18.5 / 2 = 10.25
    CHECK(learn(kNStepQ, steps).gradients == Floats{1 - 10.25F, 0, 4 - 18.5F, 0, 0, 5 - 33});
    // Sarsa's mean is of action 1 alone, though (7, 6) says that 0 is the best one: 3 + 70 / 2
    steps.next_masks.back() = steps.last_masks = {0, 1};
    CHECK(learn(kOneStepSarsa, steps).gradients == Floats{1 - 16, 0, 4 - 2, 0, 0, 5 - 38});
  }
}

TEST_CASE("Sarsa's expectation over the action after the last step uses the epsilon of the last act") {
  // 3 + 60 / 2 of the greedy action; 3 + 65 / 2 of either
  CHECK(learn(kOneStepSarsa, one_environment(StepEnd::none), 0).gradients.back() == 5 - 33);
  CHECK(learn(kOneStepSarsa, one_environment(StepEnd::none), 1).gradients.back() == 5 - 35.5F);
}

/// Environment 0 is truncated before (2, 1) with its first step, and terminates with its second; environment 1 goes on
/// to (1, 3).
Steps two_environments() {
  const Floats anything{-50, -50};
  return {.environments = 2,
          .observations = {{1, 2}, {3, 4}, {5, 6}, {8, 7}},
          .actions = {1, 0, 0, 0},
          .rewards = {1, 2, 3, 4},
          .ends = {StepEnd::truncated, StepEnd::none, StepEnd::terminated, StepEnd::none},
          .next_observations = {{2, 1}, anything, anything, {1, 3}},
          .last_observations = {9, 9, 1, 3}};
}

TEST_CASE("each environment learns from its own next observation, and from none after an episode's end") {
  // one_step_q: 1 + 20 / 2, 2 + 80 / 2, 3, 4 + 30 / 2
  CHECK(learn(kOneStepQ, two_environments()).gradients == Floats{0, 2 - 11, 3 - 42, 0, 5 - 3, 0, 8 - 19, 0});
  // one_step_sarsa: 1 + (10 + 15) / 2 / 2, 2 + 70 / 2, 3, 4 + (10 + 20) / 2 / 2
  const Learnt sarsa = learn(kOneStepSarsa, two_environments());
  CHECK(sarsa.gradients == Floats{0, 2 - 7.25F, 3 - 37, 0, 5 - 3, 0, 8 - 11.5F, 0});
  CHECK(sarsa.records.online.rows == std::vector<std::size_t>{0, 2, 4});
  CHECK(sarsa.records.online.observations == Floats{1, 2, 3, 4, 5, 6, 8, 7, 2, 1, 1, 3});
  // n_step_q: 1 + 20 / 2, 2 + 19 / 2, 3, 4 + 30 / 2
  CHECK(learn(kNStepQ, two_environments()).gradients == Floats{0, 2 - 11, 3 - 11.5F, 0, 5 - 3, 0, 8 - 19, 0});
}

TEST_CASE("value methods learn the same with masks of ones as without masks") {
  for (const TargetRule rule : {kOneStepQ, kOneStepSarsa, kNStepQ}) {
    for (const Steps& steps : {one_environment(StepEnd::truncated), two_environments()}) {
      Steps masked = steps;
      masked.masks = masked.next_masks = std::vector<Mask>(steps.rewards.size(), Mask{1, 1});
      masked.last_masks = Mask(2 * steps.environments, 1);
      CHECK(learn(rule, masked).gradients == learn(rule, steps).gradients);
    }
  }
}

TEST_CASE("if every step was truncated, Sarsa computes the next observations two at a time") {
  Steps steps = two_environments();
  steps.ends.assign(4, StepEnd::truncated);
  steps.next_observations = {{2, 1}, {0, 2}, {0, 4}, {3, 1}};
  const Learnt learnt = learn(kOneStepSarsa, steps, 0);
  // Q- of the greedy actions 0, 1, 1, 0: 10, 0, 0, 10
  CHECK(learnt.gradients == Floats{0, 2 - 6, 3 - 2, 0, 5 - 3, 0, 8 - 9, 0});
  CHECK(learnt.records.online.rows == std::vector<std::size_t>{0, 2, 4, 4});
}

TEST_CASE("after a rollout of one step, the target network computes the next observation only") {
  const Steps steps{.environments = 1,
                    .observations = {{1, 2}},
                    .actions = {1},
                    .rewards = {1},
                    .ends = {StepEnd::none},
                    .next_observations = {{3, 4}},
                    .last_observations = {3, 4}};
  for (const TargetRule rule : {kOneStepQ, kOneStepSarsa, kNStepQ}) {
    const Learnt learnt = learn(rule, steps, 0);
    CHECK(learnt.records.target.observations == Floats{3, 4});
    CHECK(learnt.gradients == Floats{0, 2 - (rule.next_action == NextAction::best ? 21.0F : 16.0F)});
  }
}

TEST_CASE("each network is notified of changes of its own parameters") {
  Records records;
  ActionValueAgent agent = make_agent(records, kNStepQ, {.observations = 1});
  agent.parameters_changed();
  agent.parameters_changed();
  agent.target_changed();
  CHECK(records.online.changes == 2);
  CHECK(records.target.changes == 1);
}

/// Chooses for observations (0, 1), for which action 1 is best. Counts choices of action 0.
int count_others(float epsilon, int choices) {
  Records records;
  ActionValueAgent agent = make_agent(records, kNStepQ, {.observations = 1});
  ActionArray actions(kSpec.action_space, 1);
  std::vector<Rng> rngs{Rng(3)};
  int others = 0;
  for (int i = 0; i < choices; ++i) {
    agent.act({.observations = Floats{0, 1}, .rngs = rngs, .epsilon = epsilon}, actions);
    others += actions.discrete(0)[0] == 0 ? 1 : 0;
  }
  return others;
}

TEST_CASE("acting takes the best action, or with probability epsilon a random one") {
  constexpr int kChoices = 20'000;
  CHECK(count_others(0, kChoices) == 0);
  for (const double epsilon : {0.01, 0.3, 1.0}) {
    const double others = kChoices * epsilon / 2;  // half of the random actions are the best one
    CHECK(std::abs(count_others(static_cast<float>(epsilon), kChoices) - others) < 5 * std::sqrt(others));
  }
}

TEST_CASE("greedy choices draw nothing, need no target network, and take the first in a tie") {
  EchoNetwork::Record record;
  ActionValueAgent agent({.online = std::make_unique<EchoNetwork>(EchoNetwork::Role::online, 6, record), .target = {}},
                         {.observations = 3}, {.discount = 1, .loss = {.value_coefficient = 1}, .rule = kOneStepQ});
  agent.parameters_changed();
  agent.target_changed();
  ActionArray actions(kSpec.action_space, 3);
  std::vector<Rng> rngs{Rng(1), Rng(2), Rng(3)};
  const std::vector<Rng> before = rngs;
  agent.act({.observations = Floats{1, 2, 2, 1, 3, 3}, .selection = Selection::greedy, .rngs = rngs, .epsilon = 1},
            actions);
  CHECK(actions.discrete(0)[0] == 1);
  CHECK(actions.discrete(1)[0] == 0);
  CHECK(actions.discrete(2)[0] == 0);
  CHECK(rngs == before);
}

TEST_CASE("each row explores with its own stream") {
  Records records;
  ActionValueAgent agent = make_agent(records, kNStepQ, {.observations = 3});
  const auto draw = [&](std::vector<Rng>& rngs) {
    ActionArray actions(kSpec.action_space, 3);
    agent.act({.observations = Floats(2 * rngs.size()), .rngs = rngs, .epsilon = 0.5F}, actions);
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
