#include "envs/classic_control/mountain_car.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "envs/classic_control/mountain_car_continuous.h"
#include "envs/error.h"
#include "envs/registry.h"
#include "tests/catch.h"

using namespace sounder;
using sounder::envs::MountainCar;
using sounder::envs::MountainCarContinuous;

static_assert(EnvironmentModel<MountainCar> && Drawable<MountainCar> && Replayable<MountainCar>);
static_assert(EnvironmentModel<MountainCarContinuous> && Drawable<MountainCarContinuous> &&
              Replayable<MountainCarContinuous>);

namespace {

/// Returns the result of one step from a state.
struct After {
  StepResult result;
  double position;
  double velocity;
};

After step_from(double position, double velocity, std::int64_t action) {
  MountainCar environment;
  std::vector<float> observation(2);
  environment.set_state(std::vector<double>{position, velocity}, observation);
  const StepResult result = environment.step(action, observation);
  return {result, environment.state()[0], environment.state()[1]};
}

After force_from(double position, double velocity, float force) {
  MountainCarContinuous environment;
  std::vector<float> observation(2);
  environment.set_state(std::vector<double>{position, velocity}, observation);
  const std::vector<float> action{force};
  const StepResult result = environment.step(action, observation);
  return {result, environment.state()[0], environment.state()[1]};
}

template <class E>
void check_start() {
  E environment;
  std::vector<float> observation(2);
  std::vector<float> positions;
  for (std::uint64_t seed = 0; seed < 1'000; ++seed) {
    environment.reset(seed, observation);
    positions.push_back(observation[0]);
    REQUIRE(observation[1] == 0);
  }
  const auto [lowest, highest] = std::ranges::minmax(positions);
  CHECK(lowest >= -0.6F);
  CHECK(lowest < -0.599F);
  CHECK(highest <= -0.4F);
  CHECK(highest > -0.401F);
}

}  // namespace

TEST_CASE("a mountain car starts at rest between -0.6 and -0.4") {
  check_start<MountainCar>();
  check_start<MountainCarContinuous>();
}

TEST_CASE("the mountain car moves as worked out by hand") {
  // At position 0 the hill pulls by 0.0025 cos(0).
  const After right = step_from(0, 0, 2);
  CHECK(right.velocity == Approx(0.001 - 0.0025));
  CHECK(right.position == Approx(-0.0015));
  CHECK(right.result.reward == -1);
  CHECK(step_from(0, 0, 1).velocity == Approx(-0.0025));
  CHECK(step_from(0, 0, 0).velocity == Approx(-0.0035));

  CHECK(force_from(0, 0, 0.5F).velocity == Approx(0.00075 - 0.0025));
}

TEST_CASE("the left wall stops a mountain car") {
  for (const After& after : {step_from(-1.19, -0.07, 0), force_from(-1.19, -0.07, -1)}) {
    CHECK(after.position == Approx(-1.2));
    CHECK(after.velocity == 0);
    CHECK_FALSE(after.result.terminated);
  }
}

TEST_CASE("a mountain car is not faster than 0.07") {
  CHECK(step_from(-0.9, 0.0699, 2).velocity == 0.07);
  CHECK(step_from(0.2, -0.0699, 0).velocity == -0.07);
}

TEST_CASE("a mountain car terminates at its goal unless it rolls back") {
  CHECK(step_from(0.49, 0.02, 2).result.terminated);
  CHECK_FALSE(step_from(0.47, 0.02, 2).result.terminated);
  CHECK_FALSE(step_from(0.59, -0.02, 1).result.terminated);

  CHECK(force_from(0.44, 0.02, 0).result.terminated);
  CHECK_FALSE(force_from(0.42, 0.02, 0).result.terminated);
  CHECK_FALSE(force_from(0.59, -0.02, 0).result.terminated);
}

TEST_CASE("the continuous mountain car clips its force, but pays for the unclipped action") {
  const After one = force_from(-0.5, 0, 1);
  const After three = force_from(-0.5, 0, 3);
  CHECK(three.velocity == one.velocity);
  CHECK(one.result.reward == Approx(-0.1));
  CHECK(three.result.reward == Approx(-0.9));
  CHECK(force_from(-0.5, 0, -3).velocity == force_from(-0.5, 0, -1).velocity);
  CHECK(force_from(0.44, 0.02, 0.5F).result.reward == Approx(100 - 0.025));
}

TEST_CASE("the mountain car's picture shows the flag at the goal and the car on the hill") {
  MountainCar environment;
  std::vector<float> observation(2);
  environment.set_state(std::vector<double>{-0.5, 0}, observation);
  Canvas canvas;
  environment.draw(canvas);
  std::vector<Circle> wheels;
  std::vector<Polygon> polygons;
  for (const Primitive& primitive : canvas.primitives()) {
    if (const auto* circle = std::get_if<Circle>(&primitive)) wheels.push_back(*circle);
    if (const auto* polygon = std::get_if<Polygon>(&primitive)) polygons.push_back(*polygon);
  }
  REQUIRE(wheels.size() == 2);
  CHECK((wheels[0].center.x + wheels[1].center.x) / 2 == Approx(-0.5));
  CHECK((wheels[0].center.y + wheels[1].center.y) / 2 == Approx(0.45 * std::sin(-1.5) + 0.55 + 0.03));
  REQUIRE(polygons.size() == 2);
  CHECK(polygons[1].corners[0].x == 0.5);
}

TEST_CASE("a mountain car's state of the wrong length is refused") {
  std::vector<float> observation(2);
  MountainCar discrete;
  CHECK_THROWS_AS(discrete.set_state(std::vector<double>{0}, observation), Error);
  MountainCarContinuous continuous;
  CHECK_THROWS_AS(continuous.set_state(std::vector<double>{0, 0, 0}, observation), Error);
}

TEST_CASE("the mountain cars' options are their gravity and their power") {
  const Registry registry = Registry::with_builtins();
  const OptionValues options{{"gravity", "0.004"}, {"power", "0.005"}};
  std::vector<float> observation(2);
  // At 0 the slope is the steepest: cos(0) = 1.
  Environment discrete = registry.make("MountainCar-v0", options);
  discrete.set_state(std::vector<double>{0, 0.01}, observation);
  discrete.step(std::int64_t{2}, observation);
  CHECK(discrete.state()[1] == Approx(0.01 + 0.005 - 0.004));
  Environment continuous = registry.make("MountainCarContinuous-v0", options);
  continuous.set_state(std::vector<double>{0, 0.01}, observation);
  const std::vector<float> action{0.5F};
  continuous.step(std::span<const float>(action), observation);
  CHECK(continuous.state()[1] == Approx(0.01 + 0.0025 - 0.004));
}
