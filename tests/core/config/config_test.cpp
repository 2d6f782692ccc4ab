#include "core/config/config.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <set>

#include "core/config/other_names.h"
#include "envs/error.h"
#include "tests/catch.h"

using sounder::apply_toml;
using sounder::check_config;
using sounder::set_config;
using sounder::to_toml;
using sounder::TrainConfig;
using sounder::UsageError;

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Returns the message of the UsageError that the call throws; fails if it throws none.
template <class Call>
std::string error_of(Call call) {
  try {
    call();
  } catch (const UsageError& error) {
    return error.what();
  }
  FAIL("no UsageError was thrown");
  return {};
}

std::string set_error(std::string_view key, std::string_view value) {
  return error_of([&] {
    TrainConfig config;
    set_config(config, key, value);
  });
}

std::string toml_error(std::string_view text) {
  return error_of([&] {
    TrainConfig config;
    apply_toml(config, text, "run.toml");
  });
}

/// A configuration that differs from the defaults in every key.
TrainConfig everything_changed() {
  TrainConfig config;
  config.environment = "A \"quoted\\\" name\n\tin 'two' lines, é";
  config.env_option = {"length=0.5,0.7", "force=12"};
  config.env_command = "python3 'my env.py'";
  config.env_connect = "unix:/a/b";
  config.env_timeout = 0.5;
  config.env_restarts = 0;
  config.env_pin = false;
  config.wrappers = {"frame_stack=4", "mask_observation=0,2"};
  config.algorithm = "other";
  config.threads = 3;
  config.workers = 1024;
  config.envs_per_worker = 4096;
  config.steps = 1'000'000'000'000'000;
  config.seed = 9'007'199'254'740'992;
  config.backend = "";
  config.network = "none";
  config.hidden = {1, 8192, 3};
  config.activation = "relu";
  config.trunks = "separate";
  config.memory = "gru";
  config.memory_units = 8192;
  config.channels = {4, 8};
  config.kernel = 5;
  config.stride = 2;
  config.policy_std = "network";
  config.initial_log_std = -0.5;
  config.squash_actions = true;
  config.gae_lambda = 0.95;
  config.reward_scale = 0.1;
  config.reward_clip = 1.0;
  config.normalize_observations = true;
  config.normalize_rewards = true;
  config.target_interval = 1;
  config.exploration_steps = 7;
  config.final_epsilon = 0.05;
  config.sharing = "peers";
  config.shards = 4;
  config.fetch_every = 2;
  config.push_every = 3;
  config.warm_start = 1'000;
  config.peers = 8;
  config.graph = "torus";
  config.link_probability = 1e-12;
  config.max_lag = 1;
  config.tracking = "gradient";
  config.mixing = "metropolis";
  config.step_decay = 0.001;
  config.proximal = 2;
  config.regularization = "l1";
  config.regularization_weight = 0;
  config.blocks = "neuron";
  config.block_choice = "greedy";
  config.blocks_per_update = 7;
  config.block_rates = "head.*=1;body.*=0.25";
  config.block_rescale = true;
  config.gradients_per_update = 4;
  config.staleness_aware = true;
  config.rollout = 1;
  config.discount = 1;
  config.entropy_coefficient = 0.1;
  config.value_coefficient = 1.0 / 3.0;
  config.max_gradient_norm = 1e12;
  config.optimizer = "adam";
  config.learning_rate = 1e-12;
  config.learning_rate_schedule = "constant";
  config.anneal_steps = 12'345;
  config.rmsprop_decay = 0;
  config.rmsprop_epsilon = 0.30000000000000004;
  config.momentum = 0.99;
  config.adam_beta1 = 0.8;
  config.adam_beta2 = 0.99;
  config.adam_epsilon = 1e-5;
  config.write_mode = "locked";
  config.straggler_delay = 1'000'000;
  config.until_solved = true;
  config.until_return = -1e9;
  config.evaluation_interval = 1;
  config.evaluation_episodes = 2;
  config.evaluation_environments = 1;
  config.evaluation_step_limit = 500;
  config.report_interval = 3;
  config.checkpoint_interval = 0.001;
  return config;
}

}  // namespace

TEST_CASE("A configuration written as TOML reads back equal, applied to any other") {
  const TrainConfig changed = everything_changed();
  TrainConfig config;
  REQUIRE_FALSE(changed == config);
  apply_toml(config, to_toml(changed), "config.toml");
  CHECK(config == changed);

  // Optional numbers that are not set are also written, so that they override others.
  apply_toml(config, to_toml(TrainConfig{}), "config.toml");
  CHECK(config == TrainConfig{});
}

TEST_CASE("Every key differs between the defaults and the changed configuration") {
  // Guards the test above, which would not test a key with its default.
  const std::string defaults = to_toml(TrainConfig{});
  const std::string changed = to_toml(everything_changed());
  for (const auto& field : sounder::config_fields()) {
    const auto line_of = [&](const std::string& toml) {
      const auto begin = toml.find("\n" + field.name + " = ");
      REQUIRE(begin != std::string::npos);
      return toml.substr(begin, toml.find('\n', begin + 1) - begin);
    };
    CHECK(line_of(defaults) != line_of(changed));
  }
}

TEST_CASE("Real numbers of any size survive TOML to the last bit") {
  TrainConfig config;
  for (const double number : {0.1, 1e-5, 123456789.123456789, 1e9, -1e9, 5e-324, 2.0 / 3.0, -0.0}) {
    config.until_return = number;
    TrainConfig read;
    apply_toml(read, to_toml(config), "config.toml");
    REQUIRE(read.until_return.has_value());
    CHECK(*read.until_return == number);
    CHECK(std::signbit(*read.until_return) == std::signbit(number));
  }
}

TEST_CASE("The defaults lie within every key's range") {
  const std::string defaults = to_toml(TrainConfig{});
  TrainConfig config;
  CHECK_NOTHROW(apply_toml(config, defaults, "defaults"));
  CHECK(TrainConfig::default_workers() >= 1);
  CHECK(TrainConfig::default_workers() <= 8);
}

TEST_CASE("Keys are named once and have a help line") {
  std::set<std::string> names;
  for (const auto& field : sounder::config_fields()) {
    CHECK(names.insert(field.name).second);
    CHECK_FALSE(field.help.empty());
    CHECK(field.help.find('\n') == std::string::npos);
  }
  // The number of TrainConfig's members.
  CHECK(names.size() == 82);
}

TEST_CASE("Keys are set from text of every type") {
  TrainConfig config;
  set_config(config, "workers", "7");
  set_config(config, "learning_rate", "1e-3");
  set_config(config, "discount", "1");
  set_config(config, "until_return", "-110");
  set_config(config, "write_mode", "atomic_add");
  set_config(config, "until_solved", "true");
  set_config(config, "hidden", "128,64,32");
  set_config(config, "environment", "Anything-v0");
  CHECK(config.workers == 7);
  CHECK(config.learning_rate == 1e-3);
  CHECK(config.discount == 1.0);
  CHECK(config.until_return == -110.0);
  CHECK(config.write_mode == "atomic_add");
  CHECK(config.until_solved);
  CHECK(config.hidden == std::vector<std::int64_t>{128, 64, 32});
  CHECK(config.environment == "Anything-v0");

  set_config(config, "until_return", "none");
  set_config(config, "until_solved", "false");
  set_config(config, "hidden", "8");
  CHECK_FALSE(config.until_return.has_value());
  CHECK_FALSE(config.until_solved);
  CHECK(config.hidden == std::vector<std::int64_t>{8});
}

TEST_CASE("A value of the wrong type is refused with the type, the range and the value") {
  CHECK(set_error("workers", "2x") == "workers: expected integer, 1 to 1024; got '2x'");
  CHECK(set_error("workers", "") == "workers: expected integer, 1 to 1024; got ''");
  CHECK(set_error("write_mode", "atomic") == "unknown write_mode 'atomic'; known are relaxed, atomic_add, locked");
  CHECK(set_error("write_mode", "atomic_ad") == "unknown write_mode 'atomic_ad'; did you mean 'atomic_add'?");
  CHECK(set_error("until_solved", "yes") == "until_solved: expected true or false; got 'yes'");
  CHECK(set_error("until_return", "high") ==
        "until_return: expected number, -1000000000 to 1000000000, or none; got 'high'");
  CHECK(set_error("discount", "0.9,0.8") == "discount: expected number, 0 to 1; got '0.9,0.8'");
  for (const char* value : {"64,", ",64", "64,,64", "64;64", "64, 64", "", "64,a"}) {
    CHECK(set_error("hidden", value) == fmt::format("hidden: expected integers, 1 to 8192 each; got '{}'", value));
  }
  for (const char* value : {" 2", "2 ", "+2", "0x2", "2.5", "1e-3", "1e", "99999999999999999999", "1e300", "_1", "1_",
                            "1__0", "1_e3", "nan", "inf"}) {
    CHECK(set_error("steps", value) == fmt::format("steps: expected integer, 1 to 1000000000000000; got '{}'", value));
  }
}

TEST_CASE("Integers may be written with an exponent, a point, and underscores between digits") {
  const auto steps = [](std::string_view text) {
    TrainConfig config;
    set_config(config, "steps", text);
    return config.steps;
  };
  CHECK(steps("1e6") == 1'000'000);
  CHECK(steps("1E6") == 1'000'000);
  CHECK(steps("2.5e3") == 2'500);
  CHECK(steps("1_000_000") == 1'000'000);
  CHECK(steps("1_0e1_0") == 100'000'000'000);
  CHECK(steps("7.0") == 7);
  CHECK(steps("1e15") == 1'000'000'000'000'000);
  TrainConfig config;
  set_config(config, "hidden", "1e2,1_28");
  CHECK(config.hidden == std::vector<std::int64_t>{100, 128});
  set_config(config, "until_return", "-1_000.5");
  CHECK(config.until_return == -1000.5);
  // All digits of a seed count, even beyond the precision of a double.
  CHECK_FALSE(set_error("seed", "9007199254740993").empty());
  CHECK_FALSE(set_error("seed", "9_007_199_254_740_993").empty());
  set_config(config, "seed", "9_007_199_254_740_991");
  CHECK(config.seed == 9'007'199'254'740'991);

  apply_toml(config, "steps = 1e6\nseed = 1_000\nrollout = 2.0\nhidden = [1e2, 64]", "run.toml");
  CHECK(config.steps == 1'000'000);
  CHECK(config.seed == 1'000);
  CHECK(config.rollout == 2);
  CHECK(config.hidden == std::vector<std::int64_t>{100, 64});
}

TEST_CASE("A key with another library's name is refused with its name here") {
  CHECK(set_error("gamma", "1") == "unknown key 'gamma'; did you mean 'discount'?");
  CHECK(set_error("n_steps", "1") == "unknown key 'n_steps'; did you mean 'rollout'?");
  CHECK(set_error("ent_coef", "1") == "unknown key 'ent_coef'; did you mean 'entropy_coefficient'?");
  CHECK(set_error("vf_coef", "1") == "unknown key 'vf_coef'; did you mean 'value_coefficient'?");
  CHECK(set_error("max_grad_norm", "1") == "unknown key 'max_grad_norm'; did you mean 'max_gradient_norm'?");
  CHECK(set_error("n_envs", "1") == "unknown key 'n_envs'; did you mean 'envs_per_worker' or 'workers'?");
  CHECK(set_error("total_timesteps", "1") == "unknown key 'total_timesteps'; did you mean 'steps'?");
  CHECK(set_error("lr", "1") == "unknown key 'lr'; did you mean 'learning_rate'?");
  CHECK(toml_error("net-arch = [64]") == "run.toml:1: unknown key 'net-arch'; did you mean 'hidden'?");
}

TEST_CASE("Other libraries' names lead to existing keys and are not keys themselves") {
  std::set<std::string> keys;
  for (const auto& field : sounder::config_fields()) keys.insert(field.name);
  for (const auto& key : keys) CHECK(sounder::keys_for_other_name(key).empty());
  for (const sounder::OtherName& other : sounder::other_names()) CHECK(keys.contains(std::string(other.key)));
}

TEST_CASE("A value outside of its key's range is refused, and its ends are accepted") {
  TrainConfig config;
  CHECK_FALSE(set_error("workers", "0").empty());
  CHECK_FALSE(set_error("workers", "-1").empty());
  CHECK_FALSE(set_error("workers", "1025").empty());
  CHECK_NOTHROW(set_config(config, "workers", "1"));
  CHECK_NOTHROW(set_config(config, "workers", "1024"));
  CHECK(set_error("envs_per_worker", "0") == "envs_per_worker: expected integer, 1 to 4096; got '0'");
  CHECK(set_error("envs_per_worker", "4097") == "envs_per_worker: expected integer, 1 to 4096; got '4097'");
  CHECK_NOTHROW(set_config(config, "envs_per_worker", "1"));
  CHECK_NOTHROW(set_config(config, "envs_per_worker", "4096"));
  CHECK_FALSE(set_error("steps", "0").empty());
  CHECK_FALSE(set_error("seed", "-1").empty());
  CHECK_FALSE(set_error("seed", "9007199254740993").empty());
  CHECK_NOTHROW(set_config(config, "seed", "0"));
  CHECK_FALSE(set_error("discount", "1.0000001").empty());
  CHECK_FALSE(set_error("discount", "-0.1").empty());
  CHECK_NOTHROW(set_config(config, "discount", "0"));
  CHECK_FALSE(set_error("learning_rate", "0").empty());
  CHECK_FALSE(set_error("hidden", "64,0").empty());
  CHECK(set_error("hidden", "64,8193") == "hidden: expected integers, 1 to 8192 each; got '64,8193'");
  CHECK_NOTHROW(set_config(config, "hidden", "1,8192"));
  CHECK_FALSE(set_error("checkpoint_interval", "0").empty());
}

TEST_CASE("A configuration that was set in code is held to the same ranges") {
  const auto refusal = [](auto change) {
    TrainConfig config;
    change(config);
    return error_of([&] { check_config(config); });
  };
  CHECK_NOTHROW(check_config(TrainConfig{}));
  CHECK_NOTHROW(check_config(everything_changed()));  // it has ends of ranges, which are within them

  CHECK(refusal([](auto& c) { c.workers = 0; }) == "workers: expected integer, 1 to 1024; got 0");
  CHECK(refusal([](auto& c) { c.workers = 1025; }) == "workers: expected integer, 1 to 1024; got 1025");
  CHECK(refusal([](auto& c) { c.seed = -1; }) == "seed: expected integer, 0 to 9007199254740992; got -1");
  CHECK(refusal([](auto& c) { c.discount = 2; }) == "discount: expected number, 0 to 1; got 2.0");
  CHECK(refusal([](auto& c) { c.learning_rate = -1; }) == "learning_rate: expected number, 1e-12 to 1000; got -1.0");
  CHECK(refusal([](auto& c) { c.learning_rate = kNaN; }) == "learning_rate: expected number, 1e-12 to 1000; got nan");
  CHECK(refusal([](auto& c) { c.env_timeout = kInfinity; }) == "env_timeout: expected number, 0.001 to 86400; got inf");
  CHECK(refusal([](auto& c) { c.final_epsilon = 1.5; }) == "final_epsilon: expected number, 0 to 1, or none; got 1.5");
  CHECK(refusal([](auto& c) { c.until_return = kNaN; }) ==
        "until_return: expected number, -1000000000 to 1000000000, or none; got nan");
  CHECK(refusal([](auto& c) { c.hidden = {}; }) == "hidden: expected integers, 1 to 8192 each; got []");
  CHECK(refusal([](auto& c) { c.hidden = {64, 0}; }) == "hidden: expected integers, 1 to 8192 each; got [64, 0]");
  CHECK(refusal([](auto& c) { c.write_mode = "atomic_ad"; }) ==
        "unknown write_mode 'atomic_ad'; did you mean 'atomic_add'?");
  // The first of several, in the order of config.toml.
  CHECK(refusal([](auto& c) { c.report_interval = 0, c.rollout = 0; }) ==
        "rollout: expected integer, 1 to 100000; got 0");

  // Names that agents provide are checked where their choices are given.
  TrainConfig other;
  other.algorithm = "other";
  CHECK_NOTHROW(check_config(other));
  const auto fields = sounder::config_fields_with({{"algorithm", {"a3c"}}});
  CHECK(error_of([&] { check_config(other, fields); }) == "unknown algorithm 'other'; known are a3c");
}

TEST_CASE("Infinite numbers and NaN are refused") {
  for (const char* value : {"nan", "inf", "-inf", "1e999"}) {
    CHECK_FALSE(set_error("learning_rate", value).empty());
    CHECK_FALSE(set_error("until_return", value).empty());
  }
  CHECK(toml_error("learning_rate = nan") == "run.toml:1: learning_rate: expected number, 1e-12 to 1000; got 'nan'");
  CHECK_FALSE(toml_error("until_return = -inf").empty());
}

TEST_CASE("Keys for names that agents provide accept any text, until the choices are given") {
  TrainConfig config;
  set_config(config, "activation", "gelu");
  CHECK(config.activation == "gelu");
  const auto fields = sounder::config_fields_with({{"activation", {"tanh", "relu"}}});
  REQUIRE(fields.size() == sounder::config_fields().size());
  set_config(config, "activation", "relu", fields);
  CHECK(config.activation == "relu");
  CHECK_THROWS_WITH(set_config(config, "activation", "rely", fields),
                    "unknown activation 'rely'; did you mean 'relu'?");
  CHECK_THROWS_WITH(apply_toml(config, "activation = 'x'", "run.toml", fields),
                    "run.toml:1: unknown activation 'x'; known are tanh, relu");
  CHECK(to_toml(config, fields).find("(one of tanh, relu)\nactivation = \"relu\"") != std::string::npos);
}

TEST_CASE("Reading TOML returns the keys that it contains") {
  TrainConfig config;
  CHECK(apply_toml(config, "seed = 2\nhidden = [8]", "run.toml") == std::vector<std::string>{"hidden", "seed"});
  CHECK(apply_toml(config, to_toml(config), "run.toml").size() == sounder::config_fields().size());
}

TEST_CASE("An unknown key is refused with the nearest known one") {
  CHECK(set_error("worker", "2") == "unknown key 'worker'; did you mean 'workers'?");
  CHECK(set_error("learningrate", "2") == "unknown key 'learningrate'; did you mean 'learning_rate'?");
  CHECK(toml_error("\nlr_schedule = 3\n[learning_rat]\nx = 1\n").find("run.toml:3: unknown key 'learning_rat'") == 0);
}

TEST_CASE("TOML overrides the keys that it contains, and no others") {
  TrainConfig config;
  config.seed = 17;
  apply_toml(config,
             "# a comment\nworkers = 3\nhidden = [32, 16]\nlearning_rate = 1\nuntil_return = 5\nuntil_solved = true",
             "run.toml");
  TrainConfig expected;
  expected.seed = 17;
  expected.workers = 3;
  expected.hidden = {32, 16};
  expected.learning_rate = 1;
  expected.until_return = 5;
  expected.until_solved = true;
  CHECK(config == expected);
}

TEST_CASE("Errors in TOML name the file, the line and what was expected") {
  CHECK(toml_error("seed = 1\n\nworkers = 0") == "run.toml:3: workers: expected integer, 1 to 1024; got '0'");
  CHECK(toml_error("workers = \"2\"") == "run.toml:1: workers: expected integer, 1 to 1024; got '2' (a string)");
  CHECK(toml_error("workers = 2.5") == "run.toml:1: workers: expected integer, 1 to 1024; got '2.5'");
  CHECK(toml_error("discount = true") == "run.toml:1: discount: expected number, 0 to 1; got true");
  CHECK(toml_error("until_solved = 1") == "run.toml:1: until_solved: expected true or false; got 1");
  CHECK(toml_error("activation = 1") == "run.toml:1: activation: expected name; got 1");
  CHECK(toml_error("\noptimizer = 1") ==
        "run.toml:2: optimizer: expected one of shared_rmsprop, rmsprop, adagrad, momentum_sgd, adam; got 1");
  CHECK(toml_error("\noptimizer = 'adan'") == "run.toml:2: unknown optimizer 'adan'; did you mean 'adam'?");
  CHECK(toml_error("until_return = \"some\"").find("expected number") != std::string::npos);
  CHECK(toml_error("hidden = 64") == "run.toml:1: hidden: expected integers, 1 to 8192 each; got 64");
  CHECK_FALSE(toml_error("hidden = []").empty());
  CHECK_FALSE(toml_error("hidden = [64.5]").empty());
  CHECK_FALSE(toml_error("hidden = [[64], [64]]").empty());
  CHECK(toml_error("[steps]\nx = 1").find("run.toml:1: steps: expected integer") == 0);
  CHECK_FALSE(toml_error("seed = 2020-01-01").empty());
}

TEST_CASE("Text that is not TOML is refused in one line with the place") {
  for (const char* text : {"workers = 2\nworkers", "workers = 2\nworkers = 3", "\nseed = [1", "\n\"unterminated"}) {
    const std::string error = toml_error(text);
    CHECK(error.find("run.toml:2: not TOML: ") == 0);
    CHECK(error.find('\n') == std::string::npos);
  }
}

TEST_CASE("A refused TOML text changes nothing") {
  TrainConfig config;
  CHECK_THROWS_AS(apply_toml(config, "seed = 5\nworkers = 0", "run.toml"), UsageError);
  CHECK(config == TrainConfig{});
}
