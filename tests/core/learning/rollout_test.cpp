#include "core/learning/rollout.h"

#include <vector>

#include "tests/catch.h"

using namespace sounder;

namespace {

using Floats = std::vector<float>;
using Rows = std::vector<std::size_t>;
using Ends = std::vector<StepEnd>;

constexpr StepEnd kNone = StepEnd::none;
constexpr StepEnd kTerminated = StepEnd::terminated;
constexpr StepEnd kTruncated = StepEnd::truncated;

const EnvironmentSpec kSpec{.observation_space = Box::uniform(-10, 10, {2}), .action_space = Discrete{3}};
const EnvironmentSpec kOneNumber{.observation_space = Box::uniform(-1000, 1000, {1}), .action_space = Discrete{3}};

template <class Number>
std::vector<Number> copy(std::span<const Number> numbers) {
  return {numbers.begin(), numbers.end()};
}

/// Records one time step. Observation and reward of environment k are 10 times the step's number plus k; the
/// observation after its action is 100 more.
void push(Rollout& rollout, int step, const Ends& ends) {
  Floats observations;
  for (std::size_t k = 0; k < ends.size(); ++k)
    observations.push_back(static_cast<float>(10 * step) + static_cast<float>(k));
  const std::size_t row = rollout.begin_step(observations);
  for (std::size_t k = 0; k < ends.size(); ++k) {
    rollout.actions().assign(row + k, static_cast<std::int64_t>(k));
    rollout.end_step(observations[k], ends[k], Floats{100 + observations[k]});
  }
}

}  // namespace

TEST_CASE("a rollout stores its steps in order, and separately the observation after the last action") {
  Rollout rollout(kSpec, {.steps = 3});
  CHECK(rollout.size() == 0);
  CHECK(rollout.capacity() == 3);
  CHECK(rollout.observation_size() == 2);

  CHECK(rollout.begin_step(Floats{1, 2}) == 0);
  rollout.actions().assign(0, std::int64_t{0});
  rollout.end_step(0.5F, kNone, Floats{3, 4});
  CHECK(rollout.begin_step(Floats{3, 4}) == 1);
  rollout.actions().assign(1, std::int64_t{2});
  rollout.end_step(-1, kNone, Floats{5, 6});
  rollout.finish(Floats{5, 6});

  CHECK(rollout.size() == 2);
  CHECK(rollout.steps() == 2);
  CHECK(rollout.environments() == 1);
  CHECK(copy(rollout.observations()) == Floats{1, 2, 3, 4});
  CHECK(copy(rollout.observation(1)) == Floats{3, 4});
  CHECK(copy(rollout.rewards()) == Floats{0.5F, -1});
  CHECK(copy(rollout.ends()) == Ends{kNone, kNone});
  CHECK(rollout.actions().discrete(0)[0] == 0);
  CHECK(rollout.actions().discrete(1)[0] == 2);
  CHECK(copy(rollout.bootstrap_rows()) == Rows{1});
  CHECK(copy(rollout.bootstrap_observations()) == Floats{5, 6});
}

TEST_CASE("a rollout that ends with its episode bootstraps only after a truncation") {
  const StepEnd end = GENERATE(kTerminated, kTruncated);
  Rollout rollout(kSpec, {.steps = 2});
  rollout.begin_step(Floats{1, 2});
  rollout.end_step(1, end, Floats{5, 6});
  rollout.finish(Floats{7, 8});  // of the next episode, for example; it is ignored
  CHECK(copy(rollout.ends()) == Ends{end});
  CHECK(copy(rollout.bootstrap_rows()) == (end == kTruncated ? Rows{0} : Rows{}));
  CHECK(copy(rollout.bootstrap_observations()) == (end == kTruncated ? Floats{5, 6} : Floats{}));
}

TEST_CASE("a step counts once it has ended, and a time step once it has ended in every environment") {
  Rollout rollout(kOneNumber, {.steps = 2, .environments = 2});
  CHECK(rollout.capacity() == 4);
  CHECK(rollout.begin_step(Floats{1, 2}) == 0);
  CHECK(rollout.size() == 0);
  rollout.end_step(1, kNone, Floats{3});
  CHECK(rollout.size() == 1);
  CHECK(rollout.steps() == 0);
  rollout.end_step(1, kNone, Floats{4});
  CHECK(rollout.size() == 2);
  CHECK(rollout.steps() == 1);
  CHECK(rollout.begin_step(Floats{3, 4}) == 2);
}

TEST_CASE("a rollout of several environments has a row for each in every time step") {
  Rollout rollout(kOneNumber, {.steps = 2, .environments = 3});
  push(rollout, 0, {kNone, kTerminated, kNone});
  push(rollout, 1, {kNone, kNone, kTerminated});
  rollout.finish(Floats{200, 201, 202});
  CHECK(rollout.steps() == 2);
  CHECK(rollout.environments() == 3);
  CHECK(copy(rollout.observations()) == Floats{0, 1, 2, 10, 11, 12});
  CHECK(copy(rollout.rewards()) == Floats{0, 1, 2, 10, 11, 12});
  CHECK(copy(rollout.ends()) == Ends{kNone, kTerminated, kNone, kNone, kNone, kTerminated});
  for (std::size_t row = 0; row < 6; ++row) {
    CHECK(rollout.actions().discrete(row)[0] == static_cast<std::int64_t>(row % 3));
  }
  CHECK(copy(rollout.bootstrap_rows()) == Rows{3, 4});
  CHECK(copy(rollout.bootstrap_observations()) == Floats{200, 201});
}

TEST_CASE("bootstrap rows are in ascending order for any sequence of truncations and cuts") {
  struct Case {
    Ends first;
    Ends last;
    Rows rows;
    Floats observations;  // 100, ... after the first step, 110, ... after the last, 200, ... from finish()
  };
  const auto c = GENERATE(values<Case>({
      {{kNone, kNone, kNone, kNone}, {kNone, kTruncated, kNone, kTruncated}, {4, 5, 6, 7}, {200, 111, 202, 113}},
      {{kNone, kTruncated, kTerminated, kTruncated},
       {kTruncated, kNone, kTruncated, kNone},
       {1, 3, 4, 5, 6, 7},
       {101, 103, 110, 201, 112, 203}},
      {{kTruncated, kNone, kNone, kNone}, {kTerminated, kNone, kTerminated, kTruncated}, {0, 5, 7}, {100, 201, 113}},
      {{kTruncated, kTruncated, kTruncated, kTruncated},
       {kTruncated, kTruncated, kTruncated, kTruncated},
       {0, 1, 2, 3, 4, 5, 6, 7},
       {100, 101, 102, 103, 110, 111, 112, 113}},
      {{kNone, kTerminated, kNone, kTerminated}, {kTerminated, kTerminated, kTerminated, kTerminated}, {}, {}},
  }));
  Rollout rollout(kOneNumber, {.steps = 2, .environments = 4});
  push(rollout, 0, c.first);
  push(rollout, 1, c.last);
  rollout.finish(Floats{200, 201, 202, 203});
  CHECK(copy(rollout.bootstrap_rows()) == c.rows);
  CHECK(copy(rollout.bootstrap_observations()) == c.observations);
}

TEST_CASE("masks are stored with their observations, including bootstrap observations") {
  using Masks = std::vector<std::uint8_t>;
  Rollout rollout(kOneNumber, {.steps = 2, .environments = 3, .mask_size = 2});
  const std::vector<Ends> ends{{kNone, kTruncated, kTerminated}, {kTruncated, kNone, kTruncated}};
  for (std::uint8_t step = 0; step < 2; ++step) {
    // The mask of environment k is [10 step + k, 1] before its action and [10 step + k, 2] after it.
    const auto mask = [step](std::uint8_t k, std::uint8_t when) {
      return Masks{static_cast<std::uint8_t>(10 * step + k), when};
    };
    Masks masks;
    for (std::uint8_t k = 0; k < 3; ++k) masks.insert(masks.end(), {mask(k, 1)[0], 1});
    rollout.begin_step(Floats{1, 2, 3}, masks);
    for (std::uint8_t k = 0; k < 3; ++k) rollout.end_step(0, ends[step][k], Floats{4}, mask(k, 2));
  }
  rollout.finish(Floats{5, 6, 7}, Masks{20, 3, 21, 3, 22, 3});
  CHECK(copy(rollout.masks()) == Masks{0, 1, 1, 1, 2, 1, 10, 1, 11, 1, 12, 1});
  CHECK(copy(rollout.bootstrap_rows()) == Rows{1, 3, 4, 5});
  CHECK(copy(rollout.bootstrap_masks()) == Masks{1, 2, 10, 2, 21, 3, 12, 2});
  rollout.clear();
  CHECK(rollout.masks().empty());
  CHECK(rollout.bootstrap_masks().empty());
}

TEST_CASE("a cleared rollout is filled from its first row again") {
  Rollout rollout(kOneNumber, {.steps = 2, .environments = 2});
  push(rollout, 0, {kTruncated, kTruncated});
  push(rollout, 1, {kNone, kTerminated});
  rollout.finish(Floats{200, 201});
  rollout.clear();
  CHECK(rollout.size() == 0);
  CHECK(rollout.bootstrap_rows().empty());

  push(rollout, 7, {kTerminated, kNone});
  rollout.finish(Floats{300, 301});
  CHECK(copy(rollout.observations()) == Floats{70, 71});
  CHECK(copy(rollout.rewards()) == Floats{70, 71});
  CHECK(copy(rollout.ends()) == Ends{kTerminated, kNone});
  CHECK(copy(rollout.bootstrap_rows()) == Rows{1});
  CHECK(copy(rollout.bootstrap_observations()) == Floats{301});
}

TEST_CASE("a step that both terminated and was truncated counts as terminated") {
  CHECK(step_end({.reward = 1, .terminated = false}) == kNone);
  CHECK(step_end({.reward = 1, .terminated = true}) == kTerminated);
  CHECK(step_end({.reward = 1, .terminated = false, .truncated = true}) == kTruncated);
  CHECK(step_end({.reward = 1, .terminated = true, .truncated = true}) == kTerminated);
}
