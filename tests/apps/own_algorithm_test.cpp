// A program with an algorithm of its own, and two keys of it: every command knows them.
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "agents/a3c.h"
#include "agents/policy.h"
#include "apps/library/configuration.h"
#include "apps/library/evaluation.h"
#include "apps/library/training.h"
#include "core/config/own_key.h"
#include "core/running/run_checkpoints.h"
#include "envs/error.h"
#include "tests/apps/calls.h"
#include "tests/catch.h"

using namespace sounder;
using namespace sounder::testing;
using Catch::Matchers::Contains;

namespace {

const OwnKey<double> kBonus(
    {.name = "own_bonus", .help = "weight of the entropy in the loss", .value = 0.25, .min = 0, .max = 1});
const OwnKey<std::string> kKind({.name = "own_kind",
                                 .help = "kind of nothing",
                                 .value = "plain",
                                 .choices = {"plain", "pretty"},
                                 .on_resume = OnResume::kept});

std::unique_ptr<AgentFactory> make_mine(const TrainConfig& config, const EnvironmentSpec& spec,
                                        const Networks& networks) {
  TrainConfig changed = config;
  changed.entropy_coefficient = kBonus.of(config);
  return make_a3c_agents(changed, spec, networks);
}

/// A3C's agents by a factory that does not say what its agents compute.
struct Opaque final : AgentFactory {
  explicit Opaque(std::unique_ptr<AgentFactory> made) : agents(std::move(made)) {}

  const ParameterLayout& layout() const noexcept override { return agents->layout(); }
  std::string description() const override { return agents->description(); }
  std::string backend() const override { return agents->backend(); }
  std::vector<float> initial_parameters(std::uint64_t seed) const override { return agents->initial_parameters(seed); }
  std::unique_ptr<Agent> make(const Replica& replica, const AgentUse& use) const override {
    return agents->make(replica, use);
  }
  void prepare_thread() const override { agents->prepare_thread(); }

  std::unique_ptr<AgentFactory> agents;
};

std::unique_ptr<AgentFactory> make_opaque(const TrainConfig& config, const EnvironmentSpec& spec,
                                          const Networks& networks) {
  return std::make_unique<Opaque>(make_a3c_agents(config, spec, networks));
}

Algorithms with_mine() {
  Algorithms algorithms = Algorithms::with_builtins();
  algorithms.add("mine", make_mine, {kBonus, kKind});
  algorithms.add("opaque", make_opaque);
  return algorithms;
}

Outcome mine(Arguments arguments) {
  return call_with({.algorithms = with_mine()}, std::move(arguments));
}

/// A training that takes a moment, of one worker.
Arguments short_training(const std::string& run, Arguments more) {
  Arguments all{"train", "CartPole-v1", "--workers", "1",         "--steps", "200",   "--evaluation-episodes",
                "2",     "--hidden",    "4",         "--backend", "fused",   "--run", run};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

std::string line_of(const Outcome& outcome, int exit_code) {
  CHECK(outcome.exit_code == exit_code);
  CHECK(std::count(outcome.err.begin(), outcome.err.end(), '\n') == 1);
  return outcome.err;
}

/// Calls `act` with one observation of CartPole as its stdin.
Outcome act(const TemporaryFolder& folder, const std::string& run) {
  const auto file = folder.write("observations.csv", "0,0,0.1,0\n");
  const int saved = dup(STDIN_FILENO);
  const int opened = open(file.c_str(), O_RDONLY);
  dup2(opened, STDIN_FILENO);
  close(opened);
  Outcome outcome = mine({"act", run});
  dup2(saved, STDIN_FILENO);
  close(saved);
  return outcome;
}

std::vector<float> parameters_of(const std::string& run) {
  std::vector<float> all;
  for (const Tensor& tensor : load_checkpoint(find_checkpoint(run, WhichCheckpoint::last)).parameters) {
    all.insert(all.end(), tensor.values.begin(), tensor.values.end());
  }
  return all;
}

}  // namespace

TEST_CASE("the help lists an own algorithm's keys in a group of their own") {
  const std::string help = mine({"train", "--help"}).out;
  CHECK_THAT(help, Contains("Configuration of algorithm 'mine'"));
  CHECK_THAT(help, Contains("--own-bonus"));
  CHECK_THAT(help, Contains("one of plain, pretty"));
  CHECK(call({"train", "--help"}).out.find("own-bonus") == std::string::npos);

  CHECK(mine({"completion", "words", "train", "--own-k"}).out == "--own-kind\n");
  CHECK(mine({"completion", "words", "train", "--own-kind", "pr"}).out == "pretty\n");
  CHECK(mine({"completion", "words", "train", "--algorithm", "mi"}).out == "mine\n");
}

TEST_CASE("an own key is set by option, --set and file, has its effect, and is saved") {
  const TemporaryFolder folder;
  const auto path = [&](const std::string& name) { return (folder.path() / name).string(); };
  const std::string file =
      folder.write("mine.toml", "algorithm = 'mine'\nown_bonus = 0.5\nown_kind = 'pretty'\n").string();
  const std::vector<Arguments> ways{{"--algorithm", "mine", "--own-bonus", "0.5", "--own-kind", "pretty"},
                                    {"--algorithm", "mine", "--set", "own_bonus=0.5", "--set", "own_kind=pretty"},
                                    {"--config", file}};
  REQUIRE(mine(short_training(path("default"), {"--algorithm", "mine"})).exit_code == 0);
  REQUIRE(mine(short_training(path("a3c"), {"--entropy-coefficient", "0.5"})).exit_code == 0);
  CHECK_THAT(read(folder.path() / "default" / "config.toml"), Contains("\nown_bonus = 0.25\n"));
  for (std::size_t i = 0; i < ways.size(); ++i) {
    const std::string run = path(std::to_string(i));
    REQUIRE(mine(short_training(run, ways[i])).exit_code == 0);
    CHECK_THAT(read(folder.path() / std::to_string(i) / "config.toml"), Contains("\nown_bonus = 0.5\n"));
    CHECK_THAT(load_checkpoint(find_checkpoint(run, WhichCheckpoint::best)).config,
               Contains("\nown_kind = \"pretty\"\n"));
    CHECK(parameters_of(run) == parameters_of(path("a3c")));  // the key is A3C's entropy coefficient by another name
    CHECK_FALSE(parameters_of(run) == parameters_of(path("default")));
  }
  // A run's file runs again, with all of its values.
  REQUIRE(mine(short_training(path("again"), {"--config", path("2/config.toml")})).exit_code == 0);
  CHECK(parameters_of(path("again")) == parameters_of(path("2")));
}

TEST_CASE("wrong values, keys and names of own algorithms are refused in one line") {
  const auto refused = [](Arguments more) {
    more.insert(more.begin(), {"train", "CartPole-v1"});
    return line_of(mine(more), 2);
  };
  CHECK(refused({"--algorithm", "mine", "--own-bonus", "2"}) ==
        "sounder: own_bonus: expected number, 0 to 1; got '2'\n");
  CHECK(refused({"--algorithm", "mine", "--own-kind", "pritty"}) ==
        "sounder: unknown own_kind 'pritty'; did you mean 'pretty'?\n");
  CHECK(refused({"--algorithm", "mine", "--own-bonas", "1"}) ==
        "sounder: unknown option '--own-bonas'; did you mean '--own-bonus'?\n");
  CHECK(refused({"--set", "own_bonas=1"}) == "sounder: unknown key 'own_bonas'; did you mean 'own_bonus'?\n");
  CHECK(refused({"--algorithm", "mime"}) == "sounder: unknown algorithm 'mime'; did you mean 'mine'?\n");
}

TEST_CASE("an own key under another algorithm is a warning") {
  const TemporaryFolder folder;
  const std::string run = (folder.path() / "run").string();
  const Outcome outcome = mine(short_training(run, {"--own-bonus", "0.5", "--json"}));
  CHECK(outcome.exit_code == 0);
  CHECK_THAT(outcome.err, Contains("own_bonus has no effect: it is a key of algorithm 'mine'"));
  CHECK(mine({"evaluate", run, "--episodes", "2"}).exit_code == 0);
}

TEST_CASE("a run of an own algorithm is resumed, evaluated, watched, exported and acted with") {
  const TemporaryFolder folder;
  const std::string run = (folder.path() / "run").string();
  const std::string header = (folder.path() / "policy.h").string();
  REQUIRE(mine(short_training(run, {"--algorithm", "mine", "--own-bonus", "0.5"})).exit_code == 0);
  CHECK(mine({"evaluate", run, "--episodes", "2"}).exit_code == 0);
  CHECK(mine({"watch", run, "--episodes", "1", "--json"}).exit_code == 0);
  const Outcome acted = act(folder, run);
  CHECK(acted.exit_code == 0);
  CHECK((acted.out == "0\n" || acted.out == "1\n"));
  CHECK(mine({"export", run, "-o", header}).exit_code == 0);
  CHECK(std::filesystem::exists(header));
  CHECK(mine({"plot", run, "-o", (folder.path() / "curve.svg").string()}).exit_code == 0);

  CHECK_THAT(line_of(mine({"train", "--resume", run, "--steps", "300", "--own-kind", "pretty"}), 2),
             Contains("--resume: own_kind: expected \"plain\", as in the run; got \"pretty\""));
  CHECK_THAT(line_of(mine({"train", "--resume", run}), 2), Contains("expected --steps above it, got 200"));
  REQUIRE(mine({"train", "--resume", run, "--steps", "300", "--own-bonus", "0.75"}).exit_code == 0);
  CHECK_THAT(read(folder.path() / "run" / "config.toml"), Contains("\nown_bonus = 0.75\n"));

  // The parameters are any algorithm's.
  CHECK(call(short_training((folder.path() / "next").string(), {"--init-from", run})).exit_code == 0);

  // A program without the algorithm says what is missing.
  const std::string missing =
      "its algorithm 'mine' is not one of a3c, a2c, one_step_q, one_step_sarsa, n_step_q: open it "
      "with the program that trained it, or add the algorithm to this one\n";
  for (const Arguments& command : {Arguments{"evaluate", run}, Arguments{"watch", run}, Arguments{"act", run},
                                   Arguments{"export", run, "-o", header}, Arguments{"train", "--resume", run}}) {
    INFO(command.front());
    CHECK(line_of(call(command), 1).ends_with(missing));
  }
  CHECK(call({"plot", run, "-o", (folder.path() / "curve.svg").string()}).exit_code == 0);
}

TEST_CASE("a policy whose factory does not say what it computes is played, and not exported") {
  const TemporaryFolder folder;
  const std::string run = (folder.path() / "run").string();
  REQUIRE(mine(short_training(run, {"--algorithm", "opaque"})).exit_code == 0);
  CHECK(mine({"evaluate", run, "--episodes", "2"}).exit_code == 0);
  CHECK(line_of(mine({"export", run, "-o", (folder.path() / "policy.h").string()}), 1)
            .ends_with("its algorithm 'opaque' is your own and does not say that its greedy actions are those of one "
                       "network (NetworkAgents): it cannot be exported\n"));
}

TEST_CASE("a sweep over an own key is planned and refused as over Sounder's keys") {
  const auto refused = [](Arguments more) {
    more.insert(more.begin(), {"sweep", "CartPole-v1", "--algorithm", "mine"});
    return line_of(mine(more), 2);
  };
  CHECK(refused({"--range", "own_bonus=grid:0.1,2"}) == "sounder: own_bonus: expected number, 0 to 1; got '2'\n");
  CHECK(refused({"--range", "own_kind=uniform:0:1"}) ==
        "sounder: --range: own_kind: log and uniform draw numbers; expected own_kind=grid:A,B,... (one of plain, "
        "pretty)\n");
  CHECK(refused({"--range", "own_bonas=grid:0.1,0.2"}) ==
        "sounder: unknown key 'own_bonas'; did you mean 'own_bonus'?\n");
}

TEST_CASE("an own key with the name of another option is refused") {
  const OwnKey<bool> key({.name = "resume", .help = "of mine"});
  Algorithms algorithms = Algorithms::with_builtins();
  algorithms.add("mine", make_mine, {key});
  CHECK_THAT(line_of(call_with({.algorithms = algorithms}, {"train", "CartPole-v1"}), 2),
             Contains("an algorithm's key has the name of another option: ") && Contains("resume"));
}

TEST_CASE("an own algorithm trains, resumes and is evaluated in code") {
  const TemporaryFolder folder;
  TrainConfig config;
  config.environment = "CartPole-v1";
  config.algorithm = "mine";
  config.workers = 1;
  config.steps = 200;
  config.hidden = {4};
  config.evaluation_episodes = 2;
  kBonus.set(config, 0.5);
  const Registry environments = Registry::with_builtins();
  const Algorithms algorithms = with_mine();
  const std::filesystem::path run = folder.path() / "run";
  Training training(environments, config, {.run = run, .algorithms = algorithms});
  CHECK(training.unused_keys(std::vector<std::string>{"own_bonus"}).empty());
  const TrainingResult result = training.run();

  const EpisodeSettings two{.episodes = 2, .seed = 3};
  const EvaluationResult played = evaluate(result.best, environments, two, {.algorithms = algorithms});
  CHECK(evaluate(run, environments, two, {.algorithms = algorithms}).returns == played.returns);
  CHECK_THROWS_WITH(evaluate(run, environments, two), Contains("its algorithm 'mine' is not one of"));
  Policy policy(result.best, {.algorithms = &algorithms});
  CHECK_NOTHROW(policy.act(std::vector<float>{0, 0, 0, 0}));

  TrainConfig saved = load_config(run / "config.toml", {}, algorithms);
  CHECK(saved == training.config());
  CHECK(kBonus.of(saved) == 0.5);
  CHECK_THROWS_WITH(load_config(run / "config.toml"), Contains("unknown algorithm 'mine'"));
  const auto resume = [&] {
    Training(environments, saved, {.run = run, .resume = load_resume_point(run), .algorithms = algorithms}).run();
  };
  CHECK_THROWS_WITH(resume(), Contains("stands at step") && Contains("expected steps above it, got 200"));
  CHECK_THROWS_WITH(Training(environments, saved, {.run = run, .algorithms = algorithms}),
                    Contains("already holds a run; continue it with resume, or name another folder with run"));
  saved.steps = 300;
  CHECK_NOTHROW(resume());

  kBonus.set(saved, 2);
  CHECK_THROWS_WITH(Training(environments, saved, {.algorithms = algorithms}),
                    "own_bonus: expected number, 0 to 1; got 2.0");
}
