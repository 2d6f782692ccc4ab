#include "core/running/evaluator.h"

#include <algorithm>
#include <limits>
#include <map>
#include <numeric>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "envs/error.h"
#include "tests/catch.h"
#include "tests/core/learning/fake_agents.h"

using namespace sounder;
using namespace sounder::fakes;

namespace {

using Lengths = std::vector<std::int64_t>;
using Returns = std::vector<double>;

/// Makes environments of which the first has episodes of lengths[0] steps, the second of lengths[1], ...
std::function<Environment()> environments_of_lengths(Lengths lengths, FakeEnvironment::Options options = {}) {
  return [lengths = std::move(lengths), options = std::move(options), next = std::size_t{0}]() mutable {
    FakeEnvironment::Options own = options;
    own.length = [length = lengths[next++]](std::uint64_t) { return length; };
    return Environment(FakeEnvironment{.options = own});
  };
}

/// Chooses 1 at even steps of an episode and 0 at odd ones, so each row's action depends on its own observation.
Behaviour even_steps() {
  return {
      .choose = [](const Choice& choice) { return static_cast<std::int64_t>(choice.observation[0]) % 2 == 0 ? 1 : 0; }};
}

const std::vector<float> kParameters(3);

}  // namespace

TEST_CASE("an evaluation returns each episode's return and length, in any order of their ends") {
  const FakeAgents agents(even_steps());
  const auto end = GENERATE(StepEnd::terminated, StepEnd::truncated);
  Evaluator evaluator(
      {.make_environment = environments_of_lengths({4, 1, 7, 2, 2, 9}, {.end = end}), .agents = agents, .episodes = 6});
  const Evaluator::Result result = evaluator.evaluate({.parameters = kParameters, .seed = 1});
  CHECK(result.lengths == Lengths{4, 1, 7, 2, 2, 9});
  CHECK(result.returns == Returns{6, 2, 11, 3, 3, 14});                                         // 2 + 1 + 2 + ...
  CHECK(evaluator.evaluate({.parameters = kParameters, .seed = 1}).returns == result.returns);  // again
}

TEST_CASE("each episode is acted on with its own observation until its end") {
  // An episode's mark, drawn from its seed, must reach the agent together with its step count.
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

TEST_CASE("each episode samples from its own stream, regardless of the other episodes") {
  // The actions of an episode, identified by its mark, do not depend on when earlier episodes end.
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

TEST_CASE("an evaluation's selection and parameters reach the agent, and the caller's parameters do not change") {
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
                        live = {9, 9, 9};  // like workers during the evaluation
                        return false;
                      }});
  CHECK(seen == std::vector<std::vector<float>>{{1, 2, 3}, {1, 2, 3}});
  CHECK(live == std::vector<float>{9, 9, 9});
  evaluator.evaluate({.parameters = live, .seed = 1, .selection = Selection::sample});
  CHECK(seen.back() == live);
  CHECK(selections ==
        std::vector<Selection>{Selection::greedy, Selection::greedy, Selection::sample, Selection::sample});
}

TEST_CASE("an evaluation that loses an environment repeats the running episodes, the same ones") {
  const FakeAgents agents(even_steps());
  const Evaluator::Result whole =
      Evaluator({.make_environment = environments_of_lengths({4, 1, 7}), .agents = agents, .episodes = 3})
          .evaluate({.parameters = kParameters, .seed = 1});
  std::multiset<std::uint64_t> seeds;
  int steps = 0;
  FakeEnvironment::Options options;
  options.on_reset = [&](std::uint64_t seed) { seeds.insert(seed); };
  options.on_step = [&](const FakeEnvironment::Step&) {
    if (++steps == 6) throw EnvironmentLost("gone");  // in the third step of the first episode
  };
  Evaluator evaluator(
      {.make_environment = environments_of_lengths({4, 1, 7}, options), .agents = agents, .episodes = 3});
  const Evaluator::Result result = evaluator.evaluate({.parameters = kParameters, .seed = 1});
  // The second episode had ended after one step.
  CHECK(steps == 1 + (3 + 4) + (2 + 7));
  CHECK(result.returns == whole.returns);
  CHECK(result.lengths == whole.lengths);
  CHECK(seeds.size() == 5);
  CHECK(std::set(seeds.begin(), seeds.end()).size() == 3);

  steps = 0;
  bool stopping = false;
  const auto stop = [&] { return std::exchange(stopping, steps >= 5); };
  CHECK(evaluator.evaluate({.parameters = kParameters, .seed = 1, .stop = stop}).returns.empty());
}

TEST_CASE("a stopped evaluation returns nothing") {
  const FakeAgents agents;
  Evaluator evaluator({.make_environment = environments_of_lengths({2, 1000}), .agents = agents, .episodes = 2});
  int asked = 0;
  const auto result = evaluator.evaluate({.parameters = kParameters, .seed = 1, .stop = [&] { return ++asked > 10; }});
  CHECK(asked == 11);
  CHECK(result.returns.empty());
  CHECK(result.lengths.empty());
  CHECK(evaluator.evaluate({.parameters = kParameters, .seed = 1}).lengths == Lengths{2, 1000});
}

TEST_CASE("an evaluation truncates endless episodes") {
  const FakeAgents agents;
  Evaluator limited({.make_environment = environments_of_lengths({1'000'000, 3}, {.max_episode_steps = 50}),
                     .agents = agents,
                     .episodes = 2});
  CHECK(limited.evaluate({.parameters = kParameters, .seed = 1}).lengths == Lengths{50, 3});
  Evaluator endless({.make_environment = environments_of_lengths({1'000'000}), .agents = agents, .episodes = 1});
  CHECK(endless.evaluate({.parameters = kParameters, .seed = 1}).lengths == Lengths{100'000});
  Evaluator patient({.make_environment = environments_of_lengths({1'000'000}),
                     .agents = agents,
                     .episodes = 1,
                     .step_limit = 100'001});
  CHECK(patient.evaluate({.parameters = kParameters, .seed = 1}).lengths == Lengths{100'001});
}

TEST_CASE("an evaluation refuses rewards and observations that are not finite, with their values") {
  const FakeAgents agents;
  FakeEnvironment::Options options;
  std::string expected;
  SECTION("a reset's observation") {
    options.on_observe = [](std::int64_t step, std::span<float> observation) {
      if (step == 0) observation[1] = 77;
    };
    expected = "the observation [0, 77] after 0 steps";
  }
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

namespace {

/// A network whose state is one number, to which each step adds the observation's second number, and which decides.
Behaviour remembering() {
  Behaviour behaviour;
  behaviour.state_size = 2;
  behaviour.choose = [](const Choice& choice) {
    choice.state[0] += choice.observation[1];
    choice.state[1] += 1;
    const bool sampled = choice.selection == Selection::sample && choice.rng->below(2) == 1;
    const auto sum = static_cast<std::int64_t>(1000 * choice.state[0] + choice.state[1]);
    return sum % 2 == (sampled ? 1 : 0) ? 1 : 0;
  };
  return behaviour;
}

/// Episodes of 1 to 17 steps, depending on their seeds.
FakeEnvironment::Options seeded_lengths() {
  return {.length = [](std::uint64_t seed) { return static_cast<std::int64_t>(1 + seed % 17); }};
}

}  // namespace

TEST_CASE("an evaluation has the same result for any number of environments side by side") {
  Behaviour behaviour = remembering();
  behaviour.rows_together = GENERATE(1U, 4U);
  const FakeAgents agents(behaviour);
  const auto selection = GENERATE(Selection::greedy, Selection::sample);
  const auto evaluate = [&](std::int64_t count) {
    return Evaluator({.make_environment = environments(seeded_lengths()),
                      .agents = agents,
                      .episodes = 100,
                      .environments = count})
        .evaluate({.parameters = kParameters, .seed = 3, .stream = 9, .selection = selection});
  };
  const Evaluator::Result alone = evaluate(1);
  REQUIRE(alone.lengths.size() == 100);
  for (std::uint64_t i = 0; i < 100; ++i) {
    const std::uint64_t seed = derive_seed({.seed = 3, .worker = 9, .purpose = Stream::evaluation, .index = i + 1});
    CHECK(alone.lengths[i] == static_cast<std::int64_t>(1 + seed % 17));
  }
  CHECK(std::set(alone.returns.begin(), alone.returns.end()).size() > 10);
  for (const std::int64_t count : {7, 100, 1000}) {
    CAPTURE(count);
    const Evaluator::Result result = evaluate(count);
    CHECK(result.returns == alone.returns);
    CHECK(result.lengths == alone.lengths);
  }
}

TEST_CASE("the state of an episode moves up with its row, and starts at zero") {
  // The state counts the steps of its episode.
  Behaviour behaviour;
  behaviour.state_size = 3;
  std::int64_t wrong = 0;
  behaviour.choose = [&](const Choice& choice) {
    for (float& number : choice.state) {
      if (number != choice.observation[0]) ++wrong;
      number += 1;
    }
    return std::int64_t{0};
  };
  const FakeAgents agents(behaviour);
  Evaluator evaluator(
      {.make_environment = environments(seeded_lengths()), .agents = agents, .episodes = 50, .environments = 6});
  for (const std::uint64_t seed : {1U, 2U}) evaluator.evaluate({.parameters = kParameters, .seed = seed});
  CHECK(wrong == 0);
}

TEST_CASE("an evaluation makes only as many environments as play side by side, for any number of episodes") {
  const FakeAgents agents;
  std::vector<Seat> seats;
  const auto make = [&](const Seat& seat) {
    seats.push_back(seat);
    return Environment(FakeEnvironment{.options = seeded_lengths()});
  };
  const auto evaluate = [&](Evaluator::Parts parts) {
    seats.clear();
    Evaluator evaluator(parts);
    CHECK(evaluator.evaluate({.parameters = kParameters, .seed = 1}).returns.size() ==
          static_cast<std::size_t>(parts.episodes));
    for (std::size_t i = 0; i < seats.size(); ++i) {
      CHECK(seats[i].player == Seat::Player::evaluator);
      CHECK(seats[i].slot == i);
    }
    return seats.size();
  };
  CHECK(evaluate({.make_environment = make, .agents = agents, .episodes = 1000}) == Evaluator::kEnvironments);
  CHECK(evaluate({.make_environment = make, .agents = agents, .episodes = 20}) == 20);
  CHECK(evaluate({.make_environment = make, .agents = agents, .episodes = 20, .environments = 3}) == 3);
  CHECK(evaluate({.make_environment = make, .agents = agents, .episodes = 3, .environments = 20}) == 3);
}

namespace {

/// Makes environments of three kinds, whose reward is the kind's number.
struct ThreeKinds {
  std::vector<std::size_t>& made;

  std::size_t variants() const { return 3; }
  Environment operator()(const Seat& seat) {
    made.push_back(seat.slot);
    FakeEnvironment::Options options = seeded_lengths();
    options.on_step = [kind = static_cast<float>(seat.slot % 3)](const FakeEnvironment::Step& step) {
      step.result.reward = kind;
    };
    return Environment(FakeEnvironment{.options = options});
  }
};

}  // namespace

TEST_CASE("each episode is played in an environment of its kind, for any number side by side") {
  const FakeAgents agents;
  std::vector<std::size_t> made;
  const std::int64_t count = GENERATE(1, 2, 3, 7, 100);
  Evaluator evaluator({.make_environment = ThreeKinds{made}, .agents = agents, .episodes = 50, .environments = count});
  const Evaluator::Result result = evaluator.evaluate({.parameters = kParameters, .seed = 1});
  for (std::size_t i = 0; i < 50; ++i) {
    CHECK(result.returns[i] == static_cast<double>(i % 3) * static_cast<double>(result.lengths[i]));
  }
  CHECK(made.size() == static_cast<std::size_t>(std::clamp<std::int64_t>(count, 3, 50)));
}

TEST_CASE("without environments side by side, episodes follow each other, and every state is reported") {
  const FakeAgents agents(even_steps());
  Evaluator evaluator({.make_environment = environments({.length = [](std::uint64_t) { return 2; }}),
                       .agents = agents,
                       .episodes = 2,
                       .environments = 1});
  std::vector<std::vector<double>> told;
  evaluator.evaluate(
      {.parameters = kParameters, .seed = 1, .on_state = [&](const Evaluator::State& state) {
         told.push_back({static_cast<double>(state.episode), static_cast<double>(state.length), state.episode_return,
                         state.result.terminated ? 1.0 : 0.0,
                         state.action == nullptr ? -1.0 : static_cast<double>(std::get<std::int64_t>(*state.action))});
       }});
  CHECK(told ==
        std::vector<std::vector<double>>{
            {0, 0, 0, 0, -1}, {0, 1, 2, 0, 1}, {0, 2, 3, 1, 0}, {1, 0, 0, 0, -1}, {1, 1, 2, 0, 1}, {1, 2, 3, 1, 0}});
}

TEST_CASE("an evaluation acts with each environment's own mask, also after rows have moved up") {
  // The mask depends on the step and the episode. The agent takes an allowed action, and the environment checks it.
  const auto allowed = [](float clock, float mark) {
    return static_cast<int>(clock + 64 * mark) % 2 == 0 ? std::vector<std::uint8_t>{1, 0}
                                                        : std::vector<std::uint8_t>{0, 1};
  };
  FakeEnvironment::Options options;
  options.mask = [&](const FakeEnvironment& fake, std::span<std::uint8_t> mask) {
    std::ranges::copy(allowed(static_cast<float>(fake.steps), fake.mark), mask.begin());
  };
  options.length = [](std::uint64_t seed) { return 1 + static_cast<std::int64_t>(seed % 7); };
  const auto environments_side_by_side = GENERATE(std::int64_t{0}, std::int64_t{3});
  std::int64_t acted = 0;
  Behaviour behaviour;
  behaviour.on_act = [&](const Agent::ActRequest& request) {
    REQUIRE(request.masks.size() == request.observations.size());
    for (std::size_t i = 0; i < request.masks.size(); i += 2) {
      if (request.observations[i + 1] == 0) continue;  // a row that never began
      const std::vector<std::uint8_t> mask(request.masks.begin() + static_cast<std::ptrdiff_t>(i),
                                           request.masks.begin() + static_cast<std::ptrdiff_t>(i) + 2);
      ++acted;
      CHECK(mask == allowed(request.observations[i], request.observations[i + 1]));
    }
  };
  const FakeAgents agents(behaviour);
  Evaluator evaluator({.make_environment = environments(options),
                       .agents = agents,
                       .episodes = 20,
                       .environments = environments_side_by_side});
  const auto lengths = evaluator.evaluate({.parameters = kParameters, .seed = 1}).lengths;
  CHECK(acted >= std::accumulate(lengths.begin(), lengths.end(), std::int64_t{0}));
}

TEST_CASE("an evaluation refuses a mask that allows nothing, with its place, except after termination") {
  const FakeAgents agents;
  std::int64_t without = 0;
  FakeEnvironment::Options options;
  options.length = [](std::uint64_t) { return 3; };
  options.mask = [&](const FakeEnvironment& fake, std::span<std::uint8_t> mask) {
    std::ranges::fill(mask, fake.steps == without ? std::uint8_t{0} : std::uint8_t{1});
  };
  Evaluator evaluator({.make_environment = environments(options), .agents = agents, .episodes = 2});
  for (without = 0; without < 3; ++without) {
    CHECK_THROWS_WITH(evaluator.evaluate({.parameters = kParameters, .seed = 1}),
                      Catch::StartsWith("evaluation: the environment's action mask allows no action after " +
                                        std::to_string(without) + " steps"));
  }
  CHECK(evaluator.evaluate({.parameters = kParameters, .seed = 1}).lengths == Lengths{3, 3});
}
