#include "core/trainer.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <csignal>
#include <mutex>
#include <numeric>
#include <semaphore>
#include <thread>

#include "core/evaluator.h"
#include "core/metrics/report_builder.h"
#include "core/milestone.h"
#include "core/worker_group.h"
#include "envs/error.h"

namespace sounder {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::milliseconds kProgressInterval{250};

// How many reports the trainer may be behind before a worker waits for it.
constexpr std::ptrdiff_t kMostReportsBehind = 64;

/// The mean return from which a run may stop; none if it is to go on to its step limit.
std::optional<double> target_return(const TrainConfig& config, const EnvironmentSpec& spec) {
  if (config.until_return) return config.until_return;
  if (!config.until_solved) return std::nullopt;
  if (!spec.reward_threshold) {
    throw UsageError(fmt::format("{} has no reward threshold to be solved at; expected until_return = R in its place",
                                 config.environment));
  }
  return spec.reward_threshold;
}

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

/// Rethrows the failure in hand; what is not one of our errors gets the worker's name, and keeps the original nested.
[[noreturn]] void rethrow_as_error(std::int64_t worker) {
  try {
    throw;
  } catch (const Error&) {
    throw;
  } catch (const std::exception& failure) {
    const std::string_view what = failure.what();  // some libraries add a backtrace: the first line says it
    std::throw_with_nested(Error(fmt::format("worker {}: {}", worker, what.substr(0, what.find('\n')))));
  }
}

}  // namespace

/// What is needed while a run lasts. Workers' threads use `group_`, `evaluator_` (one at a time), the milestones and
/// the flags; all else belongs to the trainer's thread, to which workers post.
class Trainer::Run {
 public:
  explicit Run(Parts parts)
      : parts_(std::move(parts)),
        group_(parts_.config, parts_.make_environment, parts_.agents),
        evaluator_({.make_environment = parts_.make_environment,
                    .agents = parts_.agents,
                    .episodes = parts_.config.evaluation_episodes}),
        target_(target_return(parts_.config, group_.spec())),
        report_milestone_(parts_.config.report_interval),
        evaluation_milestone_(parts_.config.evaluation_interval) {}

  void add_sink(MetricsSink& sink) { sinks_.push_back(&sink); }

  void restore(const Checkpoint& checkpoint) {
    group_.restore(checkpoint);
    progress_ = checkpoint.progress;
    reports_.restore(progress_, group_.totals());
    report_milestone_.restart(progress_.step);
    evaluation_milestone_.restart(progress_.step);
  }

  TrainReport run(const std::stop_token& stop) {
    const std::int64_t first_step = group_.store().step();
    const std::stop_callback on_stop(stop, [this] { request_stop(StopReason::interrupted); });
    wait_for_signal();
    group_.start_clock();
    const double first_second = group_.seconds();
    schedule_progress();
    schedule_checkpoint();
    drive_workers();
    report(group_.totals());
    save(group_.capture(), CheckpointMark::last);
    if (failure_) std::rethrow_exception(failure_);
    const Totals totals = group_.totals();
    return {.reason = reason_.load(),
            .signal = signal_,
            .progress = progress_,
            .seconds = totals.seconds - first_second,
            .steps = totals.step - first_step,
            .staleness = totals.pushed_updates > 0 ? totals.staleness / static_cast<double>(totals.pushed_updates) : 0,
            .lost_updates = totals.lost_updates,
            .saved = saved_,
            .parameters = group_.store().snapshot().parameters};
  }

 private:
  using Capture = WorkerGroup::Capture;

  // ---- Any thread

  void request_stop(StopReason reason) noexcept {
    auto none = StopReason::step_limit;
    reason_.compare_exchange_strong(none, reason);  // the first reason counts
    stopping_.store(true, std::memory_order_relaxed);
  }
  bool stopping() const noexcept {
    // Relaxed: nothing is published with the flag; threads are joined before what they wrote is read.
    return stopping_.load(std::memory_order_relaxed);
  }
  bool at_step_limit() const noexcept { return group_.store().step() >= parts_.config.steps; }

  // ---- Workers' threads

  void work(std::size_t index) {
    Worker& worker = group_.worker(index);
    const auto attempt = [&](auto&& task) {
      try {
        task();
      } catch (...) {
        keep_failure(static_cast<std::int64_t>(index));
      }
    };
    attempt([&] {
      parts_.agents.prepare_thread();
      while (!stopping() && !at_step_limit()) {
        worker.run_once();
        reach_milestones(worker);
      }
    });
    worker.mailbox().flush();
    // Acquire and release: the last worker sees what the others did, and evaluates what came of it all.
    if (running_.fetch_sub(1, std::memory_order_acq_rel) > 1) return;
    attempt([&] {
      if (!stopping() && evaluated_step_ != group_.store().step()) evaluate();
    });
    asio::post(context_, [this] { context_.stop(); });
  }

  void keep_failure(std::int64_t worker) noexcept {
    std::exception_ptr failure;
    try {
      rethrow_as_error(worker);
    } catch (...) {
      failure = std::current_exception();
    }
    {
      const std::lock_guard lock(failure_mutex_);
      if (!failure_) failure_ = failure;
    }
    stopping_.store(true, std::memory_order_relaxed);
  }

  void reach_milestones(Worker& worker) {
    const std::int64_t step = group_.store().step();
    if (report_milestone_.claim(step)) {
      worker.mailbox().flush();  // with one worker, a report has all episodes up to its step
      // Where reports are due faster than they can be written, they slow the run down; they do not pile up.
      report_slots_.acquire();
      asio::post(context_, [this, totals = group_.totals()] {
        report_slots_.release();
        report(totals);
      });
    }
    // One evaluation at a time. Acquire and release: the evaluator passes from thread to thread.
    if (evaluation_milestone_.due(step) && !evaluating_.exchange(true, std::memory_order_acquire)) {
      if (evaluation_milestone_.claim(step)) {
        worker.mailbox().flush();
        evaluate();
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
    if (target_ && mean(result.returns) >= *target_) request_stop(StopReason::target_reached);
    asio::post(context_, [this, capture = std::move(capture), result = std::move(result), seconds = group_.seconds()] {
      conclude_evaluation(capture, result, seconds);
    });
  }

  // ---- The trainer's thread

  void drive_workers() {
    running_.store(group_.size(), std::memory_order_relaxed);
    std::vector<std::jthread> threads;
    try {
      for (std::size_t i = 0; i < group_.size(); ++i) threads.emplace_back([this, i] { work(i); });
      context_.run();  // until the last worker stops it: the signals keep it busy
    } catch (...) {
      stopping_.store(true, std::memory_order_relaxed);
      report_slots_.release(static_cast<std::ptrdiff_t>(group_.size()));  // nobody waits for this thread any more
      throw;                                                              // the threads are joined on the way out
    }
    threads.clear();
    // What the workers posted and the loop did not get to.
    signals_.cancel();
    progress_timer_.cancel();
    checkpoint_timer_.cancel();
    concluding_ = true;
    context_.restart();
    context_.poll();
  }

  void wait_for_signal() {
    signals_.async_wait([this](const boost::system::error_code& error, int signal) {
      if (error) return;
      if (signal_ != 0) ::_exit(128 + signal);  // the second one: at once
      signal_ = signal;
      request_stop(StopReason::interrupted);
      wait_for_signal();
    });
  }

  void schedule_progress() {
    if (!parts_.on_progress) return;
    progress_timer_.expires_after(kProgressInterval);
    progress_timer_.async_wait([this](const boost::system::error_code& error) {
      if (error || concluding_) return;
      parts_.on_progress(reports_.preview(group_.totals()));
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
        save(capture, CheckpointMark::last);
        schedule_checkpoint();
      });
    });
  }

  void warn(const std::string& message) {
    if (parts_.on_warning) parts_.on_warning(message);
  }

  /// Tells all sinks; one that fails is left out from then on.
  template <class Tell>
  void tell_sinks(Tell tell) {
    std::erase_if(sinks_, [&](MetricsSink* sink) {
      try {
        tell(*sink);
        return false;
      } catch (const Error& error) {
        warn(fmt::format("{}; training goes on without it", error.what()));
        return true;
      }
    });
  }

  void settle_episodes(std::int64_t step) {
    std::vector<EpisodeRecord> episodes;
    for (std::size_t i = 0; i < group_.size(); ++i) group_.worker(i).mailbox().collect(episodes);
    reports_.add(episodes);
    const std::vector<EpisodeRecord> settled = reports_.settle(step);
    if (!settled.empty()) tell_sinks([&](MetricsSink& sink) { sink.episodes(settled); });
  }

  void report(const Totals& totals) {
    // Two workers that pass two milestones may post in the other order: the later one says it all.
    if (totals.step <= last_reported_step_) return;
    last_reported_step_ = totals.step;
    settle_episodes(totals.step);
    const Report report = reports_.make(totals);
    tell_sinks([&](MetricsSink& sink) { sink.report(report); });
  }

  void conclude_evaluation(const Capture& capture, const Evaluator::Result& result, double seconds) {
    settle_episodes(capture.totals.step);
    Evaluation evaluation{
        .step = capture.totals.step, .seconds = seconds, .returns = result.returns, .lengths = result.lengths};
    const double mean_return = mean(result.returns);
    const auto& threshold = group_.spec().reward_threshold;
    evaluation.solved = threshold && mean_return >= *threshold;
    evaluation.best = !progress_.evaluated || mean_return > progress_.best_mean_return;
    if (evaluation.solved && progress_.solved_step < 0) {
      progress_.solved_step = evaluation.step;
      progress_.solved_seconds = seconds;
    }
    if (evaluation.best) progress_.best_mean_return = mean_return;
    progress_.evaluated = true;
    tell_sinks([&](MetricsSink& sink) { sink.evaluation(evaluation); });
    if (evaluation.best) save(capture, CheckpointMark::last_and_best);
  }

  void save(const Capture& capture, CheckpointMark mark) {
    settle_episodes(capture.totals.step);
    Checkpoint checkpoint = group_.checkpoint(capture);
    checkpoint.progress.solved_step = progress_.solved_step;
    checkpoint.progress.solved_seconds = progress_.solved_seconds;
    checkpoint.progress.best_mean_return = progress_.best_mean_return;
    checkpoint.progress.evaluated = progress_.evaluated;
    checkpoint.progress.recent_returns = reports_.recent_returns();
    checkpoint.progress.recent_lengths = reports_.recent_lengths();
    progress_ = checkpoint.progress;
    if (!parts_.save) return;
    try {
      parts_.save(checkpoint, mark);
      saved_ = true;
    } catch (const Error& error) {
      saved_ = false;
      warn(fmt::format("{}; the last checkpoint that was written stays, and training goes on", error.what()));
    }
  }

  Parts parts_;
  std::vector<MetricsSink*> sinks_;
  WorkerGroup group_;
  Evaluator evaluator_;  // of whoever set evaluating_
  const std::optional<double> target_;
  Milestone report_milestone_;
  Milestone evaluation_milestone_;
  std::int64_t evaluated_step_ = -1;  // likewise
  std::atomic<bool> evaluating_{false};
  std::atomic<std::size_t> running_{0};  // workers
  std::atomic<bool> stopping_{false};
  std::atomic<StopReason> reason_{StopReason::step_limit};
  std::mutex failure_mutex_;
  std::exception_ptr failure_;  // guarded by failure_mutex_ while workers run

  std::counting_semaphore<> report_slots_{kMostReportsBehind};

  asio::io_context context_;
  asio::signal_set signals_{context_, SIGINT, SIGTERM};
  asio::steady_timer progress_timer_{context_};
  asio::steady_timer checkpoint_timer_{context_};
  bool concluding_ = false;
  int signal_ = 0;
  ReportBuilder reports_;
  TrainingProgress progress_;
  std::int64_t last_reported_step_ = -1;
  bool saved_ = true;
};

Trainer::Trainer(Parts parts) : run_(std::make_unique<Run>(std::move(parts))) {}
Trainer::~Trainer() = default;

void Trainer::add_sink(MetricsSink& sink) {
  run_->add_sink(sink);
}

void Trainer::restore(const Checkpoint& checkpoint) {
  run_->restore(checkpoint);
}

TrainReport Trainer::run(std::stop_token stop) {
  return run_->run(stop);
}

}  // namespace sounder
