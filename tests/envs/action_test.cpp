#include "envs/action.h"

#include <algorithm>
#include <limits>
#include <set>
#include <vector>

#include "tests/catch.h"

using namespace sounder;

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

template <class Number>
std::vector<Number> numbers_of(const Action& action) {
  const auto numbers = std::get<std::span<const Number>>(action);
  return {numbers.begin(), numbers.end()};
}

/// Draws many actions of a one-dimensional box and returns the smallest and the largest.
std::pair<float, float> sampled_range(float low, float high) {
  const Space space = Box::bounds({low}, {high});
  ActionArray actions(space, 1);
  Rng rng(3);
  std::pair<float, float> range{kInfinity, -kInfinity};
  for (int i = 0; i < 2'000; ++i) {
    actions.sample(0, space, rng);
    const float number = actions.continuous(0)[0];
    range = {std::min(range.first, number), std::max(range.second, number)};
  }
  return range;
}

}  // namespace

TEST_CASE("an action array returns each space's kind of action") {
  ActionArray indices(Discrete{5}, 2);
  CHECK(indices.rows() == 2);
  CHECK(indices.width() == 1);
  indices.discrete(1)[0] = 4;
  CHECK(std::get<std::int64_t>(indices[0]) == 0);
  CHECK(std::get<std::int64_t>(indices[1]) == 4);

  ActionArray forces(Box::uniform(-1, 1, {2}), 2);
  forces.continuous(1)[0] = 0.5F;
  forces.continuous(1)[1] = -0.25F;
  CHECK(numbers_of<float>(forces[0]) == std::vector<float>{0, 0});
  CHECK(numbers_of<float>(forces[1]) == std::vector<float>{0.5F, -0.25F});

  ActionArray choices(MultiDiscrete{{3, 4}}, 2);
  choices.discrete(0)[1] = 3;
  CHECK(numbers_of<std::int64_t>(choices[0]) == std::vector<std::int64_t>{0, 3});

  ActionArray one_switch(MultiBinary{1}, 1);
  CHECK(numbers_of<std::int64_t>(one_switch[0]) == std::vector<std::int64_t>{0});
}

TEST_CASE("assigning an action copies its numbers into one row") {
  ActionArray indices(Discrete{5}, 3);
  indices.assign(1, std::int64_t{3});
  CHECK(std::get<std::int64_t>(indices[0]) == 0);
  CHECK(std::get<std::int64_t>(indices[1]) == 3);
  CHECK(std::get<std::int64_t>(indices[2]) == 0);

  std::vector<float> force{0.5F, -0.5F};
  ActionArray forces(Box::uniform(-1, 1, {2}), 2);
  forces.assign(1, std::span<const float>(force));
  force = {9, 9};
  CHECK(numbers_of<float>(forces[0]) == std::vector<float>{0, 0});
  CHECK(numbers_of<float>(forces[1]) == std::vector<float>{0.5F, -0.5F});

  const std::vector<std::int64_t> choice{2, 1};
  ActionArray choices(MultiDiscrete{{3, 2}}, 2);
  choices.assign(0, std::span<const std::int64_t>(choice));
  CHECK(numbers_of<std::int64_t>(choices[0]) == choice);
  CHECK(numbers_of<std::int64_t>(choices[1]) == std::vector<std::int64_t>{0, 0});
}

TEST_CASE("sampled actions are in their space and reach all of it") {
  Rng rng(1);
  const Space discrete = Discrete{3};
  ActionArray indices(discrete, 1);
  std::set<std::int64_t> seen;
  for (int i = 0; i < 200; ++i) {
    indices.sample(0, discrete, rng);
    seen.insert(indices.discrete(0)[0]);
  }
  CHECK(seen == std::set<std::int64_t>{0, 1, 2});

  for (const Space& space : {Space{MultiDiscrete{{2, 5}}}, Space{MultiBinary{2}}}) {
    ActionArray actions(space, 1);
    std::set<std::pair<std::int64_t, std::int64_t>> pairs;
    for (int i = 0; i < 1'000; ++i) {
      actions.sample(0, space, rng);
      pairs.emplace(actions.discrete(0)[0], actions.discrete(0)[1]);
    }
    CHECK(pairs.size() == (std::holds_alternative<MultiBinary>(space) ? 4 : 10));
    CHECK(pairs.begin()->first == 0);
    CHECK(pairs.rbegin()->first == 1);
  }
}

TEST_CASE("sampled numbers of a box fill its bounds, if it has any") {
  const auto check = [](std::pair<float, float> range, float low, float high) {
    const float margin = 0.01F * (high - low);
    CHECK(range.first >= low);
    CHECK(range.first < low + margin);
    CHECK(range.second <= high);
    CHECK(range.second > high - margin);
  };
  check(sampled_range(-2, 3), -2, 3);
  check(sampled_range(-kInfinity, kInfinity), -1, 1);
  check(sampled_range(5, kInfinity), 5, 6);
  check(sampled_range(-kInfinity, 5), 4, 5);
  CHECK(sampled_range(2, 2) == std::pair(2.0F, 2.0F));
  // This width exceeds the range of floats.
  const auto widest = sampled_range(std::numeric_limits<float>::lowest(), std::numeric_limits<float>::max());
  CHECK(widest.first < -1e38F);
  CHECK(widest.second > 1e38F);
  CHECK(widest.second < kInfinity);
}
