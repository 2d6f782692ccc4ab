#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "core/checkpoint/checkpoint.h"
#include "core/config/config.h"
#include "core/learning/agent.h"
#include "core/learning/environment_factory.h"
#include "core/metrics/sink.h"
#include "core/sharing/sharing.h"
#include "envs/environment.h"

namespace sounder {

/// What becomes of SIGINT, SIGTERM and SIGHUP while a run lasts: the host program's own handlers stay in place, or the
/// first signal ends the run and a second one the process.
enum class Signals { host, end_run };

/// Runs a training: owns the workers and their threads, evaluates, reports, saves. `run` blocks its thread; sinks are
/// called on a thread of their own; a worker's thread does nothing but learn, and evaluate when it is the one to pass
/// an evaluation's step.
///
/// Reports and evaluations are due at global steps, not at moments: so that, with one worker, a seed determines them.
///
/// Where sinks are slow, a fixed number of records waits for them; beyond it, a worker waits where a report is due:
/// nothing but progress is left out. A stop request or signal ends the workers at once all the same, those that wait
/// included; the run ends when the sinks have been told the rest and the last checkpoint is saved. Where a sink never
/// returns, a second signal ends the process, with the checkpoints that it has, if signals end the run.
class Trainer {
 public:
  /// How many reports may wait for the thread of `run` before a worker waits for it.
  static constexpr std::ptrdiff_t kMostReportsBehind = 64;

  struct Parts {
    TrainConfig config;
    /// Makes them as the configuration has them. The trainer itself only saves what it says of options, wrappers and
    /// bounds, so that a policy is evaluated as it was trained.
    EnvironmentFactory make_environment;
    const AgentFactory& agents;
    /// Makes the sharing scheme. Replace it to use a scheme of your own.
    MakeSharing make_sharing = sounder::make_sharing;
    /// Called as soon as the workers are asked to end, maybe more than once, on any thread: what waits for something
    /// outside should stop waiting. Must not throw. Empty: nothing.
    std::function<void()> on_stop = {};
    /// Called first on each thread that runs workers, with its index. Empty: nothing.
    std::function<void(std::size_t)> prepare_thread = {};
    /// Called on the thread of `run`, while no sink is being called; an Error is a warning, and training goes on.
    /// Empty: nothing is saved.
    SaveCheckpoint save = {};
    Signals signals = Signals::host;
    /// The keys of the configuration in checkpoints, with the choices for its comments. Must outlive the trainer.
    ConfigFields fields = config_fields();
  };

  /// Makes the workers. Throws UsageError where a value of the configuration is out of range, as check_config() does,
  /// or values do not fit together; whatever making an environment throws passes through.
  explicit Trainer(Parts parts);
  ~Trainer();

  /// Adds a sink, which must outlive the trainer. Sinks are told in the order in which they were added. Before `run`.
  void add_sink(MetricsSink& sink);

  /// Goes on from a checkpoint of the same environment and network: throws Error for another one. Before `run`.
  void restore(const Checkpoint& checkpoint);

  /// Trains until the step limit or the target, a stop request, a signal if Parts::signals has it end the run (those
  /// that are ignored stay so, and afterwards none is caught any more), or a worker's failure: then all workers are
  /// stopped, what was learnt is saved, and the first failure is rethrown. To be called once.
  TrainReport run(std::stop_token stop = {});

  /// Has the sinks told a warning during `run`, once they have been told its beginning. Any thread; does not wait.
  void warn(std::string message);

  /// Names the sharing scheme's measures, which its reports have.
  std::vector<std::string> measure_names() const;

  /// Views the shared parameters, flat: what training starts from, or what was learnt (Sharing::quiescent_view). Not
  /// while `run` lasts; the trainer must outlive it.
  std::span<float> parameters();

  /// Has training start from other parameters, laid out likewise, as Sharing::replace does. Before `run`.
  void replace_parameters(std::span<const float> parameters);

  /// Makes an agent over the shared parameters themselves, the global network: what was learnt, ready to act, for
  /// `rows` observations at a time. Not while `run` lasts; the trainer must outlive it.
  std::unique_ptr<Agent> global_agent(std::size_t rows);

 private:
  class Run;
  std::unique_ptr<Run> run_;
};

}  // namespace sounder
