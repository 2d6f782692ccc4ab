#include "apps/train.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "agents/factory.h"
#include "apps/library/policy_environment.h"
#include "apps/library/train_outcome.h"
#include "apps/sinks.h"
#include "core/metrics/try_all.h"
#include "core/open_files.h"
#include "core/remote/processors.h"
#include "core/running/run_folder.h"
#include "core/running/trainer.h"
#include "envs/error.h"

namespace sounder {
namespace {

void check_resumable(const TrainRequest& request) {
  const std::int64_t step = request.resume->checkpoint.progress.step;
  if (request.config.steps > step) return;
  throw UsageError(fmt::format("{} stands at step {}; expected --steps above it, got {}", request.run.string(), step,
                               request.config.steps));
}

/// Returns the number of threads that are bound to a processor: those of workers whose environments are in processes,
/// which run on the same processor.
std::size_t bound_threads(const TrainConfig& config) {
  if (!config.env_pin || config.env_command.empty()) return 0;
  return static_cast<std::size_t>(config.threads > 0 ? std::min(config.threads, config.workers) : config.workers);
}

/// Refuses more workers than the limit of open files allows, before anything is made.
void require_files(const TrainConfig& config) {
  constexpr std::size_t kOfRun = 64;
  constexpr std::size_t kOfWorker = 2;        // its file of episodes and its processor claim
  constexpr std::size_t kOfConversation = 8;  // sockets, pipes and an event loop
  const auto workers = static_cast<std::size_t>(config.workers);
  const bool remote = is_remote(config);
  require_open_files(kOfRun + workers * kOfWorker + (remote ? (workers + 1) * kOfConversation : 0),
                     fmt::format("{} workers{}", workers, remote ? " with environments in other processes" : ""));
}

void pin_to(const std::vector<int>& processors, std::size_t thread) {
  if (!processors.empty()) remote::pin_thread({processors[thread % processors.size()]});
}

/// The environments of a configuration and their agents.
struct Setting {
  Setting(const TrainConfig& wanted, const Catalogue& catalogue, const RemoteHooks& hooks)
      : config(wanted), environments(catalogue.environments, config, hooks), first(environments()), spec(first.spec()) {
    config.environment = environments.id();
    agents = make_agent_factory(config, spec, catalogue.networks);
    agents->prepare_thread();
  }

  TrainConfig config;
  PolicyEnvironments environments;
  Environment first;  // worker 0's, so that a process that holds it is started only once
  EnvironmentSpec spec;
  std::unique_ptr<AgentFactory> agents;
};

/// Makes the run's folder, or opens the one to continue in, and restores the trainer from its checkpoint.
RunFolder open_folder(const TrainRequest& request, const TrainConfig& config, const Catalogue& catalogue,
                      Trainer& trainer) {
  RunFolder::Start start{.identity = {.environment = config.environment,
                                      .algorithm = config.algorithm,
                                      .seed = static_cast<std::uint64_t>(config.seed),
                                      .workers = config.workers},
                         .config = to_toml(config, catalogue.fields),
                         .warn = [&trainer](const std::string& message) { trainer.warn(message); },
                         .lock = request.lock,
                         .measures = trainer.measure_names()};
  if (!request.resume) return RunFolder::create(request.run, std::move(start));
  check_resumable(request);
  const auto& [checkpoint, file, warning] = *request.resume;
  if (!warning.empty()) trainer.warn(warning);
  if (!request.changes.empty()) trainer.warn(fmt::format("the run goes on with {}", request.changes));
  trainer.restore(checkpoint);
  return RunFolder::resume(request.run, std::move(start),
                           {.step = checkpoint.progress.step, .seconds = checkpoint.progress.seconds});
}

/// Prints the outcome and stores it in the run's folder.
void conclude(const Outcome& outcome, Output output, RunFolder& folder) {
  const std::string summary = to_json(outcome);
  // Does both even if one fails: the output's reader may be gone, the disk full, the folder removed.
  const std::function<void()> print = [&] {
    output == Output::json ? print_json(summary) : print_human(to_text(outcome));
  };
  const std::function<void()> keep = [&] { folder.write_summary(summary); };
  try_all(std::array{print, keep}, [](const std::function<void()>& write) { write(); });
  if (outcome.report.saved) return;
  throw Error(fmt::format("the last checkpoint could not be written to {}", folder.path().string()));
}

}  // namespace

std::vector<UnusedKey> check_trainable(const TrainConfig& config, std::span<const std::string> given,
                                       const Catalogue& catalogue) {
  require_files(config);
  const Setting setting(config, catalogue, {.on_wait = print_notice});
  const Trainer trainer(
      {.config = setting.config, .make_environment = setting.environments, .agents = *setting.agents});
  return unused_keys({.config = setting.config, .environment = setting.spec, .agents = *setting.agents}, given);
}

int train(const TrainRequest& request, const Catalogue& catalogue) {
  require_files(request.config);
  const remote::ProcessorClaims claims({.threads = bound_threads(request.config)});
  std::atomic<bool> stopping{false};
  Warn warn = [](const std::string&) {};
  const Setting setting(request.config, catalogue,
                        {.stopping = &stopping,
                         .on_warning = [&](const std::string& message) { warn(message); },
                         .on_wait = print_notice,
                         .processors = claims.processors()});
  std::optional<RunFolder> folder;  // made only after all errors in the request have been detected
  std::vector<std::unique_ptr<MetricsSink>> sinks;
  Trainer trainer(
      {.config = setting.config,
       .make_environment = setting.environments,
       .agents = *setting.agents,
       .on_stop = [&] { stopping.store(true, std::memory_order_relaxed); },
       .prepare_thread = [&](std::size_t i) { pin_to(claims.processors(), i); },
       .save = [&](const Checkpoint& checkpoint, CheckpointMark mark) { return folder->save(checkpoint, mark); },
       .signals = Signals::end_run,
       .fields = catalogue.fields});
  warn = [&](const std::string& message) { trainer.warn(message); };
  folder = open_folder(request, setting.config, catalogue, trainer);
  for (const UnusedKey& unused :
       unused_keys({.config = setting.config, .environment = setting.spec, .agents = *setting.agents}, request.given)) {
    warn(describe(unused));
  }
  sinks = make_sinks({.resumed = request.resume ? request.run : std::filesystem::path(), .warn = warn});
  for (const auto& log : folder->logs()) trainer.add_sink(*log);
  for (const auto& sink : sinks) trainer.add_sink(*sink);

  const TrainReport report = trainer.run();
  conclude({.config = setting.config,
            .spec = setting.spec,
            .report = report,
            .backend = setting.agents->backend(),
            .run = folder->path(),
            .remote = setting.environments.remote_statistics()},
           request.output, *folder);
  return report.signal == 0 ? 0 : 128 + report.signal;
}

}  // namespace sounder
