#include "apps/library/training.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <csignal>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "apps/library/configuration.h"
#include "core/metrics/files.h"
#include "envs/error.h"
#include "tests/apps/library/small_training.h"
#include "tests/apps/temporary_folder.h"
#include "tests/catch.h"

using namespace sounder;
using sounder::testing::small;
using sounder::testing::TemporaryFolder;

namespace {

/// What all levers of the running test were given.
struct Given {
  std::atomic<int> beyond = 0;  ///< actions at a bound or beyond it
};
Given given;

/// Episodes of four steps, each of which is worth `gain`.
struct Lever {
  using Action = std::span<const float>;
  static std::vector<EnvironmentOption<Lever>> options() {
    return {{.name = "gain", .member = &Lever::gain, .help = "reward of a step"}};
  }
  EnvironmentSpec spec() const {
    return {.observation_space = Box::bounds({0, 0}, {1, 1}), .action_space = Box::bounds({-0.1F}, {0.1F})};
  }
  void reset(std::uint64_t, std::span<float> observation) {
    steps = 0;
    std::ranges::fill(observation, 0.5F);
  }
  StepResult step(Action action, std::span<float> observation) {
    std::ranges::fill(observation, 0.5F);
    if (std::abs(action[0]) >= 0.1F) ++given.beyond;
    return {.reward = static_cast<float>(gain), .terminated = ++steps == 4};
  }
  double gain = 1;
  int steps = 0;
};

Registry with_lever() {
  Registry environments = Registry::with_builtins();
  environments.add<Lever>("Lever-v0");
  return environments;
}

std::string refusal(const TrainConfig& config, const TrainingOptions& options = {}) {
  try {
    Training(with_lever(), config, options);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

std::vector<std::filesystem::path> files_in(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) files.push_back(entry.path().filename());
  std::ranges::sort(files);
  return files;
}

}  // namespace

TEST_CASE("a training in code has the environments that its configuration describes") {
  TrainConfig config = small("Lever-v0");
  config.env_option = {"gain=2.5"};
  config.wrappers = {"frame_stack=3"};
  given.beyond = 0;
  Training clipped(with_lever(), config);
  CHECK(flat_size(clipped.spec().observation_space) == 6);  // two numbers, three times
  const TrainingResult result = clipped.run();
  CHECK(result.report.progress.recent_returns.front() == 10);  // four steps at 2.5
  CHECK(result.report.progress.best_mean_return == 10);
  CHECK(given.beyond > 100);  // a standard deviation of 1 and bounds of 0.1: most are clipped
  CHECK(result.best.environment == "Lever-v0");
  CHECK(result.best.observation_space == describe(clipped.spec().observation_space));

  config.squash_actions = true;
  given.beyond = 0;
  Training squashed(with_lever(), config);
  squashed.run();
  // tanh(x) is 1 in single precision from x = 9.01 on, which no draw of a standard deviation near 1 gives.
  CHECK(given.beyond == 0);
}

TEST_CASE("options that are dealt out reach a training's workers and its evaluation's episodes in turn") {
  TrainConfig config = small("Lever-v0");
  config.workers = 2;
  config.threads = 1;  // so that both act, in turn
  config.env_option = {"gain=1,3"};
  std::set<double> returns;
  std::vector<double> evaluated;
  struct Episodes : MetricsSink {
    std::set<double>& returns;
    explicit Episodes(std::set<double>& r) : returns(r) {}
    void episodes(std::span<const EpisodeRecord> episodes) override {
      for (const EpisodeRecord& episode : episodes) returns.insert(episode.worker == 0 ? episode.episode_return : -1);
    }
  } sink(returns);
  Training training(with_lever(), config);
  training.add_sink(sink);
  training.on_evaluation([&](const Evaluation& evaluation) {
    evaluated = evaluation.returns;
    return true;
  });
  training.run();
  returns.erase(-1);
  CHECK(returns == std::set<double>{4});
  CHECK(evaluated == std::vector<double>{4, 12, 4});
}

TEST_CASE("without a run folder, a training writes nothing, and gives its best policy") {
  const TemporaryFolder folder;
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path());
  struct Saved : MetricsSink {
    int files = 0;
    void saved(const SavedCheckpoint&) override { ++files; }
  } sink;
  Training training(with_lever(), small("Lever-v0"));
  training.add_sink(sink);
  const TrainingResult result = training.run();
  CHECK(sink.files == 0);
  CHECK(files_in(folder.path()).empty());
  std::filesystem::current_path(before);
  CHECK(result.run.empty());
  CHECK(result.report.saved);
  CHECK(result.report.steps >= 400);
  CHECK(result.best.progress.step == 200);  // all policies are as good: the first one evaluated
  CHECK(result.report.progress.evaluated);

  save_checkpoint(folder.path() / "policy.safetensors", result.best);
  CHECK(load_checkpoint(folder.path() / "policy.safetensors") == result.best);
}

TEST_CASE("with a run folder, a training leaves there what sounder train leaves") {
  const TemporaryFolder folder;
  const std::filesystem::path run = folder.path() / "run";
  Training training(with_lever(), small("Lever-v0"), {.run = run});
  const TrainingResult result = training.run();
  CHECK(result.run == run);
  CHECK(load_checkpoint(find_checkpoint(run, WhichCheckpoint::best)).parameters == result.best.parameters);
  CHECK(read_text_file(run / "summary.json").find("\"env\":\"Lever-v0\"") != std::string::npos);
  CHECK(load_config(run / "config.toml") == training.config());
  CHECK(refusal(small("Lever-v0"), {.run = run}).find("already holds a run") != std::string::npos);

  // It goes on there.
  TrainConfig longer = training.config();
  CHECK(refusal(longer, {.run = run, .resume = load_resume_point(run)}).find("stands at step") != std::string::npos);
  longer.steps = 800;
  Training resumed(with_lever(), longer, {.run = run, .resume = load_resume_point(run)});
  const TrainingResult rest = resumed.run();
  CHECK(rest.report.progress.step >= 800);
  CHECK(rest.report.steps < 800);
  CHECK(rest.best.parameters == result.best.parameters);  // none was better
}

TEST_CASE("a callback of a report or an evaluation ends a training") {
  TrainConfig config = small("Lever-v0");
  config.steps = 1'000'000'000'000;
  std::vector<std::int64_t> steps;
  Training by_report(with_lever(), config);
  by_report.on_report([&](const Report& report) {
    steps.push_back(report.step);
    return report.step < 500;
  });
  const TrainingResult first = by_report.run();
  CHECK(first.report.reason == StopReason::interrupted);
  CHECK(first.report.signal == 0);
  REQUIRE(steps.size() >= 5);
  CHECK(steps[4] == 500);
  CHECK(std::ranges::count_if(steps, [](std::int64_t step) { return step < 500; }) == 4);

  int evaluations = 0;
  Training by_evaluation(with_lever(), config);
  by_evaluation.on_evaluation([&](const Evaluation& evaluation) {
    CHECK(evaluation.returns == std::vector<double>(3, 4));
    return ++evaluations < 2;
  });
  CHECK(by_evaluation.run().report.reason == StopReason::interrupted);
  CHECK(evaluations >= 2);

  std::stop_source stop;
  Training by_token(with_lever(), config);
  by_token.on_report([&](const Report&) {
    stop.request_stop();
    return true;
  });
  CHECK(by_token.run(stop.get_token()).report.reason == StopReason::interrupted);
}

TEST_CASE("warnings and the summary reach the callbacks") {
  Training training(Registry::with_builtins(), small("CartPole-v1"));
  std::vector<std::string> warnings;
  std::vector<TrainingSummary> summaries;
  training.on_warning([&](std::string_view message) { warnings.emplace_back(message); });
  training.on_summary([&](const TrainingSummary& summary) { summaries.push_back(summary); });
  training.warn("mind the gap");
  const TrainingResult result = training.run();
  CHECK(warnings == std::vector<std::string>{"mind the gap"});
  REQUIRE(summaries.size() == 1);
  CHECK(summaries[0].text.find(fmt::format("  {} steps, ", result.report.progress.step)) != std::string::npos);
  CHECK(summaries[0].json.find(fmt::format("\"steps\":{},", result.report.progress.step)) != std::string::npos);
}

TEST_CASE("what the command line would refuse is refused in code, before anything is made") {
  const auto refused = [](auto change) {
    TrainConfig config = small("Lever-v0");
    change(config);
    return refusal(config, {.run = "/nowhere/that/exists"});
  };
  CHECK(refused([](TrainConfig& c) { c.workers = 0; }) == "workers: expected integer, 1 to 1024; got 0");
  CHECK(refused([](TrainConfig& c) { c.hidden = {-1}; }) == "hidden: expected integers, 1 to 8192 each; got [-1]");
  CHECK(refused([](TrainConfig& c) { c.environment = "Lever-v1"; }) ==
        "unknown environment 'Lever-v1'; did you mean 'Lever-v0'?");
  CHECK(refused([](TrainConfig& c) { c.algorithm = "a3"; }).starts_with("unknown algorithm 'a3'; did you mean 'a"));
  CHECK(refused([](TrainConfig& c) { c.activation = "tanhh"; }) == "unknown activation 'tanhh'; did you mean 'tanh'?");
  CHECK(refused([](TrainConfig& c) { c.env_option = {"gian=1"}; }).find("did you mean 'gain'") != std::string::npos);
  CHECK(refused([](TrainConfig& c) { c.wrappers = {"frame_stak=2"}; }).find("did you mean") != std::string::npos);
  CHECK(refused([](TrainConfig& c) { c.sharing = "peers", c.workers = 3, c.peers = 2; }).find("peers") !=
        std::string::npos);
}

TEST_CASE("two trainings side by side in one process do not disturb each other") {
  const TrainConfig config = small("CartPole-v1");
  const std::vector<float> alone = Training(Registry::with_builtins(), config).run().report.parameters;
  Training first(Registry::with_builtins(), config);
  Training second(Registry::with_builtins(), config);
  std::vector<float> of_first;
  std::thread thread([&] { of_first = first.run().report.parameters; });
  const std::vector<float> of_second = second.run().report.parameters;
  thread.join();
  CHECK(of_first == alone);
  CHECK(of_second == alone);
}

TEST_CASE("a training in a thread leaves the signals to its program") {
  static std::atomic<int> heard;
  heard = 0;
  const auto own_handler = [](int) { ++heard; };
  const auto before = std::signal(SIGTERM, own_handler);
  StopReason reason{};
  std::thread thread([&] {
    Training training(with_lever(), small("Lever-v0"));
    training.on_report([](const Report&) { return std::raise(SIGTERM) == 0; });
    reason = training.run().report.reason;
  });
  thread.join();
  CHECK(heard > 0);
  CHECK(reason == StopReason::step_limit);
  CHECK(std::signal(SIGTERM, before) == own_handler);
}

TEST_CASE("a training runs once, and says so to whoever asks again, also while it lasts") {
  TrainConfig config = small("CartPole-v1");
  Training training(Registry::with_builtins(), config);
  std::string refused;
  training.on_report([&](const Report&) {
    try {
      training.run();
    } catch (const UsageError& error) {
      refused = error.what();
    }
    return true;
  });
  training.run();
  CHECK(refused == "run() is called once; make another Training for another run");
  CHECK_THROWS_WITH(training.run(), refused);
}

TEST_CASE("a configuration comes from a preset or a file") {
  const TrainConfig tuned = preset_config("CartPole-v1", "n_step_q");
  CHECK(tuned.environment == "CartPole-v1");
  CHECK(tuned.algorithm == "n_step_q");
  CHECK(tuned.target_interval == 1'000);  // as in apps/presets/CartPole-v1.n_step_q.toml
  TrainConfig untuned;
  untuned.environment = "Lever-v0";
  CHECK(preset_config("Lever-v0") == untuned);

  const TemporaryFolder folder;
  untuned.rollout = 3;
  const TrainConfig read = load_config(folder.write("own.toml", "discount = 0.5\n"), untuned);
  CHECK(read.discount == 0.5);
  CHECK(read.rollout == 3);
  CHECK_THROWS_AS(load_config(folder.write("wrong.toml", "discount = 2\n")), UsageError);
  CHECK_THROWS_AS(load_config(folder.path() / "missing.toml"), Error);
}
