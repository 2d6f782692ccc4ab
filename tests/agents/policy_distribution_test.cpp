#include "agents/policy_distribution.h"

#include <limits>
#include <string>
#include <variant>
#include <vector>

#include "tests/catch.h"

namespace sounder {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

TrainConfig configured(const std::string& key, const std::string& value) {
  TrainConfig config;
  config.environment = "Thing-v0";
  set_config(config, key, value);
  return config;
}

const TrainConfig kPlain = configured("seed", "1");

template <class Distribution>
bool is(const PolicySpec& policy) {
  return std::holds_alternative<Distribution>(policy.distribution);
}

TEST_CASE("each action space has its distribution, with the right number of outputs") {
  const PolicySpec choice = make_policy(kPlain, Discrete{4});
  CHECK(is<Categorical>(choice));
  CHECK(choice.outputs == 4);
  CHECK(choice.head == PolicyHead::linear);

  const PolicySpec choices = make_policy(kPlain, MultiDiscrete{{2, 3}});
  CHECK(is<MultiCategorical>(choices));
  CHECK(choices.outputs == 5);
  CHECK(choices.head == PolicyHead::linear);

  const PolicySpec switches = make_policy(kPlain, MultiBinary{3});
  CHECK(is<Bernoulli>(switches));
  CHECK(switches.outputs == 3);
  CHECK(switches.head == PolicyHead::linear);

  const PolicySpec numbers = make_policy(kPlain, Box::uniform(-1, 1, {2, 3}));
  CHECK(is<DiagonalGaussian>(numbers));
  CHECK(numbers.outputs == 12);
  CHECK(numbers.head == PolicyHead::gaussian);
  CHECK(numbers.initial_log_std == 0);
}

TEST_CASE("actions are chosen by the outputs alone, also of a network without a value") {
  ActionArray actions(Discrete{2}, 2);
  const std::vector<float> rows{0, 1, 3, 2};
  choose_actions(make_policy(kPlain, Discrete{2}).distribution, {.observations = {}, .selection = Selection::greedy},
                 {.rows = rows, .width = 2}, actions);
  CHECK(std::get<std::int64_t>(actions[0]) == 1);
  CHECK(std::get<std::int64_t>(actions[1]) == 0);
}

TEST_CASE("the configuration determines the distribution of numbers") {
  const Box box = Box::uniform(-2, 2, {3});
  const PolicySpec spread = make_policy(configured("policy_std", "network"), box);
  CHECK(is<DiagonalGaussian>(spread));
  CHECK(spread.outputs == 6);
  CHECK(spread.head == PolicyHead::linear);

  const PolicySpec squashed = make_policy(configured("squash_actions", "true"), box);
  CHECK(is<SquashedGaussian>(squashed));
  CHECK(squashed.outputs == 6);
  CHECK(squashed.head == PolicyHead::gaussian);

  CHECK(make_policy(configured("initial_log_std", "-0.5"), box).initial_log_std == -0.5F);
  // A parameter is used unchanged, and so is an output at its start; elsewhere an output is slowed.
  const auto log_s = [](const PolicySpec& policy, float output) {
    return std::get<DiagonalGaussian>(policy.distribution).log_std(output).log_s;
  };
  TrainConfig by_state = configured("initial_log_std", "-0.5");
  CHECK(log_s(make_policy(by_state, box), 2) == 2);
  by_state.policy_std = "network";
  CHECK(log_s(make_policy(by_state, box), -0.5F) == -0.5F);
  CHECK(log_s(make_policy(by_state, box), 3.5F) == 0);  // z = 0.25 (3.5 + 0.5) / 1 = 1
  by_state.squash_actions = true;
  CHECK(std::get<SquashedGaussian>(make_policy(by_state, box).distribution).normal.log_std(3.5F).log_s == 0);
  CHECK(is<DiagonalGaussian>(make_policy(kPlain, Box::bounds({0, -1}, {1, kInfinity}))));
}

TEST_CASE("the runaway entropy is that of standard deviations twice as wide as the bounds") {
  // Two numbers: log(2 * 4) + log(2 * 1) + 1 + log(2 pi)
  CHECK(make_policy(kPlain, Box::bounds({-2, 0}, {2, 1})).runaway_entropy == Approx(5.61046579));
  for (const PolicySpec& policy :
       {make_policy(kPlain, Box::bounds({0, -1}, {1, kInfinity})), make_policy(kPlain, Box::bounds({0, 1}, {1, 1})),
        make_policy(configured("squash_actions", "true"), Box::uniform(-1, 1, {2})),
        make_policy(kPlain, Discrete{2})}) {
    CHECK(policy.runaway_entropy == static_cast<double>(kInfinity));
  }
}

TEST_CASE("what is for numbers only makes no difference where actions are none") {
  TrainConfig config = configured("squash_actions", "true");
  config.policy_std = "network";
  config.initial_log_std = -0.5;
  for (const Space& space : {Space(Discrete{2}), Space(MultiBinary{3}), Space(MultiDiscrete{{2, 3}})}) {
    const PolicySpec policy = make_policy(config, space);
    const PolicySpec plain = make_policy(kPlain, space);
    CHECK(policy.distribution.index() == plain.distribution.index());
    CHECK(policy.outputs == plain.outputs);
    CHECK(policy.head == PolicyHead::linear);
    CHECK(policy.initial_log_std == 0);
  }
}

}  // namespace
}  // namespace sounder
