#include "core/running/trainer.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <optional>
#include <semaphore>

#include "core/running/evaluator.h"
#include "core/running/milestone.h"
#include "core/running/run_guard.h"
#include "core/running/run_record.h"
#include "core/running/sink_thread.h"
#include "core/running/stop_signals.h"
#include "core/running/worker_group.h"
#include "core/running/worker_threads.h"
#include "envs/error.h"

namespace sounder {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::milliseconds kProgressInterval{250};

/// Returns the parts, with a configuration that holds no value out of range: threads, memory and clocks follow from it.
Trainer::Parts checked(Trainer::Parts parts) {
  check_config(parts.config, parts.fields);
  return parts;
}

/// The mean return from which a run may stop; none if it is to go on to its step limit.
std::optional<double> target_return(const TrainConfig& config, const EnvironmentSpec& spec) {
  if (config.until_return) return config.until_return;
  if (!config.until_solved) return std::nullopt;
  if (!spec.reward_threshold) {
    throw UsageError(fmt::format("{} has no reward threshold to be solved at; expected until_return = R in its place",
                                 config.environment));
  }
  if (config.evaluation_episodes < static_cast<std::int64_t>(RunRecord::kEpisodesToSolve)) {
    throw UsageError(fmt::format("until_solved takes evaluation_episodes of at least {}; got {}",
                                 RunRecord::kEpisodesToSolve, config.evaluation_episodes));
  }
  return spec.reward_threshold;
}

/// How many threads run the workers: no more than there are workers.
std::size_t thread_count(const TrainConfig& config) {
  const std::int64_t threads = config.threads > 0 ? std::min(config.threads, config.workers) : config.workers;
  return static_cast<std::size_t>(threads);
}

}  // namespace

/// What is needed while a run lasts. Workers' threads use `group_`, `evaluator_` (one at a time), the milestones and
/// the flags; all else belongs to the trainer's thread, to which workers post.
class Trainer::Run {
 public:
  explicit Run(Parts parts)
      : parts_(checked(std::move(parts))),
        group_(parts_.config, parts_.make_environment, parts_.agents, parts_.make_sharing, parts_.fields),
        threads_(thread_count(parts_.config)),
        evaluator_({.make_environment = parts_.make_environment,
                    .agents = parts_.agents,
                    .episodes = parts_.config.evaluation_episodes,
                    .environments = parts_.config.evaluation_environments,
                    .step_limit = parts_.config.evaluation_step_limit}),
        target_(target_return(parts_.config, group_.spec())),
        report_milestone_(parts_.config.report_interval),
        evaluation_milestone_(parts_.config.evaluation_interval),
        sinks_({.warn = [this](const std::string& message) { warn(message); },
                .fail = [this] { guard_.fail("trainer"); }}),
        record_({.group = group_,
                 .sinks = sinks_,
                 .environments = parts_.config.workers * parts_.config.envs_per_worker,
                 .runaway_entropy = parts_.agents.runaway_entropy(),
                 .save = parts_.save}) {}

  void add_sink(MetricsSink& sink) { sinks_.add(sink); }

  void restore(const Checkpoint& checkpoint) {
    group_.restore(checkpoint);
    record_.restore(checkpoint.progress);
    report_milestone_.restart(checkpoint.progress.step);
    evaluation_milestone_.restart(checkpoint.progress.step);
  }

  std::span<float> parameters() { return group_.sharing().quiescent_view(); }
  void replace_parameters(std::span<const float> parameters) { group_.sharing().replace(parameters); }

  std::unique_ptr<Agent> global_agent(std::size_t rows) {
    return parts_.agents.make({.parameters = parameters()}, {.observations = rows});
  }

  std::vector<std::string> measure_names() {
    std::vector<std::string> names;
    for (const Measure& measure : group_.totals().measures) names.push_back(measure.name);
    return names;
  }

  void warn(std::string message) {
    asio::post(context_, [this, message = std::move(message)] { sinks_.warning(message); });
  }

  TrainReport run(const std::stop_token& stop_token) {
    const std::stop_callback on_stop(stop_token, [this] { request_stop(StopReason::interrupted); });
    // To the end: whatever this thread waits for then, a second signal is heard.
    std::optional<StopSignals> signals;
    guard_.attempt("trainer", [&] {
      if (parts_.signals == Signals::end_run) signals.emplace([this](const StopSignal& signal) { heed(signal); });
    });
    guard_.attempt("trainer", [&] { begin(); });
    group_.start_clock();
    schedule_progress();
    schedule_checkpoint();
    drive_workers();
    const Totals totals = group_.totals();
    guard_.attempt("trainer", [&] { record_.report(totals); });
    guard_.attempt("trainer", [&] { record_.save(group_.capture(), CheckpointMark::last); });
    settle_sinks();
    TrainReport report = record_.whole(totals);
    report.reason = reason_;
    report.signal = signal_;
    report.parameters = group_.sharing().snapshot().parameters;
    if (!guard_.failed()) guard_.attempt("trainer", [&] { sinks_.tell([&](MetricsSink& sink) { sink.end(report); }); });
    settle_sinks();
    signals.reset();
    guard_.rethrow();
    report.signal = signal_;
    return report;
  }

 private:
  using Capture = WorkerGroup::Capture;

  // ---- Any thread

  void request_stop(StopReason reason) noexcept {
    auto none = StopReason::step_limit;
    reason_.compare_exchange_strong(none, reason);  // the first reason counts
    stop();
  }
  void stop() noexcept {
    group_.stop();
    report_slots_.release(static_cast<std::ptrdiff_t>(threads_));  // a thread waits for one at most once more
    if (parts_.on_stop) parts_.on_stop();
  }
  void heed(const StopSignal& signal) noexcept {
    if (signal.count > 1) ::_exit(128 + signal.number);  // at once
    signal_ = signal.number;
    if (at_step_limit()) return stop();  // there is no more training to be interrupted
    request_stop(StopReason::interrupted);
  }
  bool stopping() const noexcept { return group_.stopping(); }
  bool at_step_limit() const noexcept { return group_.step() >= parts_.config.steps; }

  // ---- Workers' threads

  void prepare(std::size_t thread) {
    parts_.agents.prepare_thread();
    if (parts_.prepare_thread) parts_.prepare_thread(thread);
  }

  void finished() {
    // What came of it all is evaluated.
    guard_.attempt("trainer", [&] {
      if (!stopping() && evaluated_step_ != group_.step()) evaluate();
    });
    asio::post(context_, [this] { context_.stop(); });
  }

  void reach_milestones(Worker& worker) {
    const std::int64_t step = group_.step();
    if (report_milestone_.claim(step)) {
      worker.mailbox().flush();  // with one worker, a report has all episodes up to its step
      // Where reports are due faster than sinks are told them, they slow the run down; they do not pile up.
      report_slots_.acquire();
      asio::post(context_, [this, totals = group_.totals()] {
        report_slots_.release();
        record_.report(totals);
      });
    }
    // One evaluation at a time. Acquire and release: the evaluator passes from thread to thread.
    if (evaluation_milestone_.due(step) && !evaluating_.exchange(true, std::memory_order_acquire)) {
      if (evaluation_milestone_.claim(step)) {
        worker.mailbox().flush();
        evaluate();
        worker.forget_replica();  // the others went on meanwhile
      }
      evaluating_.store(false, std::memory_order_release);
    }
  }

  void evaluate() {
    Capture capture = group_.capture();
    Evaluator::Result result = evaluator_.evaluate({.parameters = capture.snapshot.parameters,
                                                    .seed = static_cast<std::uint64_t>(parts_.config.seed),
                                                    .stream = static_cast<std::uint64_t>(capture.snapshot.step),
                                                    .stop = [this] { return stopping(); }});
    if (result.returns.empty()) return;
    evaluated_step_ = capture.snapshot.step;
    if (target_ && result.mean_return() >= *target_) request_stop(StopReason::target_reached);
    asio::post(context_, [this, capture = std::move(capture), result = std::move(result), seconds = group_.seconds()] {
      record_.evaluation(capture, result, seconds);
    });
  }

  // ---- The trainer's thread

  void begin() {
    sinks_.tell([start = RunStart{.config = parts_.config,
                                  .spec = group_.spec(),
                                  .network = parts_.agents.description(),
                                  .backend = parts_.agents.backend(),
                                  .step = group_.step(),
                                  .seconds = record_.progress().seconds}](MetricsSink& sink) { sink.begin(start); });
  }

  void drive_workers() {
    WorkerThreads threads({.group = group_,
                           .guard = guard_,
                           .threads = threads_,
                           .steps = parts_.config.steps,
                           .prepare = [this](std::size_t thread) { prepare(thread); },
                           .reached = [this](Worker& worker) { reach_milestones(worker); },
                           .finished = [this] { finished(); }});
    guard_.attempt("trainer", [&] {
      threads.start();
      const auto busy = asio::make_work_guard(context_);
      context_.run();  // until the last worker stops it
    });
    threads.join();
    progress_timer_.cancel();
    checkpoint_timer_.cancel();
    concluding_ = true;
    poll();  // what the workers posted and the loop did not get to
  }

  /// Does all that was posted. Returns whether there was anything.
  bool poll() {
    std::size_t handled = 0;
    const auto handle = [&] {
      context_.restart();
      handled += context_.poll();
    };
    while (!guard_.attempt("trainer", handle)) ++handled;
    return handled > 0;
  }

  /// Waits until the sinks have been told everything, warnings of each other's failures included.
  void settle_sinks() {
    do sinks_.drain();
    while (poll());
  }

  void schedule_progress() {
    if (sinks_.empty()) return;
    progress_timer_.expires_after(kProgressInterval);
    progress_timer_.async_wait([this](const boost::system::error_code& error) {
      if (error || concluding_) return;
      sinks_.progress(record_.preview(group_.totals()));
      schedule_progress();
    });
  }

  void schedule_checkpoint() {
    if (!parts_.save) return;
    checkpoint_timer_.expires_after(std::chrono::duration_cast<std::chrono::nanoseconds>(
        std::chrono::duration<double>(parts_.config.checkpoint_interval)));
    checkpoint_timer_.async_wait([this](const boost::system::error_code& error) {
      if (error || concluding_) return;
      // Behind the reports that were posted up to here: saving moves later episodes into the window of the last 100.
      asio::post(context_, [this, capture = group_.capture()] {
        record_.save(capture, CheckpointMark::last);
        schedule_checkpoint();
      });
    });
  }

  Parts parts_;
  WorkerGroup group_;
  RunGuard guard_{group_, [this] { stop(); }};
  const std::size_t threads_;
  Evaluator evaluator_;  // used by the thread that set evaluating_
  const std::optional<double> target_;
  Milestone report_milestone_;
  Milestone evaluation_milestone_;
  std::int64_t evaluated_step_ = -1;  // of the latest evaluation; used by that thread, too
  std::atomic<bool> evaluating_{false};
  std::atomic<StopReason> reason_{StopReason::step_limit};
  std::counting_semaphore<> report_slots_{kMostReportsBehind};

  asio::io_context context_;
  asio::steady_timer progress_timer_{context_};
  asio::steady_timer checkpoint_timer_{context_};
  bool concluding_ = false;
  std::atomic<int> signal_{0};
  SinkThread sinks_;
  RunRecord record_;
};

Trainer::Trainer(Parts parts) : run_(std::make_unique<Run>(std::move(parts))) {}
Trainer::~Trainer() = default;

void Trainer::add_sink(MetricsSink& sink) {
  run_->add_sink(sink);
}

void Trainer::restore(const Checkpoint& checkpoint) {
  run_->restore(checkpoint);
}

void Trainer::warn(std::string message) {
  run_->warn(std::move(message));
}

std::vector<std::string> Trainer::measure_names() const {
  return run_->measure_names();
}

std::span<float> Trainer::parameters() {
  return run_->parameters();
}

void Trainer::replace_parameters(std::span<const float> parameters) {
  run_->replace_parameters(parameters);
}

std::unique_ptr<Agent> Trainer::global_agent(std::size_t rows) {
  return run_->global_agent(rows);
}

TrainReport Trainer::run(std::stop_token stop) {
  return run_->run(stop);
}

}  // namespace sounder
