#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/checkpoint/checkpoint.h"
#include "core/config/config.h"
#include "core/learning/agent.h"
#include "core/learning/environment_factory.h"
#include "core/metrics/records.h"
#include "core/sharing/sharing.h"
#include "envs/environment.h"

namespace sounder {

/// Why a run ended.
enum class StopReason { step_limit, target_reached, interrupted };

/// How a run ended.
struct TrainReport {
  StopReason reason = StopReason::step_limit;
  int signal = 0;             ///< that came meanwhile; 0: none did
  TrainingProgress progress;  ///< solved_step and solved_seconds tell whether and when it was solved
  double seconds = 0;         ///< of training in this process, evaluations included
  std::int64_t steps = 0;     ///< taken in this process
  double staleness = 0;       ///< mean over the updates of this process
  Report means;               ///< over all of this process's steps and updates; with the sharing scheme's measures
  bool saved = true;          ///< whether the last checkpoint could be written
  CopyCounts copies;          ///< of the parameters, in this process
  std::optional<LastEvaluation> last_evaluation;  ///< of this process
  std::vector<float> parameters;                  ///< at the end
};

/// Runs a training: owns the workers and their threads, evaluates, reports, saves. `run` blocks its thread, on which
/// the functions of `Parts` that report and all sinks are called; a worker's thread does nothing but learn, and
/// evaluate when it is the one to pass an evaluation's step.
///
/// Reports and evaluations are due at global steps, not at moments: so that, with one worker, a seed determines them.
class Trainer {
 public:
  struct Parts {
    TrainConfig config;
    EnvironmentFactory make_environment;
    const AgentFactory& agents;
    /// Makes the scheme by which workers share: here a scheme of one's own is put in.
    MakeSharing make_sharing = sounder::make_sharing;
    /// Called as soon as the workers are asked to end, maybe more than once, on any thread: what waits for something
    /// outside should stop waiting. Must not throw. Empty: nothing.
    std::function<void()> on_stop = {};
    /// Called first on each thread that runs workers, with its index. Empty: nothing.
    std::function<void(std::size_t)> prepare_thread = {};
    /// Saves a checkpoint; an Error is a warning, and training goes on. Empty: nothing is saved.
    std::function<void(const Checkpoint&, CheckpointMark)> save = {};
    /// Told at most four times a second how things stand.
    std::function<void(const Report&)> on_progress = {};
    std::function<void(const std::string&)> on_warning = {};
  };

  /// Makes the workers. Throws UsageError where the configuration does not fit together; whatever making an environment
  /// throws passes through.
  explicit Trainer(Parts parts);
  ~Trainer();

  /// Adds a sink, which must outlive the trainer. Before `run`.
  void add_sink(MetricsSink& sink);

  /// Goes on from a checkpoint of the same environment and network: throws Error for another one. Before `run`.
  void restore(const Checkpoint& checkpoint);

  /// Trains until the step limit or the target, a stop request, SIGINT, SIGTERM or SIGHUP (a second one exits at once;
  /// those that are ignored stay so, and afterwards none is caught any more), or a worker's failure: then all workers
  /// are stopped, what was learnt is saved, and the first failure is rethrown. To be called once.
  TrainReport run(std::stop_token stop = {});

  /// Has on_warning called on the trainer's thread, during `run`. Any thread; does not wait.
  void warn(std::string message);

  /// Names the sharing scheme's measures, which its reports have.
  std::vector<std::string> measure_names() const;

  /// Makes an agent over the shared parameters themselves, the global network: what was learnt, ready to act, for
  /// `rows` observations at a time. Not while `run` lasts; the trainer must outlive it.
  std::unique_ptr<Agent> global_agent(std::size_t rows);

 private:
  class Run;
  std::unique_ptr<Run> run_;
};

}  // namespace sounder
