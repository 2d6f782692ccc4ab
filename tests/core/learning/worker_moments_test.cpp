// Tests a worker's moments of observations and returns, and how it shapes rewards.
#include <cmath>
#include <vector>

#include "tests/catch.h"
#include "tests/core/learning/worker_bench.h"
#include "tests/core/running/trainer_bench.h"

using namespace sounder;
using namespace sounder::fakes;

namespace {

using Floats = std::vector<float>;

constexpr MomentsBlock kObservations{.offset = 4, .width = 2};  // floats 4, ..., 8
constexpr MomentsBlock kReturns{.offset = 9, .width = 1};       // floats 9, 10, 11
constexpr std::size_t kSize = 12;

/// Sets the moments in a worker's store to those of no observations, before it runs.
void begin_moments(WorkerBench& bench) {
  bench.store.restore({.parameters = {0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 1, 0}, .statistics = {Floats(kSize)}});
}

}  // namespace

TEST_CASE("a worker merges the moments of the observations that it acted on, and learns with the earlier ones") {
  WorkerBench bench{.size = kSize, .moments = {kObservations}};
  bench.behaviour.observation_moments = kObservations;
  begin_moments(bench);
  bench.run(1);  // the clocks are 0, 1, 2, 3; the marks are constant in an episode
  Floats parameters = bench.parameters();
  Moments moments = Moments::of(kObservations, parameters);
  CHECK(moments.count == 4);
  CHECK(moments.mean[0] == 1.5F);
  CHECK(moments.variance[0] == 1.25F);
  CHECK(moments.mean[1] == bench.learnt[0].marks[0]);
  CHECK(moments.variance[1] == Approx(0).margin(1e-12));
  CHECK(Moments::of(kObservations, bench.learnt[0].parameters).count == 0);
  CHECK(Floats(parameters.begin(), parameters.begin() + 4) == Floats{-2, -2, -1, 0});

  bench.run(1);  // 4, the last one of the episode: 0, 1, 2, 3, 4
  parameters = bench.parameters();
  moments = Moments::of(kObservations, parameters);
  CHECK(moments.count == 5);
  CHECK(moments.mean[0] == 2);
  CHECK(moments.variance[0] == 2);
  CHECK(Moments::of(kObservations, bench.learnt[1].parameters).mean[0] == 1.5F);
}

TEST_CASE("moments are counted even if the update is dropped") {
  WorkerBench bench{.size = kSize, .moments = {kObservations}};
  bench.behaviour.observation_moments = kObservations;
  begin_moments(bench);
  bench.change = [](std::span<float> gradient, LossSums&) { gradient[0] = NAN; };
  bench.run(1);
  CHECK(bench.store.updates() == 0);
  CHECK(Moments::of(kObservations, bench.parameters()).count == 4);
}

TEST_CASE("returns are discounted sums of an episode's original rewards so far") {
  WorkerBench bench{.size = kSize, .moments = {kReturns}};
  bench.behaviour.return_moments = kReturns;
  bench.behaviour.choose = [](const Choice&) { return std::int64_t{1}; };  // reward 2
  bench.settings.reward = {.scale = 10, .clip = 3, .discount = 0.5F};
  begin_moments(bench);
  bench.run(1);  // 2, 3, 3.5, 3.75
  Floats parameters = bench.parameters();
  CHECK(Moments::of(kReturns, parameters).count == 4);
  CHECK(Moments::of(kReturns, parameters).mean[0] == 3.0625F);
  CHECK(Moments::of(kReturns, parameters).variance[0] == 0.44921875F);
  bench.run(2);  // 3.875, and in the next episode 2, 3, 3.5, 3.75
  parameters = bench.parameters();
  CHECK(Moments::of(kReturns, parameters).count == 9);
  CHECK(Moments::of(kReturns, parameters).mean[0] == Approx((2 * 12.25 + 3.875) / 9));
}

TEST_CASE("rewards are shaped for learning, and episodes report the original ones") {
  WorkerBench bench{.size = kSize, .moments = {kReturns}};
  bench.behaviour.choose = [](const Choice& choice) { return static_cast<std::int64_t>(choice.observation[0]) % 2; };
  SECTION("scaled") {
    bench.settings.reward = {.scale = -3};
    bench.run(1);
    CHECK(bench.learnt[0].rewards == Floats{-3, -6, -3, -6});
  }
  SECTION("scaled and clipped") {
    bench.settings.reward = {.scale = -3, .clip = 4};
    bench.run(1);
    CHECK(bench.learnt[0].rewards == Floats{-3, -4, -3, -4});
  }
  SECTION("divided by the returns' deviation, as it was when the rollout began") {
    bench.behaviour.return_moments = kReturns;
    bench.store.restore({.parameters = {0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 16, 1e6F}, .statistics = {Floats(kSize)}});
    bench.settings.reward = {.scale = 2};
    bench.run(1);
    REQUIRE(bench.learnt[0].rewards.size() == 4);
    CHECK(bench.learnt[0].rewards[0] == Approx(0.5));
    CHECK(bench.learnt[0].rewards[1] == Approx(1));
    CHECK(bench.learnt[0].rewards[3] == bench.learnt[0].rewards[1]);
  }
  bench.run(1);
  const auto episodes = bench.episodes();
  REQUIRE(episodes.size() == 1);
  CHECK(episodes[0].episode_return == 7);  // 1, 2, 1, 2, 1
}

TEST_CASE("normalised rewards have a default bound, because the first one would be huge") {
  TrainerBench bench;
  bench.behaviour.size = kSize;
  bench.behaviour.return_moments = kReturns;
  bench.config.normalize_rewards = true;
  bench.config.steps = 12;
  float bound = 10;
  SECTION("none is set") {}
  SECTION("one is set") {
    bench.config.reward_clip = bound = 3;
  }
  // Only the tenth step has a reward.
  bench.environment.length = [](std::uint64_t) { return 100; };
  bench.environment.on_step = [](const FakeEnvironment::Step& step) {
    step.result.reward = step.step == 10 ? 1.0F : 0.0F;
  };
  Floats rewards;
  bench.behaviour.learn = [&](const Rollout& rollout, std::span<const float>, std::span<float>) {
    rewards.insert(rewards.end(), rollout.rewards().begin(), rollout.rewards().end());
    return LossSums{};
  };
  bench.run();
  REQUIRE(rewards.size() == 12);
  CHECK(rewards[9] == bound);
  CHECK(std::ranges::count(rewards, 0.0F) == 11);
}

TEST_CASE("one worker with moments that is resumed where an episode ended continues as if never stopped, bit for bit") {
  const auto configure = [](TrainerBench& bench, std::int64_t steps) {
    bench.behaviour.size = kSize;
    bench.behaviour.observation_moments = kObservations;
    bench.behaviour.return_moments = kReturns;
    bench.config.normalize_rewards = true;
    bench.config.steps = steps;
  };
  TrainerBench whole, part, rest;
  configure(whole, 2'000);
  configure(part, 1'000);
  configure(rest, 2'000);
  const TrainReport uninterrupted = whole.run();
  CHECK(uninterrupted.parameters[8] == 2'000);
  CHECK(uninterrupted.parameters[11] == 2'000);
  part.run();
  rest.resumed = part.saved.back().checkpoint;
  CHECK(rest.run().parameters == uninterrupted.parameters);
}
