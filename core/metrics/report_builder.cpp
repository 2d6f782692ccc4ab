#include "core/metrics/report_builder.h"

#include <algorithm>
#include <numeric>

#include "core/metrics/statistics.h"

namespace sounder {
namespace {

double ratio(double sum, double count) {
  return count > 0 ? sum / count : kNotMeasured;
}

}  // namespace

void ReportBuilder::restore(const TrainingProgress& progress, const Totals& totals) {
  first_ = last_ = totals;
  for (std::size_t i = 0; i < progress.recent_returns.size(); ++i) {
    window_.push_back({.step = progress.step,
                       .episode_return = progress.recent_returns[i],
                       .length = progress.recent_lengths[i],
                       .seconds = progress.seconds});
  }
}

std::vector<EpisodeRecord> ReportBuilder::settle(std::int64_t step) {
  // Workers hand over their episodes one worker after another. The sort is stable to keep each worker's order.
  std::ranges::stable_sort(pending_, {}, &EpisodeRecord::step);
  const auto later = std::ranges::upper_bound(pending_, step, {}, &EpisodeRecord::step);
  const std::vector<EpisodeRecord> settled(pending_.begin(), later);
  pending_.erase(pending_.begin(), later);
  window_.insert(window_.end(), settled.begin(), settled.end());
  while (window_.size() > kWindow) window_.pop_front();
  return settled;
}

Report ReportBuilder::make(const Totals& now) {
  Report report = preview(now);
  last_ = now;
  return report;
}

Report ReportBuilder::since(const Totals& before, const Totals& now) const {
  const double steps = static_cast<double>(now.learnt_steps - before.learnt_steps);
  const double updates = static_cast<double>(now.pushed_updates - before.pushed_updates);
  Report report{
      .step = now.step,
      .episodes = now.episodes,
      .updates = now.updates,
      .seconds = now.seconds,
      .steps_per_second = ratio(static_cast<double>(now.step - before.step), now.seconds - before.seconds),
      .mean_return = mean(recent_returns()),
      .mean_length = mean(recent_lengths()),
      .policy_loss = ratio(now.policy_loss - before.policy_loss, steps),
      .value_loss = ratio(now.value_loss - before.value_loss, steps),
      .entropy = ratio(now.entropy - before.entropy, steps),
      .learning_rate = now.learning_rate,
      .gradient_norm = ratio(now.gradient_norm - before.gradient_norm, updates),
      .staleness = ratio(now.staleness - before.staleness, updates),
      .dropped_updates = now.dropped_updates,
      .measures = now.measures,
  };
  for (const WorkerCount& worker : now.workers) report.worker_steps.push_back(worker.steps);

  std::array<double, 4> seconds;
  for (std::size_t i = 0; i < seconds.size(); ++i) seconds[i] = now.phase_seconds[i] - before.phase_seconds[i];
  const double sum = std::accumulate(seconds.begin(), seconds.end(), 0.0);
  for (std::size_t i = 0; i < seconds.size(); ++i) report.phase_shares[i] = sum > 0 ? seconds[i] / sum : 0;
  return report;
}

std::vector<double> ReportBuilder::recent_returns() const {
  std::vector<double> returns;
  for (const EpisodeRecord& episode : window_) returns.push_back(episode.episode_return);
  return returns;
}

std::vector<std::int64_t> ReportBuilder::recent_lengths() const {
  std::vector<std::int64_t> lengths;
  for (const EpisodeRecord& episode : window_) lengths.push_back(episode.length);
  return lengths;
}

}  // namespace sounder
