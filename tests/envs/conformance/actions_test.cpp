// Environments that handle actions wrongly.
#include "envs/error.h"
#include "tests/envs/conformance/checking.h"

using namespace sounder;
using namespace sounder::testing;

namespace {

constexpr const char* kEnds = "actions at their bounds are accepted";
constexpr const char* kEffect = "actions have an effect";

/// Makes three choices, of which it reads two.
struct Choices : Walk {
  using Action = std::span<const std::int64_t>;
  EnvironmentSpec spec() const {
    EnvironmentSpec spec = Walk::spec();
    spec.action_space = MultiDiscrete{{3, 4, 2}};
    return spec;
  }
  StepResult step(std::span<const std::int64_t> action, std::span<float> observation) {
    return Walk::step(action[0] == 2 ? 2 : action[2], observation);
  }
};

}  // namespace

TEST_CASE("an exception for an action at its bound is reported") {
  struct Exclusive : Drive {
    StepResult step(std::span<const float> action, std::span<float> observation) {
      if (action[1] >= 1) throw Error("a push of 1 is too strong");
      return Drive::step(action, observation);
    }
  };
  require_failed(check<Exclusive>(), kEnds,
                 "episode 0, step 1, with every number at its highest: it threw: a push of 1 is too strong");
}

TEST_CASE("an action at its bound that leads out of the observation space is reported") {
  struct Slips : Drive {
    StepResult step(std::span<const float> action, std::span<float> observation) {
      const StepResult result = Drive::step(action, observation);
      if (action[0] <= -1) observation[0] = -11;
      return result;
    }
  };
  require_failed(check<Slips>(), kEnds,
                 "episode 0, step 1: number 0 is -11, its bounds are -10 and 10, with every number at its lowest");
}

TEST_CASE("an action that is not read gives a warning; a space of one action is not judged") {
  struct Deaf : Walk {
    StepResult step(std::int64_t, std::span<float> observation) { return Walk::step(1, observation); }
  };
  require_warning(check<Deaf>(), kEffect, "other actions led to the same 300 resets and steps");
  const auto single = check_with_spec<Deaf>([](EnvironmentSpec& spec) { spec.action_space = Discrete{1}; });
  CHECK(findings(single).empty());
  CHECK(named(single, kEffect).outcome == CheckOutcome::skipped);
}

TEST_CASE("a number of an action that is not read gives a warning that names it") {
  struct HalfDeaf : Drive {
    StepResult step(std::span<const float> action, std::span<float> observation) {
      return move(action[0], observation);
    }
  };
  require_warning(check<HalfDeaf>(), kEffect, "an action has 2 numbers; other values of number 1 led to the same");
}

TEST_CASE("one of several choices that is not read gives a warning that names it") {
  require_warning(check<Choices>(), kEffect, "an action has 3 numbers; other values of number 1 led to the same");
}
