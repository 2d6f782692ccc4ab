// Checks of action masks.
#include <array>

#include "envs/error.h"
#include "tests/envs/conformance/checking.h"

using namespace sounder;
using namespace sounder::testing;

namespace {

constexpr const char* kRule = "action masks allow an action";

/// A walk that cannot continue outwards when it is far out. Forbidden actions throw.
struct Masked : Walk {
  StepResult step(std::int64_t action, std::span<float> observation) {
    std::array<std::uint8_t, 3> allowed{};
    action_mask(allowed);
    if (allowed[static_cast<std::size_t>(action)] == 0) throw Error("this action was not allowed");
    return Walk::step(action, observation);
  }
  void action_mask(std::span<std::uint8_t> allowed) const {
    allowed[0] = position > -2 ? 1 : 0;
    allowed[1] = position > -1 && position < 1 ? 1 : 0;
    allowed[2] = position < 2 ? 1 : 0;
  }
};

/// Changes the mask of a sound one after some steps.
template <class Fault>
struct FaultyMask : Masked {
  StepResult step(std::int64_t action, std::span<float> observation) { return Walk::step(action, observation); }
  void action_mask(std::span<std::uint8_t> allowed) const {
    Masked::action_mask(allowed);
    if (elapsed >= 4) Fault{}(*this, allowed);
  }
};

struct AllowsNothing {
  void operator()(const Walk&, std::span<std::uint8_t> allowed) const { std::ranges::fill(allowed, 0); }
};
struct IsNoFlag {
  void operator()(const Walk&, std::span<std::uint8_t> allowed) const { allowed[1] = 7; }
};
struct WritesBeside {
  void operator()(const Walk&, std::span<std::uint8_t> allowed) const { allowed.data()[allowed.size()] = 1; }
};
struct Unwritten : Masked {
  StepResult step(std::int64_t action, std::span<float> observation) { return Walk::step(action, observation); }
  void action_mask(std::span<std::uint8_t> allowed) const { allowed[0] = allowed[1] = 1; }
};
struct MaskedDrive : Drive {
  void action_mask(std::span<std::uint8_t>) const {}
};
/// Draws the mask from its own random numbers.
struct Fickle : Masked {
  StepResult step(std::int64_t action, std::span<float> observation) { return Walk::step(action, observation); }
  void action_mask(std::span<std::uint8_t> allowed) const {
    static int calls = 0;
    std::ranges::fill(allowed, 1);
    allowed[static_cast<std::size_t>(++calls % 3)] = 0;
  }
};
/// Loses what its mask depends on when its state is set.
struct Forgetful : Masked {
  void set_state(std::span<const double> state, std::span<float> observation) {
    Masked::set_state(state, observation);
    forgot = true;
  }
  void action_mask(std::span<std::uint8_t> allowed) const {
    if (!forgot) return Masked::action_mask(allowed);
    std::ranges::fill(allowed, 1);
  }
  bool forgot = false;
};

}  // namespace

TEST_CASE("a sound environment that masks actions passes every check: only allowed actions are played") {
  const auto results = check<Masked>();
  CHECK(findings(results) == std::vector<std::string>{});
  CHECK(named(results, kRule).outcome == CheckOutcome::passed);
  CHECK(named(results, kRule).seen == "1 to 3 of 3 were allowed");
}

TEST_CASE("without masks there is nothing to check") {
  const CheckResult result = named(check<Walk>(), kRule);
  CHECK(result.outcome == CheckOutcome::skipped);
  CHECK(result.seen == "it masks no actions");
}

TEST_CASE("a mask that allows nothing, or is no mask, fails, and the play goes on") {
  require_failed(check<FaultyMask<AllowsNothing>>(), kRule,
                 "episode 0, step 4: its mask allows no option of choice 0 of 1");
  require_failed(check<FaultyMask<IsNoFlag>>(), kRule, "episode 0, step 4: number 1 of its mask is 7");
  require_failed(check<FaultyMask<WritesBeside>>(), kRule,
                 "episode 0, step 4: it wrote outside of its mask's 3 numbers");
  require_failed(check<Unwritten>(), kRule, "episode 0, reset: number 2 of its mask was not written");
  require_failed(check<MaskedDrive>(), kRule, "it masks actions of Box(-1, 1, [2])");
}

TEST_CASE("a mask that does not depend on seed and actions only fails the rule of equal seeds") {
  require_failed(check<Fickle>(), "same seed, same episode", "differs from the first new instance");
}

TEST_CASE("a mask that differs after setting the state fails the rule of states") {
  require_failed(check<Forgetful>(), "an episode continues from a restored state", "other actions are allowed");
}
