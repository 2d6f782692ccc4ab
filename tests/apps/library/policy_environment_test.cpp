#include "apps/library/policy_environment.h"

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "envs/error.h"
#include "tests/catch.h"

using namespace sounder;

TEST_CASE("an option's values are distributed in turn, and an option may be given only once") {
  const std::vector<std::string> texts{"force=8", "length=0.5,0.7,0.9"};
  CHECK(read_options(texts) == OptionValues{{"force", "8"}, {"length", "0.5"}});
  CHECK(read_options(texts, 2) == OptionValues{{"force", "8"}, {"length", "0.9"}});
  CHECK(read_options(texts, 4) == OptionValues{{"force", "8"}, {"length", "0.7"}});
  CHECK_THROWS_AS(read_options(std::vector<std::string>{"length"}), UsageError);
  CHECK_THROWS_WITH(
      read_options(std::vector<std::string>{"force=2", "length=1", "force=2"}),
      Catch::Matchers::Contains("env_option: expected each option once; got 'force' twice, the second time "
                                "as 'force=2'; values that take turns stand between commas (force=A,B)"));
}

TEST_CASE("changed options replace those of the same name, and differences are described") {
  using Texts = std::vector<std::string>;
  const Texts trained{"length=0.7", "force=12"};
  CHECK(change_options(trained, {}) == trained);
  const Texts now = change_options(trained, Texts{"length=0.9", "gravity=9.8"});
  CHECK(now == Texts{"force=12", "length=0.9", "gravity=9.8"});
  CHECK(change_options(trained, trained) == trained);
  CHECK(describe_changes(trained, now) == "length=0.9 (in training 0.7), gravity=9.8 (in training its default)");
  CHECK(describe_changes(trained, trained).empty());
  CHECK(describe_changes(trained, change_options(trained, Texts{"length=0.7"})).empty());
  CHECK_THROWS_AS(change_options(trained, Texts{"length"}), UsageError);
  CHECK_THROWS_AS(change_options(trained, Texts{"length=1", "length=2"}), UsageError);
}

TEST_CASE("workers' environments have their own options, and an evaluation's episodes each in turn") {
  TrainConfig config;
  config.environment = "CartPole-v1";
  config.env_option = {"force=10,20"};
  const Registry environments = Registry::with_builtins();
  // From rest and upright, a push of F newtons gives a velocity in proportion to F: Florian (2007), equations 23
  // and 24.
  const auto velocity = [&](const Seat& seat) {
    Environment environment = PolicyEnvironments(environments, config)(seat);
    std::vector<float> observation(4);
    environment.set_state(std::vector<double>{0, 0, 0, 0}, observation);
    environment.step(std::int64_t{1}, observation);
    return observation[1];
  };
  const float of_first = velocity({.player = Seat::Player::worker, .number = 0, .slot = 1});
  CHECK(of_first > 0);
  CHECK(velocity({.player = Seat::Player::worker, .number = 1, .slot = 0}) == Approx(2 * of_first));
  CHECK(velocity({.player = Seat::Player::worker, .number = 2}) == of_first);
  CHECK(velocity({.player = Seat::Player::evaluator, .slot = 3}) == Approx(2 * of_first));
}

TEST_CASE(
    "distributed options may change an environment's bounds, but not the sizes of a network's inputs or outputs") {
  const Registry environments = Registry::with_builtins();
  const auto refusal = [&](const std::string& id, const std::vector<std::string>& options) -> std::string {
    TrainConfig config;
    config.environment = id;
    config.env_option = options;
    try {
      PolicyEnvironments(environments, config);
    } catch (const UsageError& error) {
      return error.what();
    }
    return "";
  };
  CHECK(refusal("Corridor-v0", {"length=5,6"}) ==
        "Corridor-v0: with the values of env_option that are dealt out, expected observations of one shape; got "
        "Box(0, 1, [5]) and Box(0, 1, [6])");
  CHECK(refusal("Corridor-v0", {"slip=0,0.1,0.2", "length=5,5,7"}).ends_with("Box(0, 1, [5]) and Box(0, 1, [7])"));
  CHECK(refusal("Corridor-v0", {"length=5", "slip=0,0.1"}).empty());
  CHECK(refusal("Pendulum-v1", {"torque=1,2"}).empty());
}

TEST_CASE("a watched environment shows the action that it was given, within its bounds") {
  TrainConfig config;
  config.environment = "Pendulum-v1";  // torques from -2 to 2
  const Registry environments = Registry::with_builtins();
  const auto given = [&](float number) {
    std::shared_ptr<ActionArray> action;
    Environment environment = PolicyEnvironments(environments, config).watched({}, action);
    std::vector<float> observation(3);
    environment.reset(1, observation);
    environment.step(std::span<const float>(&number, 1), observation);
    return action->continuous(0)[0];
  };
  CHECK(given(-5.781F) == -2);
  CHECK(given(1.25F) == 1.25F);
  config.wrappers = {"rescale_action"};
  CHECK(given(0.5F) == 1);
  CHECK(given(3) == 2);
  config.wrappers.clear();
  config.squash_actions = true;
  CHECK(given(0.5F) == Approx(2 * std::tanh(0.5)));
}
