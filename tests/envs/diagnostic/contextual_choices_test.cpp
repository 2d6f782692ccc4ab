#include "envs/diagnostic/contextual_choices.h"

#include <algorithm>
#include <set>
#include <vector>

#include "envs/diagnostic/multi_bandit.h"
#include "envs/diagnostic/multi_switch.h"
#include "envs/error.h"
#include "tests/catch.h"

using namespace sounder;
using sounder::envs::MultiBandit;
using sounder::envs::MultiSwitch;

static_assert(EnvironmentModel<MultiBandit> && Drawable<MultiBandit> && Replayable<MultiBandit>);
static_assert(EnvironmentModel<MultiSwitch> && Drawable<MultiSwitch> && Replayable<MultiSwitch>);

namespace {

using Floats = std::vector<float>;
using Doubles = std::vector<double>;
using Choices = std::vector<std::int64_t>;

/// Returns the right options in an observation. Exactly one number of each choice must be 1, the others 0.
Choices named(const Floats& observation, const Choices& counts) {
  Choices right;
  auto first = observation.begin();
  for (const std::int64_t count : counts) {
    const auto last = first + count;
    REQUIRE(std::count(first, last, 1.0F) == 1);
    REQUIRE(std::count(first, last, 0.0F) == count - 1);
    right.push_back(std::find(first, last, 1.0F) - first);
    first = last;
  }
  REQUIRE(observation.end() - first == 1);
  return right;
}

const Choices kBandit{3, 4, 2};
const Choices kSwitches{2, 2, 2, 2, 2, 2};

}  // namespace

TEST_CASE("the counts of several choices determine the spaces") {
  CHECK(MultiBandit().spec().action_space == Space{MultiDiscrete{kBandit}});
  CHECK(MultiBandit().spec().observation_space == Space{Box::uniform(0, 1, {10})});
  CHECK(MultiBandit({5, 7}).spec().observation_space == Space{Box::uniform(0, 1, {13})});
  CHECK(MultiSwitch().spec().action_space == Space{MultiBinary{6}});
  CHECK(MultiSwitch().spec().observation_space == Space{Box::uniform(0, 1, {13})});
  CHECK(MultiSwitch().spec().reward_threshold == Approx(9.9));
}

TEST_CASE("a step's reward is the fraction of choices that were right") {
  MultiBandit bandit;
  Floats observation(10);
  for (std::size_t wrong = 0; wrong <= 3; ++wrong) {
    bandit.reset(4, observation);
    Choices choices = named(observation, kBandit);
    for (std::size_t i = 0; i < wrong; ++i) choices[i] = (choices[i] + 1) % kBandit[i];
    CHECK(bandit.step(choices, observation).reward == Approx(static_cast<double>(3 - wrong) / 3));
  }
}

TEST_CASE("following the observation gives 10 in 10 steps") {
  const auto play = [](auto environment, const Choices& counts) {
    Floats observation(flat_size(environment.spec().observation_space));
    environment.reset(1, observation);
    float episode_return = 0;
    for (int step = 1; step <= 10; ++step) {
      CHECK(observation.back() == Approx(1 - 0.1 * (step - 1)));
      const StepResult result = environment.step(named(observation, counts), observation);
      CHECK(result.terminated == (step == 10));
      CHECK_FALSE(result.truncated);
      episode_return += result.reward;
    }
    CHECK(observation.back() == 0);
    CHECK(episode_return == 10);
  };
  play(MultiBandit{}, kBandit);
  play(MultiSwitch{}, kSwitches);
}

TEST_CASE("each step draws a new context") {
  MultiBandit bandit;
  Floats observation(10);
  std::set<Choices> contexts;
  int repeated = 0;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    bandit.reset(seed, observation);
    Choices before = named(observation, kBandit);
    for (int step = 0; step < 9; ++step) {
      bandit.step(before, observation);
      Choices now = named(observation, kBandit);
      repeated += now == before ? 1 : 0;
      contexts.insert(before);
      before = std::move(now);
    }
  }
  CHECK(contexts.size() == 3 * 4 * 2);
  // Of 450 pairs one in 24 is equal: four standard deviations around 18.75.
  CHECK(std::abs(repeated - 18.75) < 4 * 4.24);
}

TEST_CASE("actions do not change the contexts") {
  MultiSwitch right;
  MultiSwitch other;
  Floats observation(13);
  Floats other_observation(13);
  right.reset(5, observation);
  other.reset(5, other_observation);
  for (int step = 0; step < 10; ++step) {
    CHECK(observation == other_observation);
    right.step(named(observation, kSwitches), observation);
    other.step(Choices{0, 0, 0, 0, 0, 0}, other_observation);
  }
}

TEST_CASE("the picture of several choices fills the right options") {
  MultiBandit bandit;
  Floats observation(10);
  bandit.reset(2, observation);
  const Choices right = named(observation, kBandit);
  Canvas canvas;
  bandit.draw(canvas);
  Choices filled;
  int options = 0;
  for (const Primitive& primitive : canvas.primitives()) {
    const auto* const option = std::get_if<Circle>(&primitive);
    if (option == nullptr) continue;
    ++options;
    if (option->color.red < option->color.green) filled.push_back(static_cast<std::int64_t>(option->center.y));
  }
  CHECK(options == 9);
  CHECK(filled == right);
}

TEST_CASE("several choices need at least one, with a sensible number of options") {
  CHECK_THROWS_AS(MultiBandit(Choices{}), UsageError);
  CHECK_THROWS_AS(MultiBandit({3, 0}), UsageError);
  CHECK_THROWS_AS(MultiBandit({1'001}), UsageError);
  CHECK_THROWS_AS(MultiSwitch(0), UsageError);
  CHECK_THROWS_AS(MultiSwitch(-1), UsageError);
}

TEST_CASE("an invalid state of several choices is refused") {
  MultiBandit bandit;
  Floats observation(10);
  for (const Doubles& state : {Doubles{0}, Doubles{-1, 0}, Doubles{0, 11}, Doubles{0.5, 0}, Doubles{0x1p32, 0}}) {
    CHECK_THROWS_AS(bandit.set_state(state, observation), Error);
  }
}
