// Environments whose observations are wrong.
#include <array>
#include <cmath>
#include <limits>

#include "tests/envs/conformance/checking.h"

using namespace sounder;
using namespace sounder::testing;

namespace {

constexpr const char* kWritten = "observations are written completely";
constexpr const char* kBeside = "nothing is written outside of the observation";
constexpr const char* kFinite = "observations are finite";
constexpr const char* kSpace = "observations are in their space";
constexpr const char* kBounds = "some observation bounds are finite";
constexpr const char* kScale = "observations are near 1";
constexpr const char* kChange = "observations change";
constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// Writes one number more in the seventh step.
template <int at>
struct WritesAt {
  void operator()(Walk& walk, std::span<float> observation, StepResult&) const {
    if (walk.elapsed == 7) *(observation.data() + at) = 1;
  }
};

/// Replaces a number in the seventh step.
struct Nan {
  void operator()(Walk& walk, std::span<float> observation, StepResult&) const {
    if (walk.elapsed == 7) observation[1] = std::numeric_limits<float>::quiet_NaN();
  }
};
struct Infinite {
  void operator()(Walk& walk, std::span<float> observation, StepResult&) const {
    if (walk.elapsed == 7) observation[0] = -kInfinity;
  }
};
struct BeyondBound {
  void operator()(Walk& walk, std::span<float> observation, StepResult&) const {
    if (walk.elapsed == 7) observation[1] = 1.01F;
  }
};

/// A Walk that is observed as one number; its space is given.
template <class Observe>
struct Observed : Walk {
  EnvironmentSpec spec() const {
    EnvironmentSpec spec = Walk::spec();
    spec.observation_space = Observe::space();
    return spec;
  }
  void reset(std::uint64_t seed, std::span<float> observation) {
    std::array<float, 2> own{};
    Walk::reset(seed, own);
    observation[0] = Observe{}(*this);
  }
  StepResult step(std::int64_t action, std::span<float> observation) {
    std::array<float, 2> own{};
    const StepResult result = Walk::step(action, own);
    observation[0] = Observe{}(*this);
    return result;
  }
  void set_state(std::span<const double> state, std::span<float> observation) {
    std::array<float, 2> own{};
    Walk::set_state(state, own);
    observation[0] = Observe{}(*this);
  }
};

float cell(const Walk& walk) {
  return std::round(walk.position) + 10;
}

struct Cell {
  static Space space() { return Discrete{21}; }
  float operator()(const Walk& walk) const { return cell(walk); }
};
struct HalfCell {
  static Space space() { return Discrete{21}; }
  float operator()(const Walk& walk) const { return walk.elapsed == 7 ? 2.5F : cell(walk); }
};
struct CellFromOne {
  static Space space() { return MultiDiscrete{{21}}; }
  float operator()(const Walk& walk) const { return walk.elapsed == 7 ? 21 : cell(walk); }
};
struct Switch {
  static Space space() { return MultiBinary{1}; }
  float operator()(const Walk& walk) const { return walk.elapsed == 7 ? 2.0F : walk.position > 0 ? 1.0F : 0.0F; }
};
struct Pixel {
  static Space space() { return Box::bounds({0}, {255}); }
  float operator()(const Walk& walk) const { return (walk.position + 10) * 255 / 20; }
};
struct Nanometre {
  static Space space() { return Box::bounds({-1}, {1}); }
  float operator()(const Walk& walk) const { return walk.position * 1e-6F; }
};
struct Constant {
  static Space space() { return Box::bounds({0}, {1}); }
  float operator()(const Walk&) const { return 0.5F; }
};

}  // namespace

TEST_CASE("a number of the observation that a step never writes is reported") {
  struct Lazy : Walk {
    StepResult step(std::int64_t action, std::span<float> observation) {
      std::array<float, 2> own{};
      const StepResult result = Walk::step(action, own);
      observation[0] = own[0];
      return result;
    }
  };
  require_failed(check<Lazy>(), kWritten, "episode 0, step 1: number 1 of 2 was not written");
}

TEST_CASE("an observation that a reset does not write is reported") {
  struct Late : Walk {
    void reset(std::uint64_t seed, std::span<float>) {
      std::array<float, 2> own{};
      Walk::reset(seed, own);
    }
  };
  require_failed(check<Late>(), kWritten, "episode 0, reset: 2 of 2 numbers, starting with number 0, were not written");
}

TEST_CASE("writing before or after the observation is reported") {
  require_failed(check<FaultyStep<WritesAt<2>>>(), kBeside,
                 "episode 0, step 7: it wrote outside of its observation's 2 numbers");
  require_failed(check<FaultyStep<WritesAt<-1>>>(), kBeside,
                 "episode 0, step 7: it wrote outside of its observation's 2 numbers");
}

TEST_CASE("nan and infinite observations are reported, apart from unwritten ones") {
  require_failed(check<FaultyStep<Nan>>(), kFinite, "episode 0, step 7: number 1 of 2 is nan");
  require_failed(check<FaultyStep<Infinite>>(), kFinite, "episode 0, step 7: number 0 of 2 is -inf");
}

TEST_CASE("an observation beyond a bound of its space is reported with both") {
  require_failed(check<FaultyStep<BeyondBound>>(), kSpace,
                 "episode 0, step 7: number 1 is 1.01, its bounds are 0 and 1");
}

TEST_CASE("discrete observations must be integers within their range") {
  CHECK(findings(check<Observed<Cell>>()).empty());
  require_failed(check<Observed<HalfCell>>(), kSpace, "episode 0, step 7: number 0 is 2.5, its range is 0 to 20");
  require_failed(check<Observed<CellFromOne>>(), kSpace, "episode 0, step 7: number 0 is 21, its range is 0 to 20");
  require_failed(check<Observed<Switch>>(), kSpace, "episode 0, step 7: number 0 is 2, its range is 0 to 1");
}

TEST_CASE("observation bounds that are all infinite give a warning; some may be") {
  const auto with_bounds = [](std::vector<float> low, std::vector<float> high) {
    return check_with_spec<Walk>([&](EnvironmentSpec& spec) { spec.observation_space = Box::bounds(low, high); });
  };
  require_warning(with_bounds({-kInfinity, 0}, {kInfinity, kInfinity}), kBounds,
                  "2 of 2 numbers have an infinite bound");
  CHECK(findings(with_bounds({-kInfinity, 0}, {kInfinity, 1})).empty());
}

TEST_CASE("observations of a scale unsuitable for initial networks give a warning") {
  require_warning(check<Observed<Pixel>>(), kScale, "number 0 ranges from ");
  require_warning(check<Observed<Nanometre>>(), kScale, "number 0 ranges from ");
}

TEST_CASE("an observation that never changes gives a warning") {
  require_warning(check<Observed<Constant>>(), kChange, "steps changed the observation");
}

TEST_CASE("an observation that changes in resets only gives a warning, unless episodes have one step") {
  struct Start : Walk {
    void reset(std::uint64_t seed, std::span<float> observation) {
      Walk::reset(seed, observation);
      first = position;
      observation[1] = 0.5F;
    }
    StepResult step(std::int64_t action, std::span<float> observation) {
      StepResult result = Walk::step(action, observation);
      observation[0] = first;
      observation[1] = 0.5F;
      result.terminated |= elapsed == last;
      return result;
    }
    std::vector<double> state() const { return {}; }
    float first = 0;
    int last = Walk::kLimit + 1;
  };
  require_warning(check<Start>(), kChange, "steps changed the observation");
  const auto bandit = check([] {
    Start start;
    start.last = 1;
    return Environment(std::move(start));
  });
  CHECK(findings(bandit).empty());
}
