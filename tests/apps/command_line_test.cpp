#include "apps/command_line.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/json.hpp>
#include <sstream>
#include <stdexcept>

#include "agents/factory.h"
#include "core/checkpoint/checkpoint.h"
#include "core/config/config.h"
#include "core/running/evaluator.h"
#include "core/running/run_checkpoints.h"
#include "envs/program.h"
#include "envs/registry.h"
#include "tests/apps/calls.h"
#include "tests/apps/temporary_folder.h"
#include "tests/catch.h"

namespace json = boost::json;
using sounder::testing::Arguments;
using sounder::testing::call;
using sounder::testing::json_of;
using sounder::testing::Outcome;
using sounder::testing::read;
using sounder::testing::TemporaryFolder;

namespace {

/// Checks that a call fails with an exit code and one line on stderr, nothing on stdout; returns the line.
std::string failure(const Arguments& arguments, int exit_code) {
  const Outcome outcome = call(arguments);
  INFO(fmt::format("sounder {}", fmt::join(arguments, " ")));
  CHECK(outcome.exit_code == exit_code);
  CHECK(outcome.out.empty());
  CHECK(outcome.err.starts_with("sounder: "));
  CHECK(std::count(outcome.err.begin(), outcome.err.end(), '\n') == 1);
  CHECK(outcome.err.ends_with('\n'));
  return outcome.err.substr(0, outcome.err.find('\n'));
}

/// An environment whose episodes never end.
struct Endless {
  using Action = std::int64_t;
  sounder::EnvironmentSpec spec() const {
    return {.observation_space = sounder::Box::bounds({0}, {1}), .action_space = sounder::Discrete{2}};
  }
  void reset(std::uint64_t, std::span<float> observation) { observation[0] = 0; }
  sounder::StepResult step(Action, std::span<float>) { return {.reward = 1, .terminated = false}; }
};

/// An environment whose actions no algorithm supports.
struct Switches {
  using Action = std::span<const std::int64_t>;
  sounder::EnvironmentSpec spec() const {
    return {.observation_space = sounder::Box::bounds({0}, {1}), .action_space = sounder::MultiBinary{3}};
  }
  void reset(std::uint64_t, std::span<float> observation) { observation[0] = 0; }
  sounder::StepResult step(Action, std::span<float>) { return {.reward = 1, .terminated = false}; }
};

/// An environment that refuses actions beyond its bounds. A policy's means start out beyond them.
struct Narrow {
  using Action = std::span<const float>;
  sounder::EnvironmentSpec spec() const {
    return {.observation_space = sounder::Box::bounds({0}, {1}), .action_space = sounder::Box::bounds({3}, {3.5F})};
  }
  void reset(std::uint64_t, std::span<float> observation) { observation[0] = 0.5F; }
  sounder::StepResult step(Action action, std::span<float>) {
    if (action[0] < 3 || action[0] > 3.5F) throw std::runtime_error("an action beyond the bounds");
    return {.reward = 1, .terminated = false};
  }
};

/// Makes a checkpoint of an untrained policy for Endless.
sounder::Checkpoint endless_checkpoint() {
  sounder::TrainConfig config;
  config.environment = "Endless-v0";
  config.hidden = {1};
  const auto spec = Endless().spec();
  const auto agents = make_agent_factory(config, spec);
  const auto parameters = agents->initial_parameters(1);
  sounder::Checkpoint checkpoint;
  checkpoint.config = to_toml(config);
  checkpoint.environment = config.environment;
  checkpoint.observation_space = describe(spec.observation_space);
  checkpoint.action_space = describe(spec.action_space);
  checkpoint.network = agents->description();
  for (const auto& block : agents->layout().blocks) {
    const float* const begin = parameters.data() + block.offset;
    checkpoint.parameters.push_back({.name = block.name, .shape = block.shape, .values = {begin, begin + block.size}});
  }
  return checkpoint;
}

std::string usage_error(const Arguments& arguments) {
  return failure(arguments, 2);
}

}  // namespace

TEST_CASE("Unknown commands and options are refused with the nearest known one") {
  CHECK(usage_error({"trian", "CartPole-v1"}) == "sounder: unknown command 'trian'; did you mean 'train'?");
  CHECK(usage_error({"train", "CartPole-v1", "--worker", "4"}) ==
        "sounder: unknown option '--worker'; did you mean '--workers'?");
  CHECK(usage_error({"train", "CartPole-v1", "--learning_rate=1"}) ==
        "sounder: unknown option '--learning_rate'; did you mean '--learning-rate'?");
  CHECK(usage_error({"evaluate", "--episode", "4"}) ==
        "sounder: unknown option '--episode'; did you mean '--episodes'?");
  CHECK(usage_error({"train", "CartPole-v1", "--n-steps", "5"}) ==
        "sounder: unknown option '--n-steps'; did you mean '--rollout'?");
  CHECK(usage_error({"train", "CartPole-v1", "--ent_coef=0.1"}) ==
        "sounder: unknown option '--ent_coef'; did you mean '--entropy-coefficient'?");
  CHECK(usage_error({"sweep", "CartPole-v1", "--n-envs", "8"}) ==
        "sounder: unknown option '--n-envs'; did you mean '--envs-per-worker' or '--workers'?");
  CHECK(usage_error({"envs", "-x"}).starts_with("sounder: unknown option '-x'"));
  CHECK(usage_error({"--nonsense"}).starts_with("sounder: unknown option '--nonsense'"));
  CHECK(usage_error({"envs", "CartPole-v1", "Acrobot-v1"}).starts_with("sounder: unexpected 'Acrobot-v1'"));
}

TEST_CASE(
    "Messages begin with the name of the program, and suggest commands by the name by which the program was called") {
  const auto said = [](const Arguments& arguments) {
    return call(arguments, sounder::Registry::with_builtins(), "build/thermostat").err;
  };
  CHECK(said({"train"}) ==
        "thermostat: expected an environment: 'build/thermostat train ENV'; 'build/thermostat envs' lists them\n");
  CHECK(said({"train", "CartPole-v1", "--zzzzzzzz"}) ==
        "thermostat: unknown option '--zzzzzzzz'; see 'build/thermostat train --help'\n");
  sounder::set_program_name("sounder");
}

TEST_CASE("Unknown environments, algorithms, networks, backends and keys are refused with the nearest known one") {
  CHECK(usage_error({"train", "CartPole-v9"}) ==
        "sounder: unknown environment 'CartPole-v9'; did you mean 'CartPole-v1'?");
  CHECK(usage_error({"envs", "CartPole"}).starts_with("sounder: unknown environment 'CartPole'"));
  CHECK(usage_error({"check", "Pendulum-v0"}) ==
        "sounder: unknown environment 'Pendulum-v0'; did you mean 'Pendulum-v1'?");
  CHECK(usage_error({"train", "CartPole-v1", "--algorithm", "a4c"}).find("did you mean 'a3c'?") != std::string::npos);
  CHECK(usage_error({"train", "CartPole-v1", "--network", "mlpp"}).find("did you mean 'mlp'?") != std::string::npos);
  CHECK(usage_error({"train", "CartPole-v1", "--backend", "fuzed"}).find("did you mean 'fused'?") != std::string::npos);
  CHECK(usage_error({"train", "CartPole-v1", "--activation", "rely"}) ==
        "sounder: unknown activation 'rely'; did you mean 'relu'?");
  CHECK(usage_error({"train", "CartPole-v1", "--set", "worker=4"}) ==
        "sounder: unknown key 'worker'; did you mean 'workers'?");
}

TEST_CASE("Training starts from the named preset") {
  const TemporaryFolder folder;
  const std::string run = (folder.path() / "run").string();
  CHECK(usage_error({"train", "CartPole-v1", "--preset", "a3c-papre"}) ==
        "sounder: unknown preset 'a3c-papre'; did you mean 'a3c-paper'?");
  REQUIRE(call({"train", "CartPole-v1", "--preset", "a3c-paper", "--workers", "1", "--steps", "100", "--run", run})
              .exit_code == 0);
  const std::string config = read(folder.path() / "run" / "config.toml");
  CHECK(config.find("\nlearning_rate = 0.0007\n") != std::string::npos);
  CHECK(config.find("\nworkers = 1\n") != std::string::npos);
}

TEST_CASE("Training starts from another run's parameters") {
  const TemporaryFolder folder;
  const std::string taught = (folder.path() / "taught").string();
  const std::string begun = (folder.path() / "begun").string();
  REQUIRE(call({"train", "CartPole-v1", "--workers", "1", "--steps", "500", "--run", taught}).exit_code == 0);
  // One step at the smallest learning rate changes no parameter.
  REQUIRE(call({"train", "CartPole-v1", "--workers", "1", "--steps", "1", "--rollout", "1", "--learning-rate", "1e-12",
                "--seed", "2", "--init-from", taught, "--run", begun})
              .exit_code == 0);
  const auto policy = [](const std::string& run) {
    return sounder::load_checkpoint(sounder::find_checkpoint(run, sounder::WhichCheckpoint::best));
  };
  const sounder::Checkpoint expected = policy(taught);
  const sounder::Checkpoint got = policy(begun);
  CHECK(got.progress.step == 1);
  REQUIRE(got.parameters.size() == expected.parameters.size());
  for (std::size_t i = 0; i < got.parameters.size(); ++i) {
    for (std::size_t k = 0; k < got.parameters[i].values.size(); ++k) {
      CHECK(got.parameters[i].values[k] == Approx(expected.parameters[i].values[k]).margin(1e-9));
    }
  }

  const auto refused = call({"train", "CartPole-v1", "--hidden", "9", "--init-from", taught});
  CHECK(refused.exit_code == 2);
  CHECK(refused.err.starts_with("sounder: --init-from: expected the network of this training, "));
}

TEST_CASE("A key that the user has set and that has no effect is a warning, once and with the reason") {
  const TemporaryFolder folder;
  const auto warnings = [&](Arguments arguments) {
    static int run = 0;
    arguments.insert(arguments.begin(), "train");
    arguments.insert(arguments.end(), {"--steps", "100", "--workers", "1", "--evaluation-episodes", "2", "--run",
                                       (folder.path() / fmt::format("{}", ++run)).string(), "--json"});
    const Outcome outcome = call(arguments);
    INFO(outcome.err);
    CHECK(outcome.exit_code == 0);
    json_of(outcome);
    std::vector<std::string> lines;
    std::istringstream stream(outcome.err);
    for (std::string line; std::getline(stream, line);) {
      if (line.starts_with("sounder: warning: ")) lines.push_back(line.substr(18));
    }
    return lines;
  };
  using Lines = std::vector<std::string>;
  const std::string no_policy = "gae_lambda has no effect: algorithm 'n_step_q' learns no policy";
  CHECK(warnings({"CartPole-v1"}).empty());
  CHECK(warnings({"CartPole-v1", "--gae-lambda", "0.9"}).empty());
  CHECK(warnings({"CartPole-v1", "--algorithm", "n_step_q"}).empty());
  CHECK(warnings({"CartPole-v1", "--algorithm", "n_step_q", "--gae-lambda", "0.9"}) == Lines{no_policy});
  CHECK(warnings({"CartPole-v1", "--algorithm", "n_step_q", "--set", "gae_lambda=0.9", "--gae-lambda", "1"}) ==
        Lines{no_policy});
  CHECK(warnings({"CartPole-v1", "--squash-actions", "--memory-units", "8"}) ==
        Lines{"memory_units has no effect: memory is 'none'",
              "squash_actions has no effect: it is for Box actions; those of CartPole-v1 are Discrete(2)"});
  const auto file = folder.write("mine.toml", "algorithm = 'n_step_q'\ngae_lambda = 0.9\n").string();
  CHECK(warnings({"CartPole-v1", "--config", file}) == Lines{no_policy});
  // Another environment's preset, and what a run wrote: nobody set these keys.
  CHECK(warnings({"CartPole-v1", "--preset", "Pendulum-v1"}).empty());
  CHECK(warnings({"--config", (folder.path() / "4" / "config.toml").string()}).empty());
  // Resuming.
  const Outcome resumed =
      call({"train", "--resume", (folder.path() / "1").string(), "--steps", "300", "--target-interval", "50"});
  CHECK(resumed.exit_code == 0);
  CHECK(resumed.err.starts_with(
      "sounder: warning: target_interval has no effect: algorithm 'a3c' has no target parameters\n"));
}

TEST_CASE("An algorithm that does not suit the action space is refused") {
  sounder::Registry environments;
  environments.add<Switches>("Switches-v0");
  const Outcome valued = call({"train", "Switches-v0", "--algorithm", "n_step_q"}, environments);
  CHECK(valued.exit_code == 2);
  CHECK(valued.err ==
        "sounder: algorithm 'n_step_q' takes Discrete actions; Switches-v0 has MultiBinary(3); "
        "try algorithm 'a3c'\n");
}

TEST_CASE("Training, evaluating and watching clip actions to their bounds") {
  const TemporaryFolder folder;
  const std::string run = (folder.path() / "run").string();
  sounder::Registry environments;
  environments.add<Narrow>("Narrow-v0", {.max_episode_steps = 50});
  // Nearly all actions are chosen beyond the bounds; an unclipped one would fail the call.
  for (const Arguments& arguments : {Arguments{"train", "Narrow-v0", "--steps", "500", "--hidden", "4", "--run", run},
                                     Arguments{"evaluate", run, "--episodes", "3", "--stochastic"},
                                     Arguments{"evaluate", run, "--episodes", "3"}, Arguments{"watch", run}}) {
    const Outcome outcome = call(arguments, environments);
    INFO(fmt::format("sounder {}: {}", fmt::join(arguments, " "), outcome.err));
    CHECK(outcome.exit_code == 0);
  }
}

TEST_CASE("Values of the wrong type or out of range are refused with the range") {
  CHECK(usage_error({"train", "CartPole-v1", "--workers", "0"}) ==
        "sounder: workers: expected integer, 1 to 1024; got '0'");
  CHECK(usage_error({"train", "CartPole-v1", "--workers", "-1"}) ==
        "sounder: workers: expected integer, 1 to 1024; got '-1'");
  CHECK(usage_error({"train", "CartPole-v1", "--workers=2x"}) ==
        "sounder: workers: expected integer, 1 to 1024; got '2x'");
  for (const char* value : {"0", "-5", "1e-5", "many", "", "1.5"}) {
    usage_error({"train", "CartPole-v1", "--steps", value});
    usage_error({"train", "CartPole-v1", "--set", fmt::format("steps={}", value)});
  }
  usage_error({"train", "CartPole-v1", "--hidden", "64,,64"});
  usage_error({"train", "CartPole-v1", "--learning-rate", "nan"});
  usage_error({"train", "CartPole-v1", "--write-mode", "careful"});
  usage_error({"train", "CartPole-v1", "--until-solved=maybe"});
  usage_error({"train", "CartPole-v1", "--set", "workers"});
  CHECK(usage_error({"evaluate", "run", "--episodes", "0"}) ==
        "sounder: --episodes: expected integer, 1 to 1000000; got '0'");
  usage_error({"evaluate", "run", "--seed", "0x10"});
  usage_error({"watch", "run", "--fps", "0"});
  usage_error({"replay", "file.json", "--tolerance", "-1"});
}

TEST_CASE("A forgotten value or argument is refused, and does not swallow the next option") {
  CHECK(usage_error({"train", "CartPole-v1", "--workers"}).starts_with("sounder: --workers: expected a value"));
  CHECK(usage_error({"train", "CartPole-v1", "--run", "--json"}) ==
        "sounder: --run: expected a value; got the option '--json'");
  CHECK(usage_error({"train"}).starts_with("sounder: expected an environment"));
  for (const char* command : {"evaluate", "watch", "check", "replay", "plot"}) usage_error({command});
  usage_error({"plot", "run"});
}

TEST_CASE("Contradictory environments are refused") {
  const TemporaryFolder folder;
  const std::string file = folder.write("a.toml", "environment = 'Acrobot-v1'").string();
  usage_error({"train", "CartPole-v1", "--config", file});
  usage_error({"train", "CartPole-v1", "--set", "environment=Acrobot-v1"});
}

TEST_CASE("Missing or invalid files are errors in one line") {
  const TemporaryFolder folder;
  const std::string missing = (folder.path() / "missing").string();
  const std::string garbage = folder.write("garbage", "not what it should be\n").string();
  usage_error({"train", "CartPole-v1", "--config", missing});
  usage_error({"train", "CartPole-v1", "--config", garbage});
  usage_error({"train", "--resume", garbage});
  failure({"train", "--resume", missing}, 1);
  for (const std::string& path : {missing, garbage, folder.path().string()}) {
    failure({"evaluate", path}, 1);
    failure({"watch", path}, 1);
    failure({"replay", path}, 1);
    failure({"plot", path, "-o", (folder.path() / "curve.svg").string()}, 1);
  }
}

TEST_CASE("The list of environments goes to stderr for people, and as JSON to stdout") {
  const Outcome human = call({"envs"});
  CHECK(human.exit_code == 0);
  CHECK(human.out.empty());
  CHECK(human.err.find("CartPole-v1") != std::string::npos);

  const Outcome machine = call({"envs", "--json"});
  CHECK(machine.exit_code == 0);
  CHECK(machine.err.empty());
  const json::array list = json_of(machine).at("environments").as_array();
  REQUIRE(list.size() == sounder::Registry::with_builtins().ids().size());
  const auto cart_pole = std::ranges::find_if(list, [](const json::value& e) { return e.at("id") == "CartPole-v1"; });
  REQUIRE(cart_pole != list.end());
  CHECK(cart_pole->at("max_episode_steps") == 500);
  CHECK(cart_pole->at("reward_threshold").to_number<double>() == 475);
  CHECK(cart_pole->at("action_space").at("n") == 2);
  // No bound is null: JSON has no infinity.
  CHECK(cart_pole->at("observation_space").at("high").as_array().at(1).is_null());

  const json::object pendulum = json_of(call({"envs", "Pendulum-v1", "--json"}));
  CHECK(pendulum.at("reward_threshold").is_null());
  CHECK(pendulum.at("draws") == true);
  const json::array presets = pendulum.at("presets").as_array();
  CHECK(std::ranges::find(presets, json::value("Pendulum-v1")) != presets.end());
  CHECK(call({"envs", "Pendulum-v1"}).err.find("\n  presets      Pendulum-v1") != std::string::npos);
  CHECK(call({"envs", "Pendulum-v1"}).err.find("Box([-2], [2])") != std::string::npos);
}

TEST_CASE("Recorded traces are replayed, and deviations beyond the tolerance are a failed run") {
  const std::string file = SOUNDER_TEST_DATA "/gymnasium/CartPole-v1.json";
  const Outcome human = call({"replay", file});
  CHECK(human.exit_code == 0);
  CHECK(human.out.empty());
  CHECK(human.err.find("largest deviation") != std::string::npos);

  const json::object machine = json_of(call({"replay", file, "--json"}));
  CHECK(machine.at("passed") == true);
  CHECK(machine.at("largest_deviation").to_number<double>() <= 1e-4);
  CHECK(machine.at("terminated_mismatches") == 0);

  // One reward of the file is changed.
  std::string text = read(file);
  const std::size_t reward = text.find("1.0", text.find("\"rewards\": ["));
  REQUIRE(reward != std::string::npos);
  text.replace(reward, 3, "3.0");
  const TemporaryFolder folder;
  const std::string changed = folder.write("changed.json", text).string();
  const Outcome failed = call({"replay", changed, "--json"});
  CHECK(failed.exit_code == 1);
  CHECK(json_of(failed).at("passed") == false);
  CHECK(json_of(failed).at("largest_deviation").to_number<double>() == 2.0);
  CHECK(call({"replay", changed, "--tolerance", "2"}).exit_code == 0);
}

TEST_CASE("The checks of a built-in environment pass") {
  const Outcome human = call({"check", "CartPole-v1"});
  CHECK(human.exit_code == 0);
  CHECK(human.out.empty());
  const Outcome machine = call({"check", "CartPole-v1", "--json"});
  CHECK(machine.exit_code == 0);
  CHECK(machine.err.empty());
  const json::object report = json_of(machine);
  CHECK(report.at("passed") == true);
  CHECK(report.at("steps_per_second").at("min").to_number<double>() > 0);
  CHECK(report.at("errors") == 0);
  CHECK(report.at("warnings") == 0);
  for (const json::value& check : report.at("checks").as_array()) {
    CHECK(human.err.find(check.at("name").as_string().c_str()) != std::string::npos);
  }
  const std::string sum =
      "CartPole-v1: no errors, no warnings in " + std::to_string(report.at("checks").as_array().size()) + " checks (";
  CHECK(human.err.find(sum) != std::string::npos);
  CHECK(human.err.find("The environment alone runs at ") != std::string::npos);
}

TEST_CASE("A user's own environment is found by its name, and fails its checks with an exit code") {
  struct Restless {
    using Action = std::int64_t;
    float position = 0;
    sounder::EnvironmentSpec spec() const {
      return {.observation_space = sounder::Box::bounds({0}, {1}), .action_space = sounder::Discrete{2}};
    }
    void reset(std::uint64_t, std::span<float> observation) { observation[0] = position; }
    sounder::StepResult step(Action, std::span<float> observation) {
      observation[0] = position += 0.1F;  // leaves its space, and continues where the last episode ended
      return {.reward = 1, .terminated = false};
    }
  };
  sounder::Registry environments;
  environments.add<Restless>("Restless-v0");
  const Outcome outcome = call({"check", "Restless-v0", "--json"}, environments);
  CHECK(outcome.exit_code == 1);
  CHECK(json_of(outcome).at("passed") == false);
  CHECK(json_of(outcome).at("errors").to_number<int>() == 2);
  CHECK_FALSE(json_of(outcome).contains("steps_per_second"));
  CHECK(call({"envs"}, environments).err.find("Restless-v0") != std::string::npos);
}

TEST_CASE("Warnings of a check do not change its exit code, and are counted and explained") {
  struct Twin {
    using Action = std::int64_t;
    int elapsed = 0;
    sounder::EnvironmentSpec spec() const {
      return {.observation_space = sounder::Box::bounds({0}, {1}), .action_space = sounder::Discrete{2}};
    }
    void reset(std::uint64_t, std::span<float> observation) {
      elapsed = 0;
      observation[0] = 0;
    }
    sounder::StepResult step(Action action, std::span<float> observation) {
      observation[0] = action == 1 ? 1.0F : 0.5F;  // the seed changes nothing
      return {.reward = 1, .terminated = ++elapsed == 4};
    }
  };
  sounder::Registry environments;
  environments.add<Twin>("Twin-v0");
  const Outcome human = call({"check", "Twin-v0"}, environments);
  CHECK(human.exit_code == 0);
  CHECK(human.err.find("\nwarning  other seed, other episode\n  seen      6 seeds gave the same") != std::string::npos);
  CHECK(human.err.find("\nTwin-v0: no errors, 1 warning in ") != std::string::npos);
  const Outcome machine = call({"check", "Twin-v0", "--steps", "40", "--seed", "7", "--json"}, environments);
  CHECK(machine.exit_code == 0);
  CHECK(json_of(machine).at("passed") == true);
  CHECK(json_of(machine).at("warnings") == 1);
  const std::string least = usage_error({"check", "Twin-v0", "--steps", "0"});
  CHECK(least.find("--steps") != std::string::npos);
}

TEST_CASE("Watching cuts an endless episode at the same step as an evaluation") {
  const TemporaryFolder folder;
  const std::string file = (folder.path() / "policy.safetensors").string();
  save_checkpoint(file, endless_checkpoint());
  sounder::Registry environments;
  environments.add<Endless>("Endless-v0");
  const json::object episode =
      json_of(call({"watch", file, "--json"}, environments)).at("episodes").as_array().at(0).as_object();
  CHECK(episode.at("length") == sounder::Evaluator::kStepLimit);
  CHECK(episode.at("truncated") == true);
  for (const char* command : {"watch", "evaluate"}) {
    const json::object limited =
        json_of(call({command, file, "--episodes", "1", "--evaluation-step-limit", "7", "--json"}, environments));
    const bool watching = command == std::string("watch");
    const json::value& length = watching ? limited.at("episodes").at(0).at("length") : limited.at("mean_length");
    CHECK(length.to_number<double>() == 7);
  }
}

TEST_CASE("Watching plays the same episodes as an evaluation, in the same order") {
  const TemporaryFolder folder;
  const std::string run = (folder.path() / "run").string();
  REQUIRE(call({"train", "CartPole-v1", "--steps", "500", "--evaluation-episodes", "1", "--env-option",
                "length=0.5,0.1,2", "--run", run})
              .exit_code == 0);
  const auto evaluate = [&](const std::string& environments) {
    return json_of(call({"evaluate", run, "--episodes", "7", "--evaluation-environments", environments, "--json"}));
  };
  const json::object evaluated = evaluate("128");
  CHECK(evaluate("1") == evaluated);
  CHECK(evaluate("3") == evaluated);
  double sum = 0;
  const json::object watched = json_of(call({"watch", run, "--episodes", "7", "--json"}));
  REQUIRE(watched.at("episodes").as_array().size() == 7);
  for (const json::value& episode : watched.at("episodes").as_array()) sum += episode.at("return").as_double();
  CHECK(sum / 7 == Approx(evaluated.at("mean").as_double()));
}

TEST_CASE("Evaluating and watching accept options of the environment, and report differences from training") {
  const TemporaryFolder folder;
  const std::string run = (folder.path() / "run").string();
  REQUIRE(call({"train", "CartPole-v1", "--steps", "500", "--evaluation-episodes", "1", "--env-option", "length=0.7",
                "--env-option", "force=12", "--run", run})
              .exit_code == 0);
  const Arguments changed{"--env-option", "length=9", "--episodes", "2"};
  const auto with = [](Arguments arguments, const Arguments& more) {
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  };
  for (const char* command : {"evaluate", "watch"}) {
    CAPTURE(command);
    const Outcome human = call(with({command, run}, changed));
    CHECK(human.exit_code == 0);
    CHECK(human.err.find("options length=9 (in training 0.7)\n") != std::string::npos);
    CHECK(call({command, run}).err.find("options") == std::string::npos);
    usage_error({command, run, "--env-option", "lenght=9"});
  }
  const json::object machine = json_of(call(with({"evaluate", run, "--json"}, changed)));
  CHECK(machine.at("env_option") == json::array{"force=12", "length=9"});
  CHECK(machine.at("trained_env_option") == json::array{"length=0.7", "force=12"});
  // A pole of 18 m falls slowly.
  CHECK(machine.at("mean").as_double() >
        json_of(call({"evaluate", run, "--episodes", "2", "--json"})).at("mean").as_double());

  // Options may move bounds, but not what the network is made for.
  const std::string other = (folder.path() / "other").string();
  for (const auto& [id, option, exit_code] :
       {std::tuple("Pendulum-v1", "torque=3", 0), {"Corridor-v0", "length=9", 2}}) {
    REQUIRE(call({"train", id, "--steps", "100", "--evaluation-episodes", "1", "--run", other + id}).exit_code == 0);
    CHECK(call({"evaluate", other + id, "--env-option", option, "--episodes", "2"}).exit_code == exit_code);
  }

  const Outcome resumed = call({"train", "--resume", run, "--steps", "600", "--env-option", "length=9"});
  CHECK(resumed.exit_code == 0);
  CHECK(resumed.err.find("warning: the run goes on with length=9 (in training 0.7)\n") != std::string::npos);
}

TEST_CASE("Invalid content of a checkpoint is an error that names the file, not a usage error") {
  const TemporaryFolder folder;
  const std::string file = (folder.path() / "policy.safetensors").string();
  const auto refused = [&](const sounder::Checkpoint& checkpoint) {
    save_checkpoint(file, checkpoint);
    const std::string line = failure({"evaluate", file}, 1);
    CHECK(failure({"watch", file}, 1) == line);
    return line;
  };
  CHECK(refused(endless_checkpoint()).starts_with("sounder: " + file + ": unknown environment 'Endless-v0'"));
  auto strange = endless_checkpoint();
  strange.config += "wings = 2\n";
  const std::string line = refused(strange);
  CHECK(line.starts_with("sounder: " + file + ": "));
  CHECK(line.find("unknown key 'wings'") != std::string::npos);
}

TEST_CASE("A thrown object that is not an exception is also an error in one line") {
  sounder::Registry environments;
  environments.add("Broken-v0", []() -> sounder::Environment { throw 42; });
  const Outcome outcome = call({"envs", "Broken-v0"}, environments);
  CHECK(outcome.exit_code == 1);
  CHECK(outcome.err == "sounder: something was thrown that is no std::exception\n");
}

TEST_CASE("The first line of another library's exception is shown") {
  sounder::Registry environments;
  environments.add("Broken-v0", []() -> sounder::Environment {
    throw std::runtime_error("the simulator is not there\nbacktrace: 1, 2, 3");
  });
  const Outcome outcome = call({"envs", "Broken-v0"}, environments);
  CHECK(outcome.exit_code == 1);
  CHECK(outcome.err == "sounder: the simulator is not there\n");
}
