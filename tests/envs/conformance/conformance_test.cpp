#include "envs/conformance.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "envs/error.h"
#include "envs/registry.h"
#include "tests/envs/conformance/checking.h"

using namespace sounder;
using namespace sounder::testing;

TEST_CASE("every built-in environment passes every conformance check, except for justified warnings") {
  const std::map<std::string, std::vector<std::string>> right_warnings{
      // Deterministic: they always start in the same cell.
      {"CliffWalking-v1", {"other seed, other episode"}},
      {"Corridor-v0", {"other seed, other episode"}},
      // Random pushes do not stabilise a linear system, and a quadratic cost grows with the square of the distance.
      {"DoubleIntegrator-v0", {"some observation bounds are finite"}},
      {"LinearQuadratic-v0", {"some observation bounds are finite", "observations are near 1", "rewards are near 1"}},
  };
  const Registry registry = Registry::with_builtins();
  for (const std::string& id : registry.ids()) {
    const auto results = check_conformance([&] { return registry.make(id); });
    for (const CheckResult& result : results) {
      INFO(id << ": " << result.name << ": " << result.seen);
      CHECK(result.outcome != CheckOutcome::failed);
    }
    INFO(id);
    const auto right = right_warnings.find(id);
    CHECK(with_outcome(results, CheckOutcome::warning) ==
          (right == right_warnings.end() ? std::vector<std::string>{} : right->second));
  }
}

TEST_CASE("for built-in environments, only checks that do not apply are skipped") {
  const std::set<std::string> may_be_skipped{"action bounds are near 1",           "action masks allow an action",
                                             "some observation bounds are finite", "observations are near 1",
                                             "random actions do not solve it",     "the step limit truncates"};
  const Registry registry = Registry::with_builtins();
  for (const std::string& id : registry.ids()) {
    for (const std::string& name :
         with_outcome(check_conformance([&] { return registry.make(id); }), CheckOutcome::skipped)) {
      INFO(id << ": " << name);
      const bool never_ends = id == "MountainCarContinuous-v0" || id == "Acrobot-v1";  // two to four episodes
      CHECK((may_be_skipped.contains(name) || never_ends));
    }
  }
}

TEST_CASE("the sound environments behind faulty ones pass every check") {
  const auto walk = check<Walk>();
  CHECK(walk.size() == 32);
  CHECK(findings(walk).empty());
  CHECK(with_outcome(walk, CheckOutcome::skipped) ==
        std::vector<std::string>{"action bounds are near 1", "action masks allow an action"});

  const auto drive = check<Drive>();
  CHECK(findings(drive).empty());
  CHECK(with_outcome(drive, CheckOutcome::skipped) == std::vector<std::string>{"action masks allow an action"});
  CHECK(findings(check<WithSpec<Walk>>()).empty());
}

TEST_CASE("every check has a topic and a unique name, and says what is expected and why") {
  std::set<std::string> names;
  for (const CheckResult& result : check<Walk>()) {
    INFO(result.name);
    CHECK(names.insert(result.name).second);
    CHECK_FALSE(result.topic.empty());
    CHECK_FALSE(result.seen.empty());
    CHECK_FALSE(result.expected.empty());
    CHECK_FALSE(result.why.empty());
  }
}

TEST_CASE("each check is announced before it is made") {
  std::vector<std::string> announced;
  const auto results =
      check_conformance([] { return Environment(Walk{}); },
                        {.steps = 50, .on_check = [&](std::string_view name) { announced.emplace_back(name); }});
  std::vector<std::string> names;
  for (const CheckResult& result : results) names.push_back(result.name);
  CHECK(announced == names);
}

namespace {

/// Counts its instances, and the moves of all of them.
struct Counted : Walk {
  struct Counts {
    int made = 0;
    int alive = 0;
    int most = 0;
    std::atomic<int> moves = 0;
  };
  class Life {
   public:
    explicit Life(Counts& counts) : counts_(&counts) {
      ++counts_->made;
      counts_->most = std::max(counts_->most, ++counts_->alive);
    }
    Life(Life&& other) noexcept : counts_(std::exchange(other.counts_, nullptr)) {}
    Life& operator=(Life&& other) noexcept {
      std::swap(counts_, other.counts_);
      return *this;
    }
    ~Life() {
      if (counts_ != nullptr) --counts_->alive;
    }
    Counts& counts() const { return *counts_; }

   private:
    Counts* counts_;
  };

  StepResult step(std::int64_t action, std::span<float> observation) {
    ++life->counts().moves;
    return Walk::step(action, observation);
  }
  std::optional<Life> life;
};

}  // namespace

TEST_CASE("four instances are made, two exist at once, and a dozen times the steps are taken") {
  Counted::Counts counts;
  const auto results = check([&] {
    Counted environment;
    environment.life.emplace(counts);
    return Environment(std::move(environment));
  });
  CHECK(findings(results).empty());
  CHECK(counts.made == 4);
  CHECK(counts.most == 2);
  CHECK(counts.alive == 0);
  CHECK(counts.moves > 8 * kSteps);
  CHECK(counts.moves < 12 * kSteps);
}

TEST_CASE("checks work with a single step and with any seed") {
  for (const std::uint64_t seed : {std::uint64_t{0}, ~std::uint64_t{0}}) {
    for (const std::int64_t steps : {0, 1, 2, 3, 10}) {
      const auto results = check_conformance([] { return Environment(Walk{}); }, {.seed = seed, .steps = steps});
      CHECK(with_outcome(results, CheckOutcome::failed).empty());
    }
  }
}
