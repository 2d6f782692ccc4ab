#include "apps/sweep/plan.h"

#include "envs/error.h"
#include "tests/apps/temporary_folder.h"
#include "tests/catch.h"

using namespace sounder;
using namespace sounder::sweeping;

namespace {

using Values = std::vector<std::string>;

PlanRequest request(std::vector<std::string> ranges) {
  return {.common = {.environment = "CartPole-v1"}, .ranges = std::move(ranges)};
}

std::vector<Values> values_of(const Plan& plan) {
  std::vector<Values> values;
  for (const Setting& setting : plan.settings) values.push_back(setting.values);
  return values;
}

}  // namespace

TEST_CASE("Grids are combined, the last one changing fastest") {
  const Plan plan = make_plan(request({"rollout=grid:5,20", "optimizer=grid:adam,rmsprop,shared_rmsprop"}));
  CHECK(plan.keys == Values{"rollout", "optimizer"});
  CHECK(plan.samples == 0);
  CHECK(values_of(plan) == std::vector<Values>{{"5", "adam"},
                                               {"5", "rmsprop"},
                                               {"5", "shared_rmsprop"},
                                               {"20", "adam"},
                                               {"20", "rmsprop"},
                                               {"20", "shared_rmsprop"}});
  CHECK(plan.settings[4].config.rollout == 20);
  CHECK(plan.settings[4].config.optimizer == "rmsprop");
}

TEST_CASE("Samples are drawn for all random ranges together, and combined with the grids") {
  auto asked = request({"learning_rate=log:1e-4:1e-2", "rollout=grid:5,20", "discount=uniform:0.9:0.99"});
  asked.samples = 3;
  const std::vector<Values> values = values_of(make_plan(asked));
  REQUIRE(values.size() == 6);
  for (std::size_t i = 0; i < 6; i += 2) {
    CHECK(values[i][1] == "5");
    CHECK(values[i + 1][1] == "20");
    CHECK(values[i][0] == values[i + 1][0]);
    CHECK(values[i][2] == values[i + 1][2]);
    if (i > 0) CHECK(values[i][0] != values[i - 2][0]);
  }
  asked.samples.reset();
  CHECK(make_plan(asked).settings.size() == 2 * static_cast<std::size_t>(kDefaultSamples));
}

TEST_CASE("A sweep's seed determines its plan; more samples and more ranges do not change the draws") {
  auto asked = request({"learning_rate=log:1e-4:1e-2"});
  asked.samples = 4;
  const Plan plan = make_plan(asked);
  CHECK(make_plan(asked) == plan);

  asked.sweep_seed = 2;
  CHECK_FALSE(make_plan(asked).settings == plan.settings);

  asked.sweep_seed = 1;
  asked.samples = 6;
  asked.ranges.insert(asked.ranges.begin(), "discount=uniform:0.9:0.99");
  const Plan more = make_plan(asked);
  for (std::size_t i = 0; i < 4; ++i) CHECK(more.settings[i].values[1] == plan.settings[i].values[0]);
}

TEST_CASE("Every setting is trained with its seeds, all settings with the first one before the second") {
  auto asked = request({"rollout=grid:5,20"});
  asked.seeds = 3;
  asked.common.overrides = {{"seed", "7"}};
  const Plan plan = make_plan(asked);
  REQUIRE(plan.trials() == 6);
  const auto check = [&](std::size_t index, std::int64_t rollout, std::int64_t seed) {
    const Trial trial = trial_of(plan, index);
    CHECK(trial.number == index + 1);
    CHECK(trial.config.rollout == rollout);
    CHECK(trial.config.seed == seed);
  };
  check(0, 5, 7);
  check(1, 20, 7);
  check(2, 5, 8);
  check(5, 20, 9);
}

TEST_CASE("The settings start from the preset, the file and the command line, as a training does") {
  const testing::TemporaryFolder folder;
  auto asked = request({"rollout=grid:5"});
  asked.common.config_file = folder.write("common.toml", "discount = 0.5\nworkers = 3\n");
  asked.common.overrides = {{"workers", "4"}};
  const TrainConfig config = make_plan(asked).settings.front().config;
  TrainArguments arguments = asked.common;
  arguments.overrides.push_back({"rollout", "5"});
  CHECK(config == make_train_request(arguments).config);
  CHECK(config.discount == 0.5);
  CHECK(config.workers == 4);
  CHECK(config.rollout == 5);
}

TEST_CASE("A sweep without ranges is one setting") {
  auto asked = request({});
  asked.seeds = 5;
  const Plan plan = make_plan(asked);
  CHECK(plan.settings.size() == 1);
  CHECK(plan.trials() == 5);
  CHECK(describe(plan, 0) == "all alike");
  CHECK(describe(make_plan(request({"rollout=grid:5,20", "hidden=grid:64,64"})), 1) == "rollout=20 hidden=64,64");
}

TEST_CASE("A plan that contradicts itself or is too large is refused") {
  CHECK_THROWS_WITH(make_plan(request({"rollout=grid:5", "rollout=grid:20"})),
                    "--range: expected each key once; got rollout twice");
  auto twice = request({"rollout=grid:5"});
  twice.common.overrides = {{"rollout", "20"}};
  CHECK_THROWS_WITH(make_plan(twice), "--range: rollout is also set for all trials; give one");
  auto unsampled = request({"rollout=grid:5"});
  unsampled.samples = 3;
  CHECK_THROWS_AS(make_plan(unsampled), UsageError);
  auto large = request({"learning_rate=log:1e-4:1e-2"});
  large.samples = 1'001;
  large.seeds = 100;
  CHECK_THROWS_AS(make_plan(large), UsageError);
  large.samples = 10;
  CHECK_NOTHROW(make_plan(large));
  large.common.overrides = {{"seed", "9007199254740992"}};  // the largest: there is none after it
  CHECK_THROWS_AS(make_plan(large), UsageError);
  CHECK_THROWS_AS(make_plan({.ranges = {"rollout=grid:5"}}), UsageError);           // no environment
  CHECK_THROWS_WITH(make_plan(request({"env_option=grid:length=0.4;length=0.6"})),  // one value, not two
                    Catch::Matchers::Contains("got 'length' twice") &&
                        Catch::Matchers::Contains("--range env_option=grid:length=A,length=B"));
  CHECK(make_plan(request({"env_option=grid:length=0.4,length=0.6"})).settings.size() == 2);
}

TEST_CASE("A plan is written and read back unchanged, and anything else is refused by name") {
  auto asked = request({"learning_rate=log:1e-4:1e-2", "hidden=grid:64,64;32"});
  asked.samples = 3;
  asked.seeds = 2;
  asked.common.overrides = {{"until_return", "100.5"}};
  const Plan plan = make_plan(asked);
  const std::string text = to_json(plan);
  CHECK(plan_from_json(text, "sweep.json") == plan);
  for (const std::string& wrong :
       {std::string("{}"), std::string("["), text.substr(0, text.size() / 2), std::string(R"({"format":2})")}) {
    CHECK_THROWS_AS(plan_from_json(wrong, "sweep.json"), Error);
    CHECK_THROWS_WITH(plan_from_json(wrong, "sweep.json"), Catch::Matchers::StartsWith("'sweep.json' is not "));
  }
}

TEST_CASE("A plan that differs from the one in a folder is refused with the first difference") {
  auto asked = request({"rollout=grid:5,20"});
  asked.common.overrides = {{"steps", "900"}};
  const Plan kept = make_plan(asked);
  CHECK_NOTHROW(require_same(kept, make_plan(asked), "dir"));
  const auto refused = [&](const PlanRequest& other, const std::string& difference) {
    CHECK_THROWS_WITH(
        require_same(kept, make_plan(other), "dir"),
        "'dir' holds another sweep: " + difference + "; name another folder with --dir, or go on with --resume dir");
  };
  refused(request({"rollout=grid:5,10"}), "--range is rollout=grid:5,20, got rollout=grid:5,10");
  auto more = asked;
  more.seeds = 2;
  refused(more, "--seeds is 1, got 2");
  auto longer = asked;
  longer.common.overrides = {{"steps", "7"}};
  refused(longer, "steps is 900, got 7");
  auto elsewhere = asked;
  elsewhere.common = {.environment = "Acrobot-v1", .preset = "CartPole-v1"};
  refused(elsewhere, "environment is \"CartPole-v1\", got \"Acrobot-v1\"");
}
