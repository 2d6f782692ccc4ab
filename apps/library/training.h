#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "agents/algorithms.h"
#include "agents/networks/architecture.h"
#include "core/checkpoint/checkpoint.h"
#include "core/config/config.h"
#include "core/learning/agent.h"
#include "core/metrics/sink.h"
#include "core/running/run_checkpoints.h"
#include "core/running/run_lock.h"
#include "core/running/trainer.h"
#include "envs/registry.h"

namespace sounder {

/// What a training needs beside its configuration.
struct TrainingOptions {
  /// The run folder to make; empty for `runs/<env>__<algorithm>__<seed>__<time>`. None: no file is written.
  std::optional<std::filesystem::path> run = {};
  /// A run folder (its best checkpoint) or a checkpoint file, whose parameters the training starts from, normalisation
  /// statistics included. All else is as in any new training: the global step and the optimizer's statistics are zero.
  /// Its network has to be the same; environment, options of it, algorithm and sharing scheme may differ.
  std::filesystem::path init_from = {};
  /// The checkpoint of `run` to continue from, in the same folder.
  std::optional<ResumePoint> resume = {};
  std::optional<RunLock> lock = {};  ///< of `run`, if the caller holds it
  Signals signals = Signals::host;
  Algorithms algorithms = Algorithms::with_builtins();
  Networks networks = Networks::with_builtins();
  /// Called with a message if processes with environments take long to start. May be empty.
  std::function<void(const std::string&)> on_wait = {};
};

/// A training's outcome as `sounder train` prints it: text for people, and the JSON object of --json and summary.json.
struct TrainingSummary {
  std::string text;
  std::string json;
};

/// What a training leaves.
struct TrainingResult {
  TrainReport report;
  /// The policy with the best mean return of all evaluations, as a checkpoint's content; the last one if there was no
  /// evaluation. save_checkpoint() writes it to a file.
  Checkpoint best;
  std::filesystem::path run;  ///< the run folder; empty if there is none
};

/// Trains a configuration, as `sounder train` does: makes the environments that it names, with its options, wrappers
/// and handling of action bounds, the agents and the run folder. One thread at a time; several trainings may run side
/// by side in one process.
///
///     sounder::Training training(sounder::Registry::with_builtins(), sounder::preset_config("CartPole-v1"));
///     training.on_report([](const sounder::Report& report) { return report.mean_return < 480; });
///     const sounder::TrainingResult result = training.run();
class Training {
 public:
  /// Makes everything, the run folder last. Throws UsageError for a configuration that `sounder train` would refuse;
  /// its error names the key. Throws Error for a folder or checkpoint that cannot be used.
  Training(Registry environments, const TrainConfig& config, TrainingOptions options = {});
  Training(Training&&) noexcept;
  Training& operator=(Training&&) noexcept;
  ~Training();

  /// Returns the configuration. It has the environment's name, also where only the environment's process knew it.
  const TrainConfig& config() const noexcept;
  const EnvironmentSpec& spec() const noexcept;

  /// Returns the agents that learn; their layout() names the parameters.
  const AgentFactory& agents() const noexcept;

  /// Views the global network's parameters, flat, laid out by agents().layout(). Before run(), they are what the
  /// training starts from, and may be changed; after it, what was learnt (of peers, the mean). Each call views the same
  /// memory. While run() lasts the parameters are the workers': the view must not be used, and this throws UsageError.
  /// The training must outlive the view.
  std::span<float> parameters();

  /// Returns those of the given keys that have no effect on this training.
  std::vector<UnusedKey> unused_keys(std::span<const std::string> given) const;

  // What is told of a run is told on one thread of its own, as MetricsSink says. Each is called before run().

  /// Adds a sink, which must outlive the training.
  void add_sink(MetricsSink& sink);

  /// Set what is called with each report, each evaluation. It returns whether to go on: after false, the run ends as
  /// after a stop request (StopReason::interrupted), with its results.
  void on_report(std::function<bool(const Report&)> call);
  void on_evaluation(std::function<bool(const Evaluation&)> call);
  /// Sets what is called with each warning, a line. Without it and without sinks, nobody hears of them.
  void on_warning(std::function<void(std::string_view)> call);
  /// Sets what is called at the end of run(), on its thread, before run() throws for files that could not be written.
  void on_summary(std::function<void(const TrainingSummary&)> call);

  /// Has the sinks told a warning during the run. Any thread.
  void warn(const std::string& message);

  /// Trains until the step limit or the target of the configuration, a stop request, a callback's false, or a signal if
  /// options.signals says so. Afterwards, the run folder may be resumed. Throws what a worker's environment throws,
  /// Error if the summary or the last checkpoint could not be written, and UsageError for parameters() that were set to
  /// a number that is not finite. To be called once; again, it throws UsageError.
  TrainingResult run(std::stop_token stop = {});

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace sounder
