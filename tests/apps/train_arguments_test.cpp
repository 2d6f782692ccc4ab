#include "apps/train_arguments.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>
#include <variant>

#include "apps/library/preset.h"
#include "core/checkpoint/checkpoint.h"
#include "core/running/run_folder.h"
#include "envs/error.h"
#include "tests/apps/temporary_folder.h"
#include "tests/catch.h"

using sounder::config_fields;
using sounder::ConfigField;
using sounder::given_keys;
using sounder::make_train_request;
using sounder::OnResume;
using sounder::TrainArguments;
using sounder::TrainConfig;
using sounder::UsageError;
using sounder::testing::TemporaryFolder;

namespace {

std::string error_of(const TrainArguments& arguments) {
  try {
    make_train_request(arguments);
  } catch (const UsageError& error) {
    return error.what();
  }
  FAIL("no UsageError was thrown");
  return {};
}

/// Makes a run's folder that holds one checkpoint of a configuration; returns its path.
std::filesystem::path run_with(const TemporaryFolder& folder, const TrainConfig& config) {
  auto run =
      sounder::RunFolder::create(folder.path() / "run", {.identity = {.environment = config.environment,
                                                                      .algorithm = config.algorithm,
                                                                      .seed = static_cast<std::uint64_t>(config.seed),
                                                                      .workers = config.workers},
                                                         .config = to_toml(config)});
  sounder::Checkpoint checkpoint;
  checkpoint.config = to_toml(config);
  checkpoint.environment = config.environment;
  checkpoint.progress.step = 100;
  checkpoint.progress.workers.resize(static_cast<std::size_t>(config.workers));
  run.save(checkpoint, sounder::CheckpointMark::last);
  return folder.path() / "run";
}

}  // namespace

TEST_CASE("An option of the environment that is given twice is refused before anything is made") {
  TrainArguments arguments{.environment = "CartPole-v1"};
  arguments.overrides = {{.key = "env_option", .value = "length=0.4;force=12;length=0.6"}};
  CHECK(error_of(arguments).starts_with("env_option: expected each option once; got 'length' twice"));
  arguments.overrides = {{.key = "env_option", .value = "length=0.4,0.6;force=12"}};
  CHECK(make_train_request(arguments).config.env_option == std::vector<std::string>{"length=0.4,0.6", "force=12"});
}

TEST_CASE("The command line overrides the file, which overrides the preset, which overrides the defaults") {
  const TemporaryFolder folder;
  TrainArguments arguments{.environment = "CartPole-v1"};
  TrainConfig expected;
  apply_toml(expected, sounder::preset_named("CartPole-v1").value().toml, "preset");
  CHECK(make_train_request(arguments).config == expected);
  // A preset that changes nothing would not show that it was applied.
  TrainConfig defaults;
  defaults.environment = "CartPole-v1";
  REQUIRE_FALSE(expected == defaults);

  arguments.config_file = folder.write("run.toml", "rollout = 7\ndiscount = 0.5\n");
  expected.rollout = 7;
  expected.discount = 0.5;
  CHECK(make_train_request(arguments).config == expected);

  arguments.overrides = {{"discount", "0.25"}, {"workers", "3"}, {"workers", "4"}};
  expected.discount = 0.25;
  expected.workers = 4;
  CHECK(make_train_request(arguments).config == expected);
}

TEST_CASE("The keys that the user has set are those of the command line and of the file, and none of a preset") {
  using Keys = std::vector<std::string>;
  const TemporaryFolder folder;
  TrainArguments arguments{.environment = "CartPole-v1", .preset = "a3c-paper"};
  CHECK(given_keys(arguments).empty());
  CHECK(make_train_request(arguments).given.empty());
  arguments.config_file = folder.write("run.toml", "rollout = 7\ndiscount = 0.5\n");
  arguments.overrides = {{"workers", "3"}};
  CHECK(given_keys(arguments) == Keys{"discount", "rollout", "workers"});
  CHECK(make_train_request(arguments).given == Keys{"discount", "rollout", "workers"});
  // What a run wrote has every key: nobody chose them.
  arguments.config_file = folder.write("config.toml", to_toml(TrainConfig()));
  arguments.environment.reset();
  CHECK(given_keys(arguments) == Keys{"workers"});
}

TEST_CASE("A name that is no choice is refused with the nearest one, in a file with its line") {
  const TemporaryFolder folder;
  const auto fields = sounder::config_fields_with({{"algorithm", {"a3c", "a2c"}}});
  const auto file = folder.write("a.toml", "\nalgorithm = 'a4c'");
  CHECK_THROWS_WITH(make_train_request({.environment = "CartPole-v1", .config_file = file}, fields),
                    file.string() + ":2: unknown algorithm 'a4c'; did you mean 'a3c'?");
  CHECK_THROWS_WITH(make_train_request({.environment = "CartPole-v1", .overrides = {{"algorithm", "a4c"}}}, fields),
                    "unknown algorithm 'a4c'; did you mean 'a3c'?");
}

TEST_CASE("The environment may be named by the file or by --set alone, and then brings its preset") {
  const TemporaryFolder folder;
  const TrainConfig expected = make_train_request({.environment = "CartPole-v1"}).config;
  CHECK(make_train_request({.config_file = folder.write("a.toml", "environment = 'CartPole-v1'")}).config == expected);
  CHECK(make_train_request({.overrides = {{"environment", "CartPole-v1"}}}).config == expected);
  CHECK_FALSE(error_of({}).empty());
}

TEST_CASE("The preset is that of the algorithm on the command line or in the file, if there is one") {
  constexpr sounder::Preset kPresets[] = {
      {.name = "Cart-v1", .toml = "environment = 'Cart-v1'\nrollout = 5\nalgorithm = 'first'"},
      {.name = "Cart-v1.other", .toml = "environment = 'Cart-v1'\nrollout = 6\nalgorithm = 'other'"},
  };
  const TemporaryFolder folder;
  const auto choice = [&](const TrainArguments& arguments) {
    const TrainConfig config = make_train_request(arguments, sounder::config_fields(), kPresets).config;
    CHECK(config.environment == "Cart-v1");
    return std::pair(config.rollout, config.algorithm);
  };
  using Choice = std::pair<std::int64_t, std::string>;
  const auto file = folder.write("other.toml", "algorithm = 'other'");
  CHECK(choice({.environment = "Cart-v1"}) == Choice(5, "first"));
  CHECK(choice({.environment = "Cart-v1", .overrides = {{"algorithm", "other"}}}) == Choice(6, "other"));
  CHECK(choice({.environment = "Cart-v1", .config_file = file}) == Choice(6, "other"));
  CHECK(choice({.environment = "Cart-v1", .config_file = file, .overrides = {{"algorithm", "third"}}}) ==
        Choice(5, "third"));
  CHECK(choice({.environment = "Cart-v1", .overrides = {{"algorithm", "other"}, {"rollout", "7"}}}) ==
        Choice(7, "other"));
}

TEST_CASE("A named preset replaces the environment's own, below the file and the command line") {
  constexpr sounder::Preset kPresets[] = {
      {.name = "Cart-v1", .toml = "environment = 'Cart-v1'\nrollout = 5\nworkers = 3"},
      {.name = "Pole-v1", .toml = "environment = 'Pole-v1'\nrollout = 6"},
      {.name = "paper", .toml = "rollout = 7\ndiscount = 0.5"},
  };
  const TemporaryFolder folder;
  TrainConfig expected;
  expected.environment = "Cart-v1";
  TrainArguments arguments{.environment = "Cart-v1", .preset = "none"};
  CHECK(make_train_request(arguments, sounder::config_fields(), kPresets).config == expected);

  arguments.preset = "Pole-v1";
  expected.rollout = 6;
  CHECK(make_train_request(arguments, sounder::config_fields(), kPresets).config == expected);

  arguments.preset = "paper";
  arguments.config_file = folder.write("run.toml", "discount = 0.25");
  expected.rollout = 7;
  expected.discount = 0.25;
  CHECK(make_train_request(arguments, sounder::config_fields(), kPresets).config == expected);
  arguments.overrides = {{"rollout", "8"}};
  expected.rollout = 8;
  CHECK(make_train_request(arguments, sounder::config_fields(), kPresets).config == expected);

  CHECK(error_of({.environment = "CartPole-v1", .preset = "a3c-papers"}) ==
        "unknown preset 'a3c-papers'; did you mean 'a3c-paper'?");
}

TEST_CASE("A run's effective configuration makes the same run again, whatever its preset") {
  const TemporaryFolder folder;
  const TrainConfig config = make_train_request({.environment = "CartPole-v1", .preset = "a3c-paper"}).config;
  CHECK(config.workers == 16);
  const auto file = folder.write("config.toml", to_toml(config));
  CHECK(make_train_request({.config_file = file}).config == config);
}

TEST_CASE("An environment without a preset starts from the defaults") {
  TrainConfig expected;
  expected.environment = "MyTask-v0";
  CHECK(make_train_request({.environment = "MyTask-v0"}).config == expected);
}

TEST_CASE("Two different names of the environment are refused, naming both") {
  const TemporaryFolder folder;
  const auto file = folder.write("a.toml", "environment = 'Acrobot-v1'");
  const std::string error = error_of({.environment = "CartPole-v1", .config_file = file});
  CHECK(error.find("'CartPole-v1'") != std::string::npos);
  CHECK(error.find("'Acrobot-v1'") != std::string::npos);
  CHECK(error.find("a.toml") != std::string::npos);
  CHECK_FALSE(error_of({.environment = "CartPole-v1", .overrides = {{"environment", "Acrobot-v1"}}}).empty());
  CHECK_NOTHROW(make_train_request({.environment = "Acrobot-v1", .config_file = file}));
}

TEST_CASE("Errors in the file name it and the line, and a file that cannot be read is refused") {
  const TemporaryFolder folder;
  const auto file = folder.write("bad.toml", "seed = 1\nworkers = 0\n");
  const std::string error = error_of({.environment = "CartPole-v1", .config_file = file});
  CHECK(error == file.string() + ":2: workers: expected integer, 1 to 1024; got '0'");
  CHECK_FALSE(error_of({.environment = "CartPole-v1", .config_file = folder.path() / "none.toml"}).empty());
  CHECK_FALSE(error_of({.environment = "CartPole-v1", .config_file = folder.path()}).empty());
}

TEST_CASE("The option --set takes key=value, the value may hold further equals signs") {
  const auto override = sounder::parse_override("environment=a=b");
  CHECK(override.key == "environment");
  CHECK(override.value == "a=b");
  CHECK(sounder::parse_override("until_return=").value.empty());
  CHECK_THROWS_AS(sounder::parse_override("workers"), UsageError);
}

TEST_CASE("Two targets from one source are refused, and of two sources the later one counts") {
  const TemporaryFolder folder;
  for (const char* on : {"CartPole-v1", "MyTask-v0"}) {
    CHECK(error_of({.environment = on, .overrides = {{"until_solved", "true"}, {"until_return", "9"}}}) ==
          "expected until_solved or until_return, got both from the command line; give one");
  }
  const auto both = folder.write("both.toml", "until_return = 9.0\nuntil_solved = true\n");
  CHECK(error_of({.environment = "MyTask-v0", .config_file = both}).find("both.toml") != std::string::npos);

  const auto target = [&](const char* toml, std::vector<sounder::ConfigOverride> overrides) {
    const TrainConfig config = make_train_request({.environment = "MyTask-v0",
                                                   .config_file = folder.write("target.toml", toml),
                                                   .overrides = std::move(overrides)})
                                   .config;
    return std::pair(config.until_solved, config.until_return);
  };
  CHECK(target("until_return = 9.0", {{"until_solved", "true"}}) == std::pair(true, std::optional<double>()));
  CHECK(target("until_solved = true", {{"until_return", "9"}}) == std::pair(false, std::optional(9.0)));
  CHECK(target("until_return = 9.0", {{"seed", "3"}}) == std::pair(false, std::optional(9.0)));
  // The last value of a key counts, so only one target is left.
  CHECK(target("", {{"until_return", "9"}, {"until_solved", "true"}, {"until_return", "none"}}) ==
        std::pair(true, std::optional<double>()));
}

TEST_CASE("A resumed run keeps its configuration, except for overrides") {
  const TemporaryFolder folder;
  TrainConfig config;
  config.environment = "CartPole-v1";
  config.workers = 2;
  config.rollout = 3;  // not the preset's
  config.until_return = 300;
  const auto run = run_with(folder, config);

  {
    const auto request = make_train_request({.resume = run});
    CHECK(request.config == config);
    CHECK(request.run == run);
    CHECK(request.resume.value().checkpoint.progress.step == 100);
    // The lock belongs to this request until it is done.
    CHECK_THROWS_WITH(make_train_request({.resume = run}), "another process is training in '" + run.string() +
                                                               "'; wait until it has ended, or name another folder");
  }

  config.steps = 900'000;
  config.workers = 4;
  config.learning_rate = 0.001;
  config.until_return.reset();
  const TrainArguments arguments{
      .environment = "CartPole-v1",
      .resume = run,
      .overrides = {{"steps", "900000"}, {"workers", "4"}, {"learning_rate", "0.001"}, {"until_return", "none"}}};
  CHECK(make_train_request(arguments).config == config);
}

TEST_CASE("A resumed run accepts other options of its environment, one by one, and reports the differences") {
  const TemporaryFolder folder;
  TrainConfig config;
  config.environment = "CartPole-v1";
  config.env_option = {"length=0.7", "force=12"};
  const auto run = run_with(folder, config);
  CHECK(make_train_request({.resume = run}).changes.empty());
  CHECK(make_train_request({.resume = run}).config.env_option == config.env_option);
  const auto request = make_train_request({.resume = run, .overrides = {{"env_option", "length=0.9"}}});
  CHECK(request.config.env_option == std::vector<std::string>{"force=12", "length=0.9"});
  CHECK(request.changes == "length=0.9 (in training 0.7)");
}

namespace {

/// A value of a key that is another one than the default, as the command line gives it.
struct OtherValue {
  std::string operator()(const ConfigField::Integer& type) const {
    return std::to_string(type.member.of(TrainConfig()) == type.max ? type.min : type.max);
  }
  std::string operator()(const ConfigField::Real& type) const {
    return fmt::format("{}", type.member.of(TrainConfig()) == type.max ? type.min : type.max);
  }
  std::string operator()(const ConfigField::OptionalReal& type) const { return fmt::format("{}", type.max); }
  std::string operator()(const ConfigField::Text& type) const {
    const auto other = std::ranges::find_if(
        type.choices, [&](const std::string& choice) { return choice != type.member.of(TrainConfig()); });
    return other == type.choices.end() ? "unix:other" : *other;
  }
  std::string operator()(const ConfigField::Texts&) const { return "name=1"; }
  std::string operator()(const ConfigField::Flag& type) const {
    return type.member.of(TrainConfig()) ? "false" : "true";
  }
  std::string operator()(const ConfigField::Integers& type) const { return std::to_string(type.max); }
};

}  // namespace

TEST_CASE("Every key says whether a resumed run keeps it, and that is what resuming does") {
  const TemporaryFolder folder;
  TrainConfig config;
  config.environment = "CartPole-v1";
  const auto run = run_with(folder, config);
  std::set<std::string> kept;
  for (const ConfigField& field : config_fields()) {
    INFO(field.name);
    const std::string value = std::visit(OtherValue{}, field.type);
    TrainConfig changed = config;
    set_config(changed, field.name, value);
    REQUIRE_FALSE(changed == config);
    const TrainArguments arguments{.resume = run, .overrides = {{field.name, value}}};
    if (field.on_resume == OnResume::changeable) {
      CHECK(make_train_request(arguments).config == changed);
      continue;
    }
    kept.insert(field.name);
    if (field.name == "environment") {  // the folder names another one
      CHECK(error_of(arguments).find("name one only") != std::string::npos);
    } else {
      CHECK(error_of(arguments) == fmt::format("--resume: {}: expected {}, as in the run; got {}; leave it out, or "
                                               "train a new run",
                                               field.name, value_text(config, field), value_text(changed, field)));
    }
  }
  // What parameters, statistics and random numbers mean.
  CHECK(kept ==
        std::set<std::string>{
            "activation",        "algorithm", "blocks",   "channels",     "environment", "hidden",
            "initial_log_std",   "kernel",    "memory",   "memory_units", "network",     "normalize_observations",
            "normalize_rewards", "optimizer", "peers",    "policy_std",   "seed",        "sharing",
            "squash_actions",    "stride",    "tracking", "trunks",       "wrappers"});
}

TEST_CASE("The identity of a run cannot change when it is resumed") {
  const TemporaryFolder folder;
  TrainConfig config;
  config.environment = "CartPole-v1";
  const auto run = run_with(folder, config);
  CHECK(error_of({.resume = run, .overrides = {{"seed", "2"}}}) ==
        "--resume: seed: expected 1, as in the run; got 2; leave it out, or train a new run");
  CHECK_FALSE(error_of({.environment = "Acrobot-v1", .resume = run}).empty());
  CHECK_FALSE(error_of({.run = folder.path() / "other", .resume = run}).empty());
  CHECK_FALSE(error_of({.resume = folder.write("file", "")}).empty());
  CHECK_FALSE(error_of({.preset = "none", .resume = run}).empty());
  CHECK(error_of({.resume = run, .init_from = "other"}) ==
        "--init-from and --resume exclude each other: a resumed run goes on with its own parameters");
  CHECK_THROWS_AS(make_train_request({.resume = folder.path() / "missing"}), sounder::Error);
  // The same value again is no change.
  CHECK_NOTHROW(make_train_request({.resume = run, .overrides = {{"seed", "1"}, {"hidden", "64,64"}}}));
}

TEST_CASE("A run that was killed before its first checkpoint is resumed from its start, with its configuration") {
  const TemporaryFolder folder;
  TrainConfig config;
  config.environment = "CartPole-v1";
  config.rollout = 3;
  const auto run = run_with(folder, config);
  std::filesystem::remove(run / "checkpoints/last");
  CHECK(make_train_request({.resume = run}).resume.value().checkpoint.progress.step == 100);
  std::filesystem::remove(run / "checkpoints/100.safetensors");

  config.workers = 4;
  const auto request = make_train_request({.resume = run, .overrides = {{"workers", "4"}}});
  CHECK(request.config == config);
  CHECK(request.run == run);
  CHECK(request.lock.has_value());
  CHECK_FALSE(request.resume.has_value());
}

TEST_CASE("A run that has ended and whose checkpoints were removed cannot be resumed") {
  const TemporaryFolder folder;
  TrainConfig config;
  config.environment = "CartPole-v1";
  const auto run = run_with(folder, config);
  std::filesystem::remove_all(run / "checkpoints");
  CHECK_THROWS_WITH(make_train_request({.resume = run}),
                    "'" + run.string() + "' holds no checkpoint: expected one in " + (run / "checkpoints").string());
}
