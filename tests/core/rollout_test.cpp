#include "core/rollout.h"

#include <vector>

#include "tests/catch.h"

using namespace sounder;

namespace {

const EnvironmentSpec kSpec{.observation_space = Box::uniform(-10, 10, {2}), .action_space = Discrete{3}};

void push(Rollout& rollout, std::vector<float> observation, std::int64_t action, float reward) {
  const std::size_t row = rollout.begin_step(observation);
  rollout.actions().assign(row, action);
  rollout.end_step(reward);
}

std::vector<float> copy(std::span<const float> numbers) {
  return {numbers.begin(), numbers.end()};
}

}  // namespace

TEST_CASE("a rollout holds its steps in order, and apart from them the observation after the last action") {
  Rollout rollout(kSpec, 3);
  CHECK(rollout.size() == 0);
  CHECK(rollout.capacity() == 3);
  CHECK(rollout.observation_size() == 2);

  push(rollout, {1, 2}, 0, 0.5F);
  push(rollout, {3, 4}, 2, -1);
  rollout.finish(std::vector<float>{5, 6}, RolloutEnd::truncated);

  CHECK(rollout.size() == 2);
  CHECK(copy(rollout.observations()) == std::vector<float>{1, 2, 3, 4});
  CHECK(copy(rollout.observation(1)) == std::vector<float>{3, 4});
  CHECK(copy(rollout.rewards()) == std::vector<float>{0.5F, -1});
  CHECK(rollout.actions().discrete(0)[0] == 0);
  CHECK(rollout.actions().discrete(1)[0] == 2);
  CHECK(copy(rollout.next_observation()) == std::vector<float>{5, 6});
  CHECK(rollout.end() == RolloutEnd::truncated);
}

TEST_CASE("a step that was begun counts once it has ended") {
  Rollout rollout(kSpec, 2);
  CHECK(rollout.begin_step(std::vector<float>{1, 2}) == 0);
  CHECK(rollout.size() == 0);
  rollout.end_step(1);
  CHECK(rollout.size() == 1);
  CHECK(rollout.begin_step(std::vector<float>{3, 4}) == 1);
}

TEST_CASE("a rollout that was cleared is filled from its first row again") {
  Rollout rollout(kSpec, 2);
  push(rollout, {1, 2}, 0, 1);
  push(rollout, {3, 4}, 1, 2);
  rollout.finish(std::vector<float>{5, 6}, RolloutEnd::terminated);
  rollout.clear();
  CHECK(rollout.size() == 0);

  push(rollout, {7, 8}, 2, 3);
  rollout.finish(std::vector<float>{9, 10}, RolloutEnd::horizon);
  CHECK(copy(rollout.observations()) == std::vector<float>{7, 8});
  CHECK(copy(rollout.rewards()) == std::vector<float>{3});
  CHECK(rollout.end() == RolloutEnd::horizon);
}
