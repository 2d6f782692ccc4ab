#include "envs/diagnostic/corridor.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "envs/error.h"
#include "envs/registry.h"
#include "tests/catch.h"

using namespace sounder;
using sounder::envs::Corridor;

static_assert(EnvironmentModel<Corridor> && Drawable<Corridor> && Replayable<Corridor>);

namespace {

using Floats = std::vector<float>;
using Doubles = std::vector<double>;

/// Returns the observation of a cell, from 0, of 20.
Floats thermometer(std::ptrdiff_t cell) {
  Floats observation(20);
  std::fill_n(observation.begin(), cell + 1, 1.0F);
  return observation;
}

struct Episode {
  double episode_return = 0;
  int length = 0;
};

Episode play(const OptionValues& options, std::int64_t action, std::uint64_t seed = 0) {
  Environment environment = Registry::with_builtins().make("Corridor-v0", options);
  Floats observation(flat_size(environment.spec().observation_space));
  environment.reset(seed, observation);
  Episode episode;
  for (StepResult result{.reward = 0, .terminated = false}; !result.terminated && !result.truncated;) {
    result = environment.step(action, observation);
    episode.episode_return += static_cast<double>(result.reward);
    ++episode.length;
  }
  return episode;
}

double threshold(const OptionValues& options) {
  return Registry::with_builtins().make("Corridor-v0", options).spec().reward_threshold.value();
}

}  // namespace

TEST_CASE("the corridor's observation is a thermometer of the cell, and its walls stop") {
  Corridor environment;
  Floats observation(20);
  environment.reset(0, observation);
  CHECK(observation == thermometer(1));
  CHECK(environment.step(1, observation).reward == 0);
  CHECK(observation == thermometer(2));
  CHECK(environment.step(0, observation).reward == 0);
  CHECK(environment.step(0, observation).reward == 0.001F);
  CHECK(environment.step(0, observation).reward == 0.001F);
  CHECK(observation == thermometer(0));
  environment.set_state(Doubles{18, 0}, observation);
  CHECK(environment.step(1, observation).reward == 1);
  CHECK(observation == thermometer(19));
  const StepResult result = environment.step(1, observation);
  CHECK(result.reward == 1);
  CHECK_FALSE(result.terminated);
}

TEST_CASE("always walking right earns 12 for any length of the corridor, always walking left almost nothing") {
  for (const int length : {3, 20, 57}) {
    const OptionValues options{{"length", std::to_string(length)}};
    const Episode right = play(options, 1);
    CHECK(right.episode_return == 12);
    CHECK(right.length == length + 9);
    CHECK(play(options, 0).episode_return == Approx(0.001 * (length + 9)));
    CHECK(threshold(options) == Approx(0.99 * 12));
  }
}

TEST_CASE("a slippery corridor's steps go the other way with the configured probability") {
  constexpr int kEpisodes = 4'000;
  constexpr double kSlip = 0.3;
  Environment environment = Registry::with_builtins().make("Corridor-v0", {{"slip", "0.3"}});
  Floats observation(20);
  int first = 0;
  int both = 0;
  for (std::uint64_t seed = 0; seed < kEpisodes; ++seed) {
    environment.reset(seed, observation);
    environment.step(std::int64_t{1}, observation);
    const bool slipped = environment.state()[0] == 0;
    const double before = environment.state()[0];
    environment.step(std::int64_t{1}, observation);
    const bool slipped_again = environment.state()[0] <= before;
    first += slipped ? 1 : 0;
    both += slipped && slipped_again ? 1 : 0;
  }
  // Four standard deviations of the counts; independent steps, so that both slip with the square.
  CHECK(std::abs(first - kEpisodes * kSlip) < 4 * std::sqrt(kEpisodes * kSlip * (1 - kSlip)));
  const double square = kSlip * kSlip;
  CHECK(std::abs(both - kEpisodes * square) < 4 * std::sqrt(kEpisodes * square * (1 - square)));
}

TEST_CASE("the slippery corridor's best return is the mean return of walking right") {
  constexpr int kEpisodes = 4'000;
  double mean = 0.0;
  double square = 0.0;
  for (std::uint64_t seed = 0; seed < kEpisodes; ++seed) {
    const double episode_return = play({{"slip", "0.2"}}, 1, seed).episode_return;
    mean += episode_return / kEpisodes;
    square += episode_return * episode_return / kEpisodes;
  }
  const double standard_error = std::sqrt((square - mean * mean) / kEpisodes);
  CHECK(std::abs(threshold({{"slip", "0.2"}}) / 0.99 - mean) < 4 * standard_error);
  CHECK(Corridor{}.optimal_return() == 12);
}

TEST_CASE("the corridor's picture shows the agent in its cell, and the far end's colour") {
  Corridor environment;
  Floats observation(20);
  environment.set_state(Doubles{4, 0}, observation);
  Canvas canvas;
  environment.draw(canvas);
  CHECK(std::get<Circle>(canvas.primitives().back()).center.x == 4.5);
  CHECK(std::get<Polygon>(canvas.primitives()[1]).corners[0].x == 19);
  CHECK(canvas.view().upper_right.x == 20.5);
}

TEST_CASE("a state with an invalid cell or key of the corridor is refused") {
  Corridor environment;
  Floats observation(20);
  for (const Doubles& state : {Doubles{0}, Doubles{20, 0}, Doubles{-1, 0}, Doubles{0.5, 0}, Doubles{0, 0x1p53}}) {
    CHECK_THROWS_AS(environment.set_state(state, observation), Error);
  }
}
