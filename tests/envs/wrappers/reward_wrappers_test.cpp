#include <limits>
#include <vector>

#include "envs/error.h"
#include "envs/wrappers/clip_reward.h"
#include "envs/wrappers/episode_statistics.h"
#include "envs/wrappers/scale_reward.h"
#include "tests/catch.h"
#include "tests/envs/wrappers/probe.h"

using namespace sounder;

static_assert(Replayable<ClipReward<Probe>> && Drawable<ScaleReward<Probe>>);
static_assert(Replayable<EpisodeStatistics<Probe>> && EnvironmentModel<EpisodeStatistics<Environment>>);
static_assert(!Replayable<EpisodeStatistics<PlainProbe>>);

TEST_CASE("rewards are clipped to both sides, and the threshold is removed") {
  ClipReward clipped(Probe{.begins_at = -4}, 2.0F);
  CHECK_FALSE(clipped.spec().reward_threshold);
  CHECK(clipped.spec().max_episode_steps == 10);
  first_observation(clipped);
  std::vector<float> rewards;
  for (int step = 0; step < 7; ++step) rewards.push_back(result_of(clipped, 0).reward);
  CHECK(rewards == std::vector<float>{-2, -2, -1, 0, 1, 2, 2});

  ClipReward by_one(Probe{.terminates_at = 2});
  first_observation(by_one);
  result_of(by_one, 0);
  const StepResult result = result_of(by_one, 0);
  CHECK(result.reward == 1);
  CHECK(result.terminated);
}

TEST_CASE("rewards are scaled, and the threshold with them") {
  ScaleReward scaled(Probe{.terminates_at = 2}, 0.5F);
  CHECK(scaled.spec().reward_threshold == 15.0);
  first_observation(scaled);
  CHECK(result_of(scaled, 0).reward == 0.5F);
  const StepResult result = result_of(scaled, 0);
  CHECK(result.reward == 1.0F);
  CHECK(result.terminated);
  CHECK_FALSE(ScaleReward(Chooser{}, 2.0F).spec().reward_threshold);
}

TEST_CASE("reward wrappers refuse values out of range") {
  CHECK_THROWS_AS(ClipReward(Probe{}, -1.0F), UsageError);
  CHECK_THROWS_AS(ScaleReward(Probe{}, 0.0F), UsageError);
  CHECK_THROWS_AS(ScaleReward(Probe{}, std::numeric_limits<float>::infinity()), UsageError);
}

TEST_CASE("episode statistics hold the running episode and the one that ended last") {
  EpisodeStatistics statistics(Probe{.terminates_at = 3});
  first_observation(statistics);
  CHECK(statistics.current().length == 0);
  CHECK_FALSE(statistics.last());
  result_of(statistics, 0);
  result_of(statistics, 0);
  CHECK(statistics.current().episode_return == 3.0);
  CHECK(statistics.current().length == 2);
  CHECK_FALSE(statistics.last());
  result_of(statistics, 0);
  REQUIRE(statistics.last());
  CHECK(statistics.last()->episode_return == 6.0);
  CHECK(statistics.last()->length == 3);
  CHECK(statistics.current().episode_return == 6.0);

  first_observation(statistics);
  result_of(statistics, 0);
  CHECK(statistics.current().episode_return == 1.0);
  CHECK(statistics.current().length == 1);
  CHECK(statistics.last()->length == 3);
}

TEST_CASE("a truncated episode counts, one interrupted by a reset or a set state does not") {
  EpisodeStatistics statistics(Probe{.truncates_at = 2});
  std::vector<float> observation(3);
  first_observation(statistics);
  result_of(statistics, 0);
  first_observation(statistics);
  CHECK_FALSE(statistics.last());
  result_of(statistics, 0);
  result_of(statistics, 0);
  REQUIRE(statistics.last());
  CHECK(statistics.last()->episode_return == 3.0);

  statistics.set_state(std::vector<double>{6, 0}, observation);
  CHECK(statistics.current().length == 0);
  result_of(statistics, 0);
  CHECK(statistics.current().episode_return == 7.0);
}
