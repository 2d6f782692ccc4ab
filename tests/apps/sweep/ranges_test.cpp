#include "apps/sweep/ranges.h"

#include <cmath>
#include <set>

#include "core/config/config.h"
#include "envs/error.h"
#include "envs/parse_number.h"
#include "tests/catch.h"

using namespace sounder;
using namespace sounder::sweeping;

namespace {

Range::Random random_of(const std::string& text) {
  return std::get<Range::Random>(parse_range(text).values);
}

std::vector<std::string> grid_of(const std::string& text) {
  return std::get<Range::Grid>(parse_range(text).values).values;
}

double drawn(const std::string& key, const Range::Random& random, std::uint64_t sample) {
  return parse_real(draw_value(key, random, {.seed = 1, .sample = sample})).value();
}

}  // namespace

TEST_CASE("A range is read with its key, its kind and its bounds") {
  const Range log = parse_range("learning_rate=log:1e-4:1e-2");
  CHECK(log.key == "learning_rate");
  CHECK(log.random());
  const auto random = std::get<Range::Random>(log.values);
  CHECK(random.scale == Range::Random::Scale::logarithmic);
  CHECK(random.numbers == Range::Random::Numbers::real);
  CHECK(random.low == 1e-4);
  CHECK(random.high == 1e-2);
  CHECK(random_of("rollout=uniform:5:60").scale == Range::Random::Scale::linear);
  CHECK(random_of("rollout=uniform:5:60").numbers == Range::Random::Numbers::whole);
  CHECK(random_of("until_return=uniform:-300:-100").low == -300);
}

TEST_CASE("A grid holds numbers, texts, flags, and lists with semicolons between them") {
  using Values = std::vector<std::string>;
  CHECK(grid_of("discount=grid:0.9,0.99,1") == Values{"0.9", "0.99", "1"});
  CHECK(grid_of("optimizer=grid:adam,rmsprop") == Values{"adam", "rmsprop"});
  CHECK(grid_of("until_solved=grid:true,false") == Values{"true", "false"});
  CHECK(grid_of("hidden=grid:64,64;32;16,16,16") == Values{"64,64", "32", "16,16,16"});
  CHECK(grid_of("hidden=grid:64,64") == Values{"64,64"});
  CHECK_FALSE(parse_range("rollout=grid:5").random());
}

TEST_CASE("A range that is wrong is refused in one line that says what was expected") {
  const std::string form = "--range: expected key=log:LOW:HIGH, key=uniform:LOW:HIGH or key=grid:A,B,...; got ";
  for (const char* text : {"", "rollout", "rollout=", "rollout=5", "rollout=normal:1:2", "rollout:grid=5", ":", "="}) {
    CHECK_THROWS_WITH(parse_range(text), form + "'" + text + "'");
  }
  CHECK_THROWS_WITH(parse_range("learning_rat=log:1e-4:1e-2"),
                    "unknown key 'learning_rat'; did you mean 'learning_rate'?");
  CHECK_THROWS_WITH(parse_range("learning_rate=log:0:1e-2"), "learning_rate: expected number, 1e-12 to 1000; got '0'");
  CHECK_THROWS_WITH(parse_range("rollout=uniform:1.5:3"), "rollout: expected integer, 1 to 100000; got '1.5'");
  CHECK_THROWS_WITH(parse_range("rollout=grid:5,x"), "rollout: expected integer, 1 to 100000; got 'x'");
  CHECK_THROWS_WITH(parse_range("optimizer=grid:adam,sgd"),
                    "unknown optimizer 'sgd'; known are shared_rmsprop, rmsprop, adagrad, momentum_sgd, adam");
  CHECK_THROWS_WITH(parse_range("entropy_coefficient=log:0:1"),
                    "--range: entropy_coefficient: expected LOW above 0 on a log scale; got '0:1'");
  CHECK_THROWS_WITH(parse_range("discount=uniform:0.9:0.9"),
                    "--range: discount: expected LOW below HIGH; got '0.9:0.9'");
  CHECK_THROWS_WITH(parse_range("discount=uniform:0.9"), "--range: discount: expected LOW:HIGH; got '0.9'");
  CHECK_THROWS_WITH(parse_range("rollout=grid:5,20,5"), "--range: rollout: expected each value once; got '5' twice");
  CHECK_THROWS_WITH(parse_range("discount=grid:1,1.0"), "--range: discount: expected each value once; got '1.0' twice");
  for (const char* text : {"discount=uniform:0.9:0.95:0.99", "trunks=log:1:2", "hidden=uniform:16:64",
                           "rollout=grid:", "hidden=grid:64,64;", "until_return=uniform:none:5", "environment=grid:A,B",
                           "seed=grid:1,2", "discount=uniform:nan:1", "discount=uniform:0.1:inf"}) {
    CHECK_THROWS_AS(parse_range(text), UsageError);
  }
}

TEST_CASE("Draws stay within their range and fill it on its scale") {
  constexpr std::uint64_t kDraws = 4'000;
  const auto log = random_of("learning_rate=log:1e-4:1e-2");
  const auto linear = random_of("discount=uniform:0.5:0.9");
  std::uint64_t below_middle_log = 0;
  std::uint64_t below_middle_linear = 0;
  for (std::uint64_t i = 0; i < kDraws; ++i) {
    const double on_log = drawn("learning_rate", log, i);
    REQUIRE((on_log >= 1e-4 && on_log <= 1e-2));
    if (on_log < 1e-3) ++below_middle_log;
    const double on_linear = drawn("discount", linear, i);
    REQUIRE((on_linear >= 0.5 && on_linear <= 0.9));
    if (on_linear < 0.7) ++below_middle_linear;
  }
  // Half of the draws below the middle, within six standard deviations.
  const double deviation = 6 * std::sqrt(kDraws / 4.0);
  CHECK(std::abs(static_cast<double>(below_middle_log) - kDraws / 2.0) < deviation);
  CHECK(std::abs(static_cast<double>(below_middle_linear) - kDraws / 2.0) < deviation);
}

TEST_CASE("Bounds that are equal in four digits are still respected") {
  const auto narrow = random_of("discount=uniform:0.98761:0.98764");
  for (std::uint64_t i = 0; i < 100; ++i) {
    const double number = drawn("discount", narrow, i);
    REQUIRE((number >= 0.98761 && number <= 0.98764));
  }
}

TEST_CASE("Whole numbers are drawn from one end to the other, as set_config takes them") {
  const auto random = random_of("rollout=uniform:3:6");
  std::set<std::string> seen;
  for (std::uint64_t i = 0; i < 200; ++i) seen.insert(draw_value("rollout", random, {.seed = 1, .sample = i}));
  CHECK(seen == std::set<std::string>{"3", "4", "5", "6"});
  const auto log = random_of("steps=log:1:1000000");
  for (std::uint64_t i = 0; i < 200; ++i) {
    TrainConfig config;
    REQUIRE_NOTHROW(set_config(config, "steps", draw_value("steps", log, {.seed = 1, .sample = i})));
    REQUIRE((config.steps >= 1 && config.steps <= 1'000'000));
  }
}

TEST_CASE("A draw depends on its seed, its number and its key") {
  const auto random = random_of("learning_rate=log:1e-4:1e-2");
  const std::string first = draw_value("learning_rate", random, {.seed = 1, .sample = 0});
  CHECK(draw_value("learning_rate", random, {.seed = 1, .sample = 0}) == first);
  CHECK(draw_value("learning_rate", random, {.seed = 2, .sample = 0}) != first);
  CHECK(draw_value("learning_rate", random, {.seed = 1, .sample = 1}) != first);
  CHECK(draw_value("adam_epsilon", random, {.seed = 1, .sample = 0}) != first);
}
