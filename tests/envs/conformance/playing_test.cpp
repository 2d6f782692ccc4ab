// Environments that cannot be played, or whose spec is wrong.
#include <atomic>
#include <limits>
#include <memory>
#include <stdexcept>
#include <thread>

#include "envs/error.h"
#include "tests/envs/conformance/checking.h"

using namespace sounder;
using namespace sounder::testing;

namespace {

constexpr const char* kSpec = "the spec is valid";
constexpr const char* kPlays = "it runs without an error";
constexpr const char* kStays = "the spec does not change";
constexpr const char* kActionBounds = "action bounds are near 1";
constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

/// Throws in the seventh step of each episode.
template <class Thrown>
struct Throwing : Walk {
  StepResult step(std::int64_t action, std::span<float> observation) {
    if (elapsed == 6) throw Thrown("the motor is hot");
    return Walk::step(action, observation);
  }
};

}  // namespace

TEST_CASE("an invalid spec is reported, and no other check runs") {
  const Space box = Box::bounds({-10, 0}, {10, 1});
  const Space three = Discrete{3};
  struct Senseless {
    EnvironmentSpec spec;
    std::string seen;
  };
  const std::vector<Senseless> cases{
      {{.observation_space = box, .action_space = Discrete{0}}, "action space: its count is 0"},
      {{.observation_space = box, .action_space = MultiBinary{-1}}, "action space: its count is -1"},
      {{.observation_space = box, .action_space = MultiDiscrete{{3, 0}}}, "action space: its count is 0"},
      {{.observation_space = box, .action_space = MultiDiscrete{{}}}, "action space: it is empty"},
      {{.observation_space = Discrete{-2}, .action_space = three}, "observation space: its count is -2"},
      {{.observation_space = Box{}, .action_space = three}, "observation space: it is empty"},
      {{.observation_space = Box{{0, 0}, {1, 1}, {-1, -2}}, .action_space = three}, "its shape has a length of -1"},
      {{.observation_space = Box{{0, 0}, {1, 1}, {3}}, .action_space = three},
       "2 lower bounds, 2 upper bounds, and a shape of 3 numbers"},
      {{.observation_space = Box{{0, 0}, {1}, {2}}, .action_space = three}, "2 lower bounds, 1 upper bounds"},
      {{.observation_space = Box{{0, 2}, {1, 1}, {2}}, .action_space = three}, "number 1 is from 2 to 1"},
      {{.observation_space = Box{{0, kNan}, {1, 1}, {2}}, .action_space = three}, "number 1 is from nan to 1"},
      {{.observation_space = box, .action_space = three, .max_episode_steps = 0}, "max_episode_steps is 0"},
      {{.observation_space = box, .action_space = three, .reward_threshold = static_cast<double>(kNan)},
       "reward_threshold is nan"},
  };
  for (const Senseless& senseless : cases) {
    const auto results = check([&] { return Environment(WithSpec<Walk>{{}, senseless.spec}); });
    require_failed(results, kSpec, senseless.seen);
    CHECK(with_outcome(results, CheckOutcome::skipped).size() == results.size() - 1);
  }
}

TEST_CASE("action bounds that are too wide or too narrow for a policy give a warning") {
  const auto with_bounds = [](float low, float high) {
    return check_with_spec<Drive>([&](EnvironmentSpec& spec) {
      spec.action_space = Box::bounds({-1, low}, {1, high});
    });
  };
  require_warning(with_bounds(-kInfinity, kInfinity), kActionBounds, "number 1 of an action is from -inf to inf");
  require_warning(with_bounds(0.0F, 0.001F), kActionBounds, "number 1 of an action is from 0 to 0.001");
  // The walk jumps from one end to the other, so only this rule is considered.
  CHECK(named(with_bounds(0, 255), kActionBounds).outcome == CheckOutcome::warning);
  CHECK(named(with_bounds(-1, 1), kActionBounds).outcome == CheckOutcome::passed);
}

TEST_CASE("an exception is reported with its place and message, and dependent checks are skipped") {
  const auto results = check<Throwing<std::runtime_error>>();
  require_failed(results, kPlays, "episode 0, step 7: it threw: the motor is hot");
  // Steps before the exception are judged.
  CHECK(named(results, "observations are in their space").outcome == CheckOutcome::passed);
  CHECK(named(results, "rewards are finite").outcome == CheckOutcome::passed);
  CHECK(named(results, "same seed, same episode").outcome == CheckOutcome::skipped);
  CHECK(named(results, "same seed, same episode").seen == "needs 'it runs without an error'");
}

TEST_CASE("an exception that is not a std::exception is reported") {
  struct ThrowsNumber : Walk {
    StepResult step(std::int64_t, std::span<float>) { throw 7; }
  };
  require_failed(check<ThrowsNumber>(), kPlays, "episode 0, step 1: it threw something other than a std::exception");
}

TEST_CASE("a reset that throws is reported; before the first observation there is none to judge") {
  struct ThrowsInReset : Walk {
    void reset(std::uint64_t, std::span<float>) { throw Error("no coin"); }
  };
  const auto results = check<ThrowsInReset>();
  require_failed(results, kPlays, "episode 0, reset: it threw: no coin");
  CHECK(named(results, "observations are finite").outcome == CheckOutcome::skipped);
  CHECK(named(results, "rewards are finite").outcome == CheckOutcome::skipped);
}

TEST_CASE("a reset that throws later is reported with its episode") {
  struct OnlyOnce : Walk {
    void reset(std::uint64_t seed, std::span<float> observation) {
      if (++resets == 2) throw Error("out of paper");
      Walk::reset(seed, observation);
    }
    int resets = 0;
  };
  require_failed(check<OnlyOnce>(), kPlays, "episode 1, reset: it threw: out of paper");
}

TEST_CASE("a lost environment is reported, and no further check runs") {
  int made = 0;
  const auto results = check([&] {
    ++made;
    return Environment(Throwing<EnvironmentLost>{});
  });
  require_failed(results, kPlays, "episode 0, step 7: it was lost: the motor is hot");
  CHECK(made == 1);
  CHECK(named(results, "rewards are finite").outcome == CheckOutcome::skipped);
  CHECK(named(results, "rewards are finite").seen == "the environment was lost in 'it runs without an error'");
}

TEST_CASE("an environment that is lost late is reported with the place, after earlier findings") {
  struct LostOnThreads : Walk {
    StepResult step(std::int64_t action, std::span<float> observation) {
      if (std::this_thread::get_id() != owner) throw EnvironmentLost("its process is gone");
      return Walk::step(action, observation);
    }
    std::thread::id owner = std::this_thread::get_id();
  };
  const auto results = check<LostOnThreads>();
  require_failed(results, "threads do not influence each other", "it was lost: its process is gone");
  CHECK(named(results, "instances do not influence each other").outcome == CheckOutcome::passed);
  CHECK(named(results, "actions have an effect").outcome == CheckOutcome::skipped);
}

TEST_CASE("a factory that throws, at first or later, is reported with its message") {
  const auto unmade = check([]() -> Environment { throw Error("no licence"); });
  require_failed(unmade, kSpec, "it threw: no licence");

  int made = 0;
  const auto single = check([&]() -> Environment {
    if (++made > 1) throw Error("the port is taken");
    return Environment(Walk{});
  });
  CHECK(named(single, kPlays).outcome == CheckOutcome::passed);
  CHECK(named(single, kStays).outcome == CheckOutcome::failed);
  CHECK(named(single, kStays).seen == "it threw: the port is taken");
}

TEST_CASE("an Action that does not fit the action space is reported and named") {
  const auto results =
      check_with_spec<Walk>([](EnvironmentSpec& spec) { spec.action_space = Box::uniform(-1, 1, {1}); });
  require_failed(results, kPlays, "its Action does not match its action space: expected std::int64_t for Discrete");
}

TEST_CASE("a spec that changes during play is reported") {
  struct Learns : Walk {
    EnvironmentSpec spec() const {
      EnvironmentSpec spec = Walk::spec();
      if (resets > 0) spec.reward_threshold = 200;
      return spec;
    }
    void reset(std::uint64_t seed, std::span<float> observation) {
      ++resets;
      Walk::reset(seed, observation);
    }
    int resets = 0;
  };
  require_failed(check<Learns>(), kStays, "reward_threshold has changed after some episodes");
}

TEST_CASE("a spec that differs between instances is reported") {
  int made = 0;
  const auto results = check([&] {
    WithSpec<Walk> environment;
    environment.own.action_space = Discrete{++made == 1 ? 3 : 2};
    return Environment(std::move(environment));
  });
  CHECK(findings(results).front() == std::string("failed: ") + kStays);
  CHECK(named(results, kStays).seen == "its action space differs in a second instance");
}
