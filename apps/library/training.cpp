#include "apps/library/training.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <utility>

#include "agents/factory.h"
#include "apps/library/policy_environment.h"
#include "apps/library/pretrained.h"
#include "apps/library/train_outcome.h"
#include "core/metrics/try_all.h"
#include "core/open_files.h"
#include "core/remote/processors.h"
#include "core/running/run_folder.h"
#include "envs/error.h"
#include "envs/program.h"

namespace sounder {
namespace {

namespace fs = std::filesystem;

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

/// Returns a configuration that can be made something of.
TrainConfig checked(const TrainConfig& config, ConfigFields fields) {
  check_config(config, fields);
  require_files(config);
  return config;
}

void pin_to(const std::vector<int>& processors, std::size_t thread) {
  if (!processors.empty()) remote::pin_thread({processors[thread % processors.size()]});
}

void check_options(const TrainingOptions& options, const TrainConfig& config) {
  if (!options.resume) return;
  if (!options.run || options.run->empty()) {
    throw UsageError("resume: expected the folder of the run to continue in; got none");
  }
  if (!options.init_from.empty()) {
    throw UsageError("init_from and resume exclude each other: a resumed run goes on with its own parameters");
  }
  const std::int64_t step = options.resume->checkpoint.progress.step;
  if (config.steps > step) return;
  throw UsageError(fmt::format("{} stands at step {}; expected {} above it, got {}", options.run->string(), step,
                               setting_name("steps"), config.steps));
}

/// Calls the user's functions.
struct Callbacks final : MetricsSink {
  std::function<bool(const Report&)> on_report;
  std::function<bool(const Evaluation&)> on_evaluation;
  std::function<void(std::string_view)> on_warning;
  std::stop_source stop;

  void report(const Report& report) override {
    if (on_report && !on_report(report)) stop.request_stop();
  }
  void evaluation(const Evaluation& evaluation) override {
    if (on_evaluation && !on_evaluation(evaluation)) stop.request_stop();
  }
  void warning(std::string_view message) override {
    if (on_warning) on_warning(message);
  }
};

}  // namespace

/// All parts, in the order in which they are made. The later ones refer to the earlier ones.
struct Training::Parts {
  Parts(Registry known, const TrainConfig& wanted, TrainingOptions how)
      : registry(std::move(known)),
        options(std::move(how)),
        fields(known_fields(options.networks, options.algorithms)),
        config(checked(wanted, fields)),
        claims({.threads = bound_threads(config)}),
        environments(registry, config,
                     {.stopping = &stopping,
                      .on_warning = [this](const std::string& message) { warn(message); },
                      .on_wait = options.on_wait,
                      .processors = claims.processors()}),
        first(environments()),
        spec(first.spec()) {
    config.environment = environments.id();
    agents = make_agent_factory(config, spec, options.networks, options.algorithms);
    if (!options.init_from.empty()) {
      drawn = std::move(agents);
      agents = std::make_unique<Pretrained>(*drawn, read_parameters(options.init_from, *drawn, spec));
    }
    agents->prepare_thread();
    trainer.emplace(Trainer::Parts{
        .config = config,
        .make_environment = environments,
        .agents = *agents,
        .on_stop = [this] { stopping.store(true, std::memory_order_relaxed); },
        .prepare_thread = [this](std::size_t i) { pin_to(claims.processors(), i); },
        .save = [this](const Checkpoint& checkpoint, CheckpointMark mark) { return save(checkpoint, mark); },
        .signals = options.signals,
        .fields = fields});
    told = &*trainer;
    check_options(options, config);  // last, where all else is in order
    if (options.run) open_folder();
    trainer->add_sink(callbacks);
  }

  void warn(const std::string& message) {
    if (told != nullptr) told->warn(message);
  }

  /// Makes the run's folder, or opens the one to continue in, and restores the trainer from its checkpoint.
  void open_folder() {
    RunFolder::Start start{.identity = {.environment = config.environment,
                                        .algorithm = config.algorithm,
                                        .seed = static_cast<std::uint64_t>(config.seed),
                                        .workers = config.workers},
                           .config = to_toml(config, fields),
                           .warn = [this](const std::string& message) { warn(message); },
                           .lock = options.lock,
                           .measures = trainer->measure_names()};
    if (options.resume) {
      const auto& [checkpoint, file, warning] = *options.resume;
      if (!warning.empty()) warn(warning);
      trainer->restore(checkpoint);
      folder = RunFolder::resume(*options.run, std::move(start),
                                 {.step = checkpoint.progress.step, .seconds = checkpoint.progress.seconds});
    } else {
      folder = RunFolder::create(*options.run, std::move(start));
    }
    for (const auto& log : folder->logs()) trainer->add_sink(*log);
  }

  fs::path save(const Checkpoint& checkpoint, CheckpointMark mark) {
    const bool is_best = mark == CheckpointMark::last_and_best;
    if (is_best || !evaluated) best = checkpoint;
    evaluated = evaluated || is_best;
    return folder ? folder->save(checkpoint, mark) : fs::path();
  }

  /// What the caller sees as the agents: those that draw parameters, also where others take their place.
  const AgentFactory& public_agents() const noexcept { return drawn ? *drawn : *agents; }

  std::span<float> parameters() {
    if (running.load(std::memory_order_acquire)) {
      throw UsageError("the parameters are the workers' while the training runs; look at them before or after run()");
    }
    if (view.empty()) {  // later, it would undo what was written to it
      view = trainer->parameters();
      shown.assign(view.begin(), view.end());
    }
    return view;
  }

  /// Has the training start from what was written to the view of the parameters.
  void take_view() {
    for (const ParameterBlock& block : agents->layout().blocks) {
      for (const float x : view.subspan(block.offset, block.size)) {
        if (std::isfinite(x)) continue;
        throw UsageError(
            fmt::format("parameters: expected finite numbers to start from; '{}' was set to {}", block.name, x));
      }
    }
    // Peers that go on from a checkpoint differ: they are made equal only where somebody asked for it.
    if (!std::ranges::equal(view, shown)) trainer->replace_parameters(std::vector<float>(view.begin(), view.end()));
  }

  TrainReport train() {
    struct Running {  // first of all, and until all is done
      explicit Running(std::atomic<bool>& flag) : flag_(flag) { flag_.store(true, std::memory_order_release); }
      ~Running() { flag_.store(false, std::memory_order_release); }
      std::atomic<bool>& flag_;
    };
    const Running while_it_lasts(running);
    if (!view.empty()) take_view();
    const auto refresh = [this] {
      if (!view.empty()) view = trainer->parameters();  // the same memory, brought up to date
    };
    try {
      TrainReport report = trainer->run(callbacks.stop.get_token());
      refresh();
      return report;
    } catch (...) {
      refresh();
      throw;
    }
  }

  /// The best policy. That of a resumed run may be from before.
  Checkpoint take_best() {
    if (options.resume && !evaluated) {
      try {
        return load_checkpoint(find_checkpoint(folder->path(), WhichCheckpoint::best));
      } catch (const Error&) {  // it is damaged: there is the last one
      }
    }
    return std::move(best);
  }

  Registry registry;
  TrainingOptions options;
  std::vector<ConfigField> fields;
  TrainConfig config;
  std::atomic<bool> stopping{false};
  std::atomic<bool> started{false};
  std::atomic<bool> running{false};
  Trainer* told = nullptr;  // of warnings; there is none while environments are being made for the first time
  remote::ProcessorClaims claims;
  PolicyEnvironments environments;
  Environment first;  // worker 0's, so that a process that holds it is started only once
  EnvironmentSpec spec;
  std::unique_ptr<AgentFactory> drawn;  // what `agents` are made of where they start from other parameters
  std::unique_ptr<AgentFactory> agents;
  std::optional<RunFolder> folder;
  Callbacks callbacks;
  std::function<void(const TrainingSummary&)> on_summary;
  Checkpoint best;
  bool evaluated = false;  // whether `best` is of an evaluation
  std::optional<Trainer> trainer;
  std::span<float> view;     // parameters(); empty: nobody asked for them
  std::vector<float> shown;  // what they were then
};

Training::Training(Registry environments, const TrainConfig& config, TrainingOptions options)
    : parts_(std::make_unique<Parts>(std::move(environments), config, std::move(options))) {}
Training::Training(Training&&) noexcept = default;
Training& Training::operator=(Training&&) noexcept = default;
Training::~Training() = default;

const TrainConfig& Training::config() const noexcept {
  return parts_->config;
}

const EnvironmentSpec& Training::spec() const noexcept {
  return parts_->spec;
}

const AgentFactory& Training::agents() const noexcept {
  return parts_->public_agents();
}

std::span<float> Training::parameters() {
  return parts_->parameters();
}

std::vector<UnusedKey> Training::unused_keys(std::span<const std::string> given) const {
  return sounder::unused_keys({.config = parts_->config, .environment = parts_->spec, .agents = *parts_->agents}, given,
                              parts_->fields);
}

void Training::add_sink(MetricsSink& sink) {
  parts_->trainer->add_sink(sink);
}

void Training::on_report(std::function<bool(const Report&)> call) {
  parts_->callbacks.on_report = std::move(call);
}

void Training::on_evaluation(std::function<bool(const Evaluation&)> call) {
  parts_->callbacks.on_evaluation = std::move(call);
}

void Training::on_warning(std::function<void(std::string_view)> call) {
  parts_->callbacks.on_warning = std::move(call);
}

void Training::on_summary(std::function<void(const TrainingSummary&)> call) {
  parts_->on_summary = std::move(call);
}

void Training::warn(const std::string& message) {
  parts_->warn(message);
}

TrainingResult Training::run(std::stop_token stop) {
  Parts& parts = *parts_;
  if (parts.started.exchange(true)) throw UsageError("run() is called once; make another Training for another run");
  const std::stop_callback on_stop(stop, [&parts] { parts.callbacks.stop.request_stop(); });
  TrainReport report = parts.train();
  const Outcome outcome{.config = parts.config,
                        .spec = parts.spec,
                        .report = report,
                        .backend = parts.agents->backend(),
                        .run = parts.folder ? parts.folder->path() : fs::path(),
                        .remote = parts.environments.remote_statistics()};
  const TrainingSummary summary{.text = to_text(outcome), .json = to_json(outcome)};
  // Does both even if one fails: who is told may be gone, the disk full, the folder removed.
  const std::function<void()> tell = [&] {
    if (parts.on_summary) parts.on_summary(summary);
  };
  const std::function<void()> keep = [&] {
    if (parts.folder) parts.folder->write_summary(summary.json);
  };
  try_all(std::array{tell, keep}, [](const std::function<void()>& act) { act(); });
  if (!report.saved) {
    throw Error(fmt::format("the last checkpoint could not be written to {}", outcome.run.string()));
  }
  Checkpoint best = parts.take_best();
  parts.folder.reset();  // others may lock it
  return {.report = std::move(report), .best = std::move(best), .run = outcome.run};
}

}  // namespace sounder
