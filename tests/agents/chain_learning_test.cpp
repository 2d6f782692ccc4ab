// Value methods on a chain of states with known action values. One thread plays the part of a worker, with the shared
// parameters and target parameters.
#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "agents/factory.h"
#include "core/learning/exploration.h"
#include "core/sharing/store/target_parameters.h"
#include "tests/agents/algorithms.h"
#include "tests/catch.h"

namespace sounder {
namespace {

constexpr std::size_t kStates = 5;
constexpr std::int64_t kRight = 1;
constexpr double kDiscount = 0.9;
constexpr std::size_t kEnvironments = 4;
constexpr std::size_t kSteps = 5;  // steps of a rollout

using ActionValues = std::array<std::array<double, 2>, kStates>;

/// Action 1 moves to the right, action 0 to the left, and the first state has a wall. An episode terminates after the
/// last state, with reward 1, and is truncated after 4 steps. It may begin in any state.
struct Chain {
  using Action = std::int64_t;

  EnvironmentSpec spec() const {
    return {.observation_space = Box::uniform(0, 1, {static_cast<std::int64_t>(kStates)}), .action_space = Discrete{2}};
  }
  void reset(std::uint64_t seed, std::span<float> observation) {
    state = static_cast<std::size_t>(Rng(seed).below(static_cast<std::int64_t>(kStates)));
    steps = 0;
    observe(observation);
  }
  StepResult step(std::int64_t action, std::span<float> observation) {
    state = action == kRight ? state + 1 : state - (state > 0 ? 1 : 0);
    observe(observation);
    const bool over = state == kStates;
    return {.reward = over ? 1.0F : 0.0F, .terminated = over, .truncated = ++steps == 4};
  }
  void observe(std::span<float> observation) const {
    for (std::size_t i = 0; i < kStates; ++i) observation[i] = i == state ? 1.0F : 0.0F;
  }

  std::size_t state = 0;
  int steps = 0;
};

/// Returns the values of the policy that moves to the right, or with probability epsilon in a random direction: the
/// fixed point of q(s, a) = r + discount [(1 - epsilon) q(s', right) + epsilon (q(s', left) + q(s', right)) / 2].
ActionValues values_of_right(double epsilon) {
  ActionValues q{};
  for (int sweep = 0; sweep < 1'000; ++sweep) {
    for (std::size_t s = 0; s < kStates; ++s) {
      const auto value = [&](std::size_t state) {
        return (1 - epsilon) * q[state][1] + epsilon * (q[state][0] + q[state][1]) / 2;
      };
      q[s][0] = kDiscount * value(s > 0 ? s - 1 : 0);
      q[s][1] = s + 1 == kStates ? 1 : kDiscount * value(s + 1);
    }
  }
  return q;
}

struct Run {
  std::string algorithm;
  float final_epsilon;
  std::int64_t steps;
};

/// Trains and returns the network's action values.
ActionValues train(const Run& run) {
  TrainConfig config;
  config.environment = "Chain-v0";
  config.algorithm = run.algorithm;
  config.hidden = {16};
  config.discount = kDiscount;
  const EnvironmentSpec spec = Chain().spec();
  const auto agents = make_agent_factory(config, spec);
  REQUIRE(agents->has_target());
  const std::size_t size = agents->layout().size;

  const Adam rule{.beta1 = 0.9F, .beta2 = 0.999F, .epsilon = 1e-8F};
  ParameterStore store(size, Adam::kStatistics, WriteMode::relaxed);
  store.restore({.parameters = agents->initial_parameters(1),
                 .statistics = std::vector<std::vector<float>>(Adam::kStatistics, std::vector<float>(size))});
  TargetParameters target(size, 200);
  target.refresh(0, store);
  const Exploration exploration{.steps = run.steps / 4, .final_epsilon = run.final_epsilon};

  AlignedFloats replica(size);
  AlignedFloats target_replica(size);
  AlignedFloats gradient(size);
  std::uint64_t target_version = 0;
  const auto agent =
      agents->make({.parameters = replica, .target = target_replica}, {.observations = kEnvironments, .steps = kSteps});
  Rollout rollout(spec, {.steps = kSteps, .environments = kEnvironments});
  std::vector<Chain> chains(kEnvironments);
  std::vector<float> observations(kEnvironments * kStates);
  std::vector<Rng> rngs{Rng(1), Rng(2), Rng(3), Rng(4)};
  std::uint64_t episodes = 0;
  const auto begin = [&](std::size_t k) {
    chains[k].reset(episodes++, std::span(observations).subspan(k * kStates, kStates));
  };
  for (std::size_t k = 0; k < kEnvironments; ++k) begin(k);

  while (store.steps() < run.steps) {
    const std::uint64_t version = store.pull(replica);
    agent->parameters_changed();
    target.refresh(store.steps(), store);
    if (const std::uint64_t pulled = target.pull(target_version, target_replica); pulled != target_version) {
      target_version = pulled;
      agent->target_changed();
    }
    rollout.clear();
    const float epsilon = exploration.at(store.steps());
    while (rollout.steps() < kSteps) {
      const std::size_t row = rollout.begin_step(observations);
      agent->act({.observations = observations, .first_row = row, .rngs = rngs, .epsilon = epsilon}, rollout.actions());
      for (std::size_t k = 0; k < kEnvironments; ++k) {
        const auto observation = std::span(observations).subspan(k * kStates, kStates);
        const StepEnd end = step_end(chains[k].step(rollout.actions().discrete(row + k)[0], observation));
        rollout.end_step(chains[k].state == kStates ? 1.0F : 0.0F, end, observation);
        if (end != StepEnd::none) begin(k);
      }
    }
    rollout.finish(observations);
    agent->learn(rollout, gradient);
    const float progress = static_cast<float>(store.steps()) / static_cast<float>(run.steps);
    store.push({.gradient = gradient,
                .learning_rate = 3e-3F * (1 - progress),
                .steps = static_cast<std::int64_t>(rollout.size()),
                .version = version},
               rule);
  }

  // Agents do not expose values. Learning from a target of 0 (terminated, without a reward) gives a gradient of 2 * 0.5
  // * Q(s, a) with respect to the head's bias.
  store.pull(replica);
  agent->parameters_changed();
  ActionValues q{};
  const std::size_t bias = size - 2;
  for (std::size_t s = 0; s < kStates; ++s) {
    for (std::size_t a = 0; a < 2; ++a) {
      const Chain chain{.state = s};
      std::vector<float> observation(kStates);
      chain.observe(observation);
      Rollout probe(spec, {.steps = 1});
      probe.begin_step(observation);
      agent->act({.observations = observation, .selection = Selection::greedy}, probe.actions());
      probe.actions().discrete(0)[0] = static_cast<std::int64_t>(a);
      probe.end_step(0, StepEnd::terminated, observation);
      probe.finish(observation);
      agent->learn(probe, gradient);
      q[s][a] = static_cast<double>(gradient[bias + a]);
    }
  }
  return q;
}

double largest_difference(const ActionValues& q, const ActionValues& expected) {
  double largest = 0;
  for (std::size_t s = 0; s < kStates; ++s) {
    for (std::size_t a = 0; a < 2; ++a) {
      INFO("state " << s << ", action " << a << ": " << q[s][a] << ", expected " << expected[s][a]);
      CHECK(std::isfinite(q[s][a]));
      largest = std::max(largest, std::abs(q[s][a] - expected[s][a]));
    }
  }
  return largest;
}

constexpr std::int64_t kLong = 400'000;

TEST_CASE("value methods run on a chain with finite values") {
  for (const std::string& algorithm : test::algorithms_with_target()) {
    INFO(algorithm);
    largest_difference(train({.algorithm = algorithm, .final_epsilon = 0.1F, .steps = 1'000}), {});
  }
}

TEST_CASE("one-step Q finds the optimal values of a chain, however much it explores") {
  // By hand: going right is worth 0.9^4, 0.9^3, ..., 1.
  const ActionValues optimal = values_of_right(0);
  CHECK(optimal[0][1] == Approx(0.6561));
  CHECK(optimal[0][0] == Approx(0.59049));
  for (const float epsilon : {0.1F, 0.5F}) {
    INFO("epsilon " << epsilon);
    CHECK(largest_difference(train({.algorithm = "one_step_q", .final_epsilon = epsilon, .steps = kLong}), optimal) <
          0.01);
  }
}

TEST_CASE("one-step Sarsa finds the values of the policy that it follows, exploration included") {
  const ActionValues expected = values_of_right(0.5);
  CHECK(largest_difference(expected, values_of_right(0)) > 0.1);  // not the optimal ones
  CHECK(largest_difference(train({.algorithm = "one_step_sarsa", .final_epsilon = 0.5F, .steps = kLong}), expected) <
        0.02);
}

TEST_CASE("n-step Q finds the optimal values of a chain when it hardly explores any more") {
  // The returns' first steps explore, so that the values lie a little below the optimal ones.
  CHECK(largest_difference(train({.algorithm = "n_step_q", .final_epsilon = 0.01F, .steps = kLong}),
                           values_of_right(0)) < 0.05);
}

}  // namespace
}  // namespace sounder
