// Environments whose draw(), state() or set_state() is wrong.
#include "tests/envs/conformance/checking.h"

using namespace sounder;
using namespace sounder::testing;

namespace {

constexpr const char* kDraw = "drawing changes nothing";
constexpr const char* kState = "an episode continues from a restored state";

struct Touched : Walk {
  void draw(Canvas& canvas) const {
    Walk::draw(canvas);
    ++drawn;
  }
  StepResult step(std::int64_t action, std::span<float> observation) {
    return Walk::step(drawn == 0 ? action : 1, observation);
  }
  mutable int drawn = 0;
};

struct WritesNoObservation : Walk {
  void set_state(std::span<const double> state, std::span<float>) {
    std::array<float, 2> own{};
    Walk::set_state(state, own);
  }
};
struct SetsNothing : Walk {
  void set_state(std::span<const double>, std::span<float> observation) { observe(observation); }
};
struct IncompleteState : Walk {
  std::vector<double> state() const { return {static_cast<double>(position), static_cast<double>(elapsed)}; }
  void set_state(std::span<const double> state, std::span<float> observation) {
    position = static_cast<float>(state[0]);
    elapsed = static_cast<int>(state[1]);
    observe(observation);
  }
};
struct CountsItsSettings : Walk {
  std::vector<double> state() const {
    std::vector<double> state = Walk::state();
    state.push_back(settings);
    return state;
  }
  void set_state(std::span<const double> state, std::span<float> observation) {
    Walk::set_state(state, observation);
    ++settings;
  }
  double settings = 0;
};

/// A Walk that offers nothing.
struct Plain {
  using Action = std::int64_t;
  EnvironmentSpec spec() const { return walk.spec(); }
  void reset(std::uint64_t seed, std::span<float> observation) { walk.reset(seed, observation); }
  StepResult step(std::int64_t action, std::span<float> observation) { return walk.step(action, observation); }
  Walk walk;
};

}  // namespace

TEST_CASE("an environment that is changed by drawing is reported") {
  require_failed(check<Touched>(), kDraw, "it differs after drawing");
}

TEST_CASE("a state whose observation is not written, or that is not set at all, is reported") {
  require_failed(check<WritesNoObservation>(), kState, "set_state() writes another observation");
  require_failed(check<SetsNothing>(), kState, "state() after set_state() differs from the state that was set");
  require_failed(check<CountsItsSettings>(), kState, "state() after set_state() differs from the state that was set");
}

TEST_CASE("an incomplete state is reported") {
  require_failed(check<IncompleteState>(), kState, "1 steps after set_state(), the same actions have another result");
}

TEST_CASE("optional functions that an environment lacks are skipped") {
  const auto results = check<Plain>();
  CHECK(findings(results).empty());
  CHECK(named(results, kDraw).outcome == CheckOutcome::skipped);
  CHECK(named(results, kState).outcome == CheckOutcome::skipped);
}
