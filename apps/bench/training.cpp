#include "apps/bench/training.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>

#include "apps/library/pretrained.h"
#include "core/metrics/sink.h"
#include "core/running/trainer.h"

namespace sounder::benchmark {
namespace {

// The largest step count that a configuration can have: more than any run takes.
constexpr std::int64_t kNever = 1'000'000'000'000'000;

/// Runs a trainer until it ends, but at most for `seconds`.
TrainReport run_for(double seconds, Trainer& trainer) {
  std::stop_source stop;
  std::jthread timer([&stop, seconds](const std::stop_token& cancelled) {
    std::mutex mutex;
    std::condition_variable_any condition;
    std::unique_lock lock(mutex);
    condition.wait_for(lock, cancelled, std::chrono::duration<double>(seconds), [] { return false; });
    stop.request_stop();
  });
  const TrainReport report = trainer.run(stop.get_token());
  if (report.signal != 0) throw Interruption{report.signal};
  return report;
}

/// Stores the last report.
struct LastReport final : MetricsSink {
  void report(const Report& report) override { last = report; }
  Report last;
};

}  // namespace

TrainingBench::TrainingBench(Parts parts) : parts_(std::move(parts)) {
  TrainConfig& config = parts_.config;
  config.steps = kNever;
  config.report_interval = kNever;
  config.learning_rate_schedule = "constant";
  config.until_return.reset();
  config.until_solved = parts_.make_environment().spec().reward_threshold.has_value();

  Trainer trainer({.config = config,
                   .make_environment = parts_.make_environment,
                   .agents = parts_.agents,
                   .signals = Signals::end_run});
  start_ = run_for(10 * parts_.seconds, trainer).parameters;

  config.evaluation_interval = kNever;
  config.until_solved = false;
  // Zero from the first step on, and almost zero before it.
  config.learning_rate = 1e-12;
  config.learning_rate_schedule = "linear";
  config.anneal_steps = 1;
}

TrainingSample TrainingBench::measure(const TrainingCase& which, const AgentFactory& agents) const {
  TrainConfig config = parts_.config;
  config.backend = which.backend;
  config.workers = which.workers;
  config.rollout = which.rollout;
  config.envs_per_worker = which.envs_per_worker;
  config.write_mode = which.write_mode;
  apply_scheme(which.scheme, config);
  const Pretrained pretrained(agents, start_);
  // On a busy machine, a short time may pass before a worker's thread has begun.
  for (double seconds = parts_.seconds;; seconds *= 2) {
    Trainer trainer({.config = config,
                     .make_environment = parts_.make_environment,
                     .agents = pretrained,
                     .signals = Signals::end_run});
    LastReport sink;
    trainer.add_sink(sink);
    const TrainReport report = run_for(seconds, trainer);
    if (report.steps == 0) continue;
    return {.steps_per_second = static_cast<double>(report.steps) / report.seconds,
            .staleness = report.staleness,
            .lost_updates = measured(report.means.measures, "train/lost_updates"),
            .share_time = sink.last.phase_shares[static_cast<std::size_t>(Phase::share)],
            .bytes_per_step = measured(report.means.measures, "share/bytes_per_step")};
  }
}

}  // namespace sounder::benchmark
