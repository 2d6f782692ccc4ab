#include "apps/train.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/json.hpp>
#include <cmath>
#include <functional>

#include "agents/factory.h"
#include "apps/policy_environment.h"
#include "apps/terminal/progress_display.h"
#include "core/level.h"
#include "core/metrics/statistics.h"
#include "core/metrics/try_all.h"
#include "core/open_files.h"
#include "core/remote/processors.h"
#include "core/running/run_folder.h"
#include "core/running/trainer.h"
#include "envs/error.h"

namespace sounder {
namespace {

constexpr std::string_view kStopReasons[] = {"step_limit", "target_reached", "interrupted"};

struct Outcome {
  const TrainConfig& config;
  const AgentFactory& agents;
  const EnvironmentSpec& spec;
  const TrainReport& report;
  std::filesystem::path run;
  std::optional<remote::ClientStatistics> remote;  ///< of environments in other processes

  bool solved() const { return report.progress.solved_step >= 0; }
  double steps_per_second() const {
    return report.seconds > 0 ? static_cast<double>(report.steps) / report.seconds : 0;
  }
};

template <class Number>
boost::json::value value_if(bool known, Number number) {
  return known ? boost::json::value(number) : boost::json::value(nullptr);
}

boost::json::object to_json(const remote::ClientStatistics& cost) {
  return {{"steps", cost.results},
          {"round_trips", cost.round_trips},
          {"seconds", cost.seconds},
          {"restarts", cost.restarts}};
}

boost::json::object to_json(const Outcome& outcome) {
  const TrainingProgress& progress = outcome.report.progress;
  const std::vector<double>& returns = progress.recent_returns;
  const auto& threshold = outcome.spec.reward_threshold;
  const auto& last = outcome.report.last_evaluation;
  const CopyCounts& copies = outcome.report.copies;
  boost::json::object json{{"env", outcome.config.environment},
                           {"algorithm", outcome.config.algorithm},
                           {"backend", outcome.agents.backend()},
                           {"level", kLevelNames[level()]},
                           {"workers", outcome.config.workers},
                           {"seed", outcome.config.seed},
                           {"steps", progress.step},
                           {"episodes", progress.episodes},
                           {"updates", progress.updates},
                           {"seconds", progress.seconds},
                           {"steps_per_second", outcome.steps_per_second()},
                           {"mean_return", value_if(!returns.empty(), mean(returns))},
                           {"solved", outcome.solved()},
                           {"solved_step", value_if(outcome.solved(), progress.solved_step)},
                           {"solved_seconds", value_if(outcome.solved(), progress.solved_seconds)},
                           {"staleness_mean", outcome.report.staleness}};
  for (const Measure& measure : outcome.report.means.measures) {
    json[measure.name.substr(measure.name.rfind('/') + 1)] = value_if(std::isfinite(measure.value), measure.value);
  }
  const boost::json::object rest{
      {"best_mean_return", value_if(progress.evaluated, progress.best_mean_return)},
      {"last_mean_return", value_if(last.has_value(), last ? last->mean_return : 0)},
      {"evaluations", copies.evaluations},
      {"mixed_evaluations", copies.mixed_evaluations},
      {"checkpoints", copies.checkpoints},
      {"mixed_checkpoints", copies.mixed_checkpoints},
      {"reward_threshold", value_if(threshold.has_value(), threshold.value_or(0))},
      {"stopped_by", kStopReasons[static_cast<std::size_t>(outcome.report.reason)]},
      {"env_processes", outcome.remote ? boost::json::value(to_json(*outcome.remote)) : boost::json::value()},
      {"run", outcome.run.string()}};
  json.insert(rest.begin(), rest.end());
  return json;
}

/// What a step of an environment in another process costs: waiting included for the worker's turn on the processor.
std::string to_text(const remote::ClientStatistics& cost) {
  const auto results = static_cast<double>(std::max<std::int64_t>(cost.results, 1));
  const auto round_trips = static_cast<double>(std::max<std::int64_t>(cost.round_trips, 1));
  return fmt::format(
      "  environments in other processes: {:.1f} us a step, {:.1f} us a round trip of {:.1f} steps; restarts: {}\n",
      1e6 * cost.seconds / results, 1e6 * cost.seconds / round_trips, results / round_trips, cost.restarts);
}

std::string evaluations_text(const Outcome& outcome) {
  const double best = outcome.report.progress.best_mean_return;
  const auto& last = outcome.report.last_evaluation;
  std::string text =
      fmt::format("  best greedy mean return of {} episodes: {:.2f}", outcome.config.evaluation_episodes, best);
  if (last && last->mean_return < best) text += fmt::format("; of the last evaluation: {:.2f}", last->mean_return);
  text += '\n';
  if (last && last->worse) {
    text +=
        "  the last policy is worse than the best: evaluate and watch take the best one (checkpoints/best), --resume "
        "goes on from the last (checkpoints/last)\n";
  }
  const CopyCounts& copies = outcome.report.copies;
  if (copies.mixed_evaluations + copies.mixed_checkpoints > 0) {
    text += fmt::format("  copied while updates were under way: {} of {} evaluations, {} of {} checkpoints\n",
                        copies.mixed_evaluations, copies.evaluations, copies.mixed_checkpoints, copies.checkpoints);
  }
  return text;
}

std::string to_text(const Outcome& outcome) {
  const TrainingProgress& progress = outcome.report.progress;
  std::string text;
  if (outcome.solved()) {
    text += fmt::format("{} solved at step {} after {:.2f} s of training\n", outcome.config.environment,
                        progress.solved_step, progress.solved_seconds);
  } else {
    text += fmt::format("{} {}\n", outcome.config.environment,
                        outcome.spec.reward_threshold ? "not solved" : "has no threshold to be solved at");
  }
  if (progress.evaluated) text += evaluations_text(outcome);
  text += fmt::format("  {} steps, {} episodes, {} updates in {:.2f} s: {:.0f} steps per second\n", progress.step,
                      progress.episodes, progress.updates, progress.seconds, outcome.steps_per_second());
  text += fmt::format("  mean staleness {:.2f} updates", outcome.report.staleness);
  const double lost = measured(outcome.report.means.measures, "train/lost_updates");
  if (std::isfinite(lost)) text += fmt::format(", {:.2f} % of the updates lost", 100 * lost);
  text += '\n';
  if (outcome.remote) text += to_text(*outcome.remote);
  text += fmt::format("  run: {}\n", outcome.run.string());
  return text;
}

void check_resumable(const TrainRequest& request) {
  const std::int64_t step = request.resume->checkpoint.progress.step;
  if (request.config.steps > step) return;
  throw UsageError(fmt::format("{} stands at step {}; expected --steps above it, got {}", request.run.string(), step,
                               request.config.steps));
}

/// How many threads are bound to a processor each: those of workers whose environments are processes, which run there,
/// too.
std::size_t bound_threads(const TrainConfig& config) {
  if (!config.env_pin || config.env_command.empty()) return 0;
  return static_cast<std::size_t>(config.threads > 0 ? std::min(config.threads, config.workers) : config.workers);
}

/// Refuses more workers than can have their files open, before anything is made.
void require_files(const TrainConfig& config) {
  constexpr std::size_t kOfRun = 64;
  constexpr std::size_t kOfWorker = 2;        // its episodes, and its processor
  constexpr std::size_t kOfConversation = 8;  // sockets, pipes, and what waits for them
  const auto workers = static_cast<std::size_t>(config.workers);
  const bool remote = is_remote(config);
  require_open_files(kOfRun + workers * kOfWorker + (remote ? (workers + 1) * kOfConversation : 0),
                     fmt::format("{} workers{}", workers, remote ? " with environments in other processes" : ""));
}

void pin_to(const std::vector<int>& processors, std::size_t thread) {
  if (!processors.empty()) remote::pin_thread({processors[thread % processors.size()]});
}

}  // namespace

std::vector<UnusedKey> check_trainable(const TrainConfig& config, std::span<const std::string> given,
                                       const Catalogue& catalogue) {
  require_files(config);
  const PolicyEnvironments environments(catalogue.environments, config);
  const Environment first = environments();
  const EnvironmentSpec spec = first.spec();
  const auto agents = make_agent_factory(config, spec, catalogue.networks);
  agents->prepare_thread();
  const Trainer trainer({.config = config, .make_environment = environments, .agents = *agents});
  return unused_keys({.config = config, .environment = spec, .agents = *agents}, given);
}

int train(const TrainRequest& request, const Catalogue& catalogue) {
  TrainConfig config = request.config;
  require_files(config);
  const remote::ProcessorClaims claims({.threads = bound_threads(config)});
  std::atomic<bool> stopping{false};
  std::function<void(const std::string&)> warn = [](const std::string&) {};
  const PolicyEnvironments environments(catalogue.environments, config,
                                        {.stopping = &stopping,
                                         .on_warning = [&](const std::string& message) { warn(message); },
                                         .processors = claims.processors()});
  const Environment first = environments();  // of worker 0: a process that holds it is not started twice
  const EnvironmentSpec spec = first.spec();
  config.environment = environments.id();
  const auto agents = make_agent_factory(config, spec, catalogue.networks);
  agents->prepare_thread();

  // Everything that can be wrong with the request is found before a folder is made.
  std::optional<RunFolder> folder;
  ProgressDisplay display = ProgressDisplay::for_stderr(config.steps);
  Trainer trainer({.config = config,
                   .make_environment = environments,
                   .agents = *agents,
                   .on_stop = [&] { stopping.store(true, std::memory_order_relaxed); },
                   .prepare_thread = [&](std::size_t i) { pin_to(claims.processors(), i); },
                   .save = [&](const Checkpoint& checkpoint, CheckpointMark mark) { folder->save(checkpoint, mark); },
                   .on_progress = [&](const Report& report) { display.live(report); },
                   .on_warning = [&](const std::string& message) { display.warn(message); }});
  warn = [&](const std::string& message) { trainer.warn(message); };
  const RunFolder::Start start{.identity = {.environment = config.environment,
                                            .algorithm = config.algorithm,
                                            .seed = static_cast<std::uint64_t>(config.seed),
                                            .workers = config.workers},
                               .config = to_toml(config, catalogue.fields),
                               .warn = [&](const std::string& message) { display.warn(message); },
                               .lock = request.lock,
                               .measures = trainer.measure_names()};
  if (request.resume) {
    check_resumable(request);
    const auto& [checkpoint, file, warning] = *request.resume;
    if (!warning.empty()) display.warn(warning);
    if (!request.changes.empty()) display.warn(fmt::format("the run goes on with {}", request.changes));
    trainer.restore(checkpoint);
    folder = RunFolder::resume(request.run, start,
                               {.step = checkpoint.progress.step, .seconds = checkpoint.progress.seconds});
  } else {
    folder = RunFolder::create(request.run, start);
  }
  for (const UnusedKey& unused :
       unused_keys({.config = config, .environment = spec, .agents = *agents}, request.given)) {
    display.warn(describe(unused));
  }
  trainer.add_sink(*folder);
  trainer.add_sink(display);

  const TrainReport report = trainer.run();
  display.finish(report.means);
  const Outcome outcome{.config = config,
                        .agents = *agents,
                        .spec = spec,
                        .report = report,
                        .run = folder->path(),
                        .remote = environments.remote_statistics()};
  const std::string summary = boost::json::serialize(to_json(outcome));
  // Both, even if one fails: the reader of the output may be gone, the disk full, the folder removed.
  const std::function<void()> print = [&] {
    request.output == Output::json ? print_json(summary) : print_human(to_text(outcome));
  };
  const std::function<void()> keep = [&] { folder->write_summary(summary); };
  try_all(std::array{print, keep}, [](const std::function<void()>& write) { write(); });
  if (!report.saved)
    throw Error(fmt::format("the last checkpoint could not be written to {}", folder->path().string()));
  return report.signal == 0 ? 0 : 128 + report.signal;
}

}  // namespace sounder
