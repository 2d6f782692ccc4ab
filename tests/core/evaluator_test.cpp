#include "core/evaluator.h"

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "envs/error.h"
#include "tests/catch.h"
#include "tests/core/fake_agents.h"

using namespace sounder;
using namespace sounder::fakes;

namespace {

using Lengths = std::vector<std::int64_t>;
using Returns = std::vector<double>;

/// Environments of which the first ends its episodes after lengths[0] steps, the second after lengths[1], ...
std::function<Environment()> environments_of_lengths(Lengths lengths, FakeEnvironment::Options options = {}) {
  return [lengths = std::move(lengths), options = std::move(options), next = std::size_t{0}]() mutable {
    FakeEnvironment::Options own = options;
    own.length = [length = lengths[next++]](std::uint64_t) { return length; };
    return Environment(FakeEnvironment{.options = own});
  };
}

/// Chooses 1 at each even step of an episode, else 0: so each row's action depends on the row's own observation.
Behaviour even_steps() {
  return {
      .choose = [](const Choice& choice) { return static_cast<std::int64_t>(choice.observation[0]) % 2 == 0 ? 1 : 0; }};
}

const std::vector<float> kParameters(3);

}  // namespace

TEST_CASE("an evaluation gives each episode's return and length, whichever ends first") {
  const FakeAgents agents(even_steps());
  const auto end = GENERATE(StepEnd::terminated, StepEnd::truncated);
  Evaluator evaluator(
      {.make_environment = environments_of_lengths({4, 1, 7, 2, 2, 9}, {.end = end}), .agents = agents, .episodes = 6});
  const Evaluator::Result result = evaluator.evaluate({.parameters = kParameters, .seed = 1});
  CHECK(result.lengths == Lengths{4, 1, 7, 2, 2, 9});
  CHECK(result.returns == Returns{6, 2, 11, 3, 3, 14});                                         // 2 + 1 + 2 + ...
  CHECK(evaluator.evaluate({.parameters = kParameters, .seed = 1}).returns == result.returns);  // and once more
}

TEST_CASE("each episode is acted on with its own observation to its end") {
  // The mark of an episode, drawn from its seed, must reach the agent with the step count of the same episode.
  std::set<std::pair<float, float>> acted_on;
  Behaviour behaviour;
  behaviour.choose = [&](const Choice& choice) {
    acted_on.emplace(choice.observation[1], choice.observation[0]);
    return std::int64_t{0};
  };
  const FakeAgents agents(behaviour);
  std::set<std::pair<float, float>> stepped;
  FakeEnvironment::Options options;
  options.on_step = [&](const FakeEnvironment::Step& step) {
    stepped.emplace(step.observation[1], static_cast<float>(step.step - 1));
  };
  Evaluator evaluator(
      {.make_environment = environments_of_lengths({3, 1, 5, 2}, options), .agents = agents, .episodes = 4});
  evaluator.evaluate({.parameters = kParameters, .seed = 1});
  CHECK(acted_on.size() == 11);
  CHECK(acted_on == stepped);
}

TEST_CASE("an evaluation is determined by parameters, seed and stream, and each stream has its own episodes") {
  std::vector<std::uint64_t> seeds;
  const FakeAgents agents;
  Evaluator evaluator(
      {.make_environment = environments({.length = [](std::uint64_t) { return 20; },
                                         .on_reset = [&](std::uint64_t seed) { seeds.push_back(seed); }}),
       .agents = agents,
       .episodes = 8});
  const auto evaluate = [&](std::uint64_t seed, std::uint64_t stream) {
    seeds.clear();
    const auto result =
        evaluator.evaluate({.parameters = kParameters, .seed = seed, .stream = stream, .selection = Selection::sample});
    return std::pair(seeds, result.returns);
  };
  const auto first = evaluate(1, 5);
  CHECK(std::set(first.first.begin(), first.first.end()).size() == 8);
  CHECK(evaluate(1, 5) == first);
  for (const auto& other : {evaluate(1, 6), evaluate(2, 5)}) {
    for (const std::uint64_t seed : other.first) CHECK(std::ranges::count(first.first, seed) == 0);
    CHECK(other.second != first.second);  // 160 coin flips
  }
}

TEST_CASE("each episode samples from a stream of its own, whichever others still run") {
  // An episode's actions, by its mark, are the same whether the episodes before it end early or late.
  const auto actions_of = [](Lengths lengths) {
    std::map<float, std::vector<std::int64_t>> actions;
    FakeEnvironment::Options options;
    options.on_step = [&](const FakeEnvironment::Step& step) { actions[step.observation[1]].push_back(step.action); };
    const FakeAgents agents;
    Evaluator evaluator(
        {.make_environment = environments_of_lengths(std::move(lengths), options), .agents = agents, .episodes = 3});
    evaluator.evaluate({.parameters = kParameters, .seed = 1, .selection = Selection::sample});
    return actions;
  };
  const auto late = actions_of({40, 40, 40});
  auto early = actions_of({40, 1, 40});
  REQUIRE(late.size() == 3);
  int shorter = 0;
  std::set<std::vector<std::int64_t>> different;
  for (const auto& [mark, actions] : late) {
    different.insert(actions);
    if (early[mark] == actions) continue;
    ++shorter;
    CHECK(early[mark] == std::vector<std::int64_t>{actions[0]});
  }
  CHECK(shorter == 1);
  CHECK(different.size() == 3);
}

TEST_CASE("an evaluation's selection and parameters reach the agent, and the caller's parameters stay") {
  std::vector<Selection> selections;
  std::vector<std::vector<float>> seen;
  Behaviour behaviour;
  behaviour.choose = [&](const Choice& choice) {
    seen.emplace_back(choice.parameters.begin(), choice.parameters.end());
    selections.push_back(choice.selection);
    return std::int64_t{0};
  };
  const FakeAgents agents(behaviour);
  Evaluator evaluator({.make_environment = environments_of_lengths({2}), .agents = agents, .episodes = 1});

  std::vector<float> live{1, 2, 3};
  evaluator.evaluate({.parameters = live, .seed = 1, .stop = [&] {
                        live = {9, 9, 9};  // what workers do meanwhile
                        return false;
                      }});
  CHECK(seen == std::vector<std::vector<float>>{{1, 2, 3}, {1, 2, 3}});
  CHECK(live == std::vector<float>{9, 9, 9});
  evaluator.evaluate({.parameters = live, .seed = 1, .selection = Selection::sample});
  CHECK(seen.back() == live);
  CHECK(selections ==
        std::vector<Selection>{Selection::greedy, Selection::greedy, Selection::sample, Selection::sample});
}

TEST_CASE("an evaluation that loses an environment plays all its episodes anew, the same ones") {
  const FakeAgents agents(even_steps());
  const Evaluator::Result whole =
      Evaluator({.make_environment = environments_of_lengths({4, 1, 7}), .agents = agents, .episodes = 3})
          .evaluate({.parameters = kParameters, .seed = 1});
  std::set<std::uint64_t> seeds;
  int steps = 0;
  FakeEnvironment::Options options;
  options.on_reset = [&](std::uint64_t seed) { seeds.insert(seed); };
  options.on_step = [&](const FakeEnvironment::Step&) {
    if (++steps == 6) throw EnvironmentLost("gone");
  };
  Evaluator evaluator(
      {.make_environment = environments_of_lengths({4, 1, 7}, options), .agents = agents, .episodes = 3});
  const Evaluator::Result result = evaluator.evaluate({.parameters = kParameters, .seed = 1});
  CHECK(steps == 6 + 12);
  CHECK(result.returns == whole.returns);
  CHECK(result.lengths == whole.lengths);
  CHECK(seeds.size() == 3);

  steps = 0;
  bool stopping = false;
  const auto stop = [&] { return std::exchange(stopping, steps >= 5); };
  CHECK(evaluator.evaluate({.parameters = kParameters, .seed = 1, .stop = stop}).returns.empty());
}

TEST_CASE("an evaluation that is stopped gives nothing") {
  const FakeAgents agents;
  Evaluator evaluator({.make_environment = environments_of_lengths({2, 1000}), .agents = agents, .episodes = 2});
  int asked = 0;
  const auto result = evaluator.evaluate({.parameters = kParameters, .seed = 1, .stop = [&] { return ++asked > 10; }});
  CHECK(asked == 11);
  CHECK(result.returns.empty());
  CHECK(result.lengths.empty());
  CHECK(evaluator.evaluate({.parameters = kParameters, .seed = 1}).lengths == Lengths{2, 1000});
}

TEST_CASE("an evaluation cuts episodes that nothing ends") {
  const FakeAgents agents;
  Evaluator limited({.make_environment = environments_of_lengths({1'000'000, 3}, {.max_episode_steps = 50}),
                     .agents = agents,
                     .episodes = 2});
  CHECK(limited.evaluate({.parameters = kParameters, .seed = 1}).lengths == Lengths{50, 3});
  Evaluator endless({.make_environment = environments_of_lengths({1'000'000}), .agents = agents, .episodes = 1});
  CHECK(endless.evaluate({.parameters = kParameters, .seed = 1}).lengths == Lengths{Evaluator::kMostSteps});
}

TEST_CASE("an evaluation refuses rewards and observations that are not finite, and names them") {
  const FakeAgents agents;
  FakeEnvironment::Options options;
  std::string expected;
  SECTION("a reward") {
    options.on_step = [](const FakeEnvironment::Step& step) {
      if (step.step == 2) step.result.reward = std::numeric_limits<float>::quiet_NaN();
    };
    expected = "the reward nan in step 2";
  }
  SECTION("an observation") {
    options.on_step = [](const FakeEnvironment::Step& step) {
      if (step.step == 2) step.observation[0] = std::numeric_limits<float>::quiet_NaN();
    };
    expected = "the observation [nan, ";
  }
  Evaluator evaluator({.make_environment = environments(options), .agents = agents, .episodes = 1});
  CHECK_THROWS_WITH(evaluator.evaluate({.parameters = kParameters, .seed = 1}),
                    Catch::StartsWith("evaluation: ") && Catch::Contains(expected));
}
