#include "core/running/run_record.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/metrics/statistics.h"
#include "envs/error.h"

namespace sounder {

void RunRecord::restore(const TrainingProgress& progress) {
  progress_ = progress;
  last_reported_step_ = first_step_ = progress.step;
  first_seconds_ = progress.seconds;
  reports_.restore(progress, parts_.group.totals());
}

void RunRecord::settle_episodes(std::int64_t step) {
  std::vector<EpisodeRecord> episodes;
  for (std::size_t i = 0; i < parts_.group.size(); ++i) parts_.group.worker(i).mailbox().collect(episodes);
  reports_.add(episodes);
  std::vector<EpisodeRecord> settled = reports_.settle(step);
  if (settled.empty()) return;
  parts_.sinks.tell([settled = std::move(settled)](MetricsSink& sink) { sink.episodes(settled); });
}

void RunRecord::report(const Totals& totals) {
  if (totals.step <= last_reported_step_) return;
  last_reported_step_ = totals.step;
  settle_episodes(totals.step);
  warn_of_endless_episodes(totals);
  Report report = reports_.make(totals);
  report.copies = copies_;
  warn_of_entropy(report);
  parts_.sinks.tell([report = std::move(report)](MetricsSink& sink) { sink.report(report); });
}

void RunRecord::warn_of_endless_episodes(const Totals& totals) {
  const std::int64_t steps = std::max(kStepsWithoutEnd, parts_.environments * (kStepsWithoutEnd / 100));
  if (warned_of_endless_episodes_ || totals.episodes > 0 || totals.step < steps) return;
  if (parts_.group.spec().max_episode_steps) return;
  warned_of_endless_episodes_ = true;
  parts_.sinks.warning(
      fmt::format("no episode has ended in the first {} steps, and the environment has no step limit "
                  "(max_episode_steps): without an end there is no return to show, and evaluations cut their episodes "
                  "at evaluation_step_limit",
                  steps));
}

void RunRecord::warn_of_entropy(const Report& report) {
  if (warned_of_entropy_ || !(report.entropy > parts_.runaway_entropy)) return;
  warned_of_entropy_ = true;
  parts_.sinks.warning(
      fmt::format("the policy's entropy has run away, to {:.3g} nats: most of the actions that it tries are the bounds "
                  "themselves; try a lower entropy_coefficient or initial_log_std, or squash_actions",
                  report.entropy));
}

void RunRecord::evaluation(const WorkerGroup::Capture& capture, const Evaluator::Result& result, double seconds) {
  settle_episodes(capture.totals.step);
  Evaluation evaluation{
      .step = capture.totals.step, .seconds = seconds, .returns = result.returns, .lengths = result.lengths};
  const double mean_return = result.mean_return();
  const auto& threshold = parts_.group.spec().reward_threshold;
  evaluation.solved = threshold && mean_return >= *threshold && result.returns.size() >= kEpisodesToSolve;
  evaluation.best = !progress_.evaluated || mean_return > progress_.best_mean_return;
  if (evaluation.solved && progress_.solved_step < 0) {
    progress_.solved_step = evaluation.step;
    progress_.solved_seconds = seconds;
  }
  if (evaluation.best) progress_.best_mean_return = mean_return;
  progress_.evaluated = true;
  const double best = progress_.best_mean_return;
  last_evaluation_ = {.mean_return = mean_return, .worse = mean_return < best && summarize(result.returns).high < best};
  ++copies_.evaluations;
  if (!capture.snapshot.consistent) ++copies_.mixed_evaluations;
  const bool best_so_far = evaluation.best;
  parts_.sinks.tell([evaluation = std::move(evaluation)](MetricsSink& sink) { sink.evaluation(evaluation); });
  if (best_so_far) save(capture, CheckpointMark::last_and_best);
}

void RunRecord::save(const WorkerGroup::Capture& capture, CheckpointMark mark) {
  settle_episodes(capture.totals.step);
  Checkpoint checkpoint = parts_.group.checkpoint(capture);
  checkpoint.progress.solved_step = progress_.solved_step;
  checkpoint.progress.solved_seconds = progress_.solved_seconds;
  checkpoint.progress.best_mean_return = progress_.best_mean_return;
  checkpoint.progress.evaluated = progress_.evaluated;
  checkpoint.progress.recent_returns = reports_.recent_returns();
  checkpoint.progress.recent_lengths = reports_.recent_lengths();
  progress_ = checkpoint.progress;
  if (!parts_.save) return;
  try {
    parts_.sinks.drain();
    SavedCheckpoint saved{.step = checkpoint.progress.step, .mark = mark, .file = parts_.save(checkpoint, mark)};
    if (!std::exchange(saved_, true)) parts_.sinks.warning("checkpoints can be written again");
    if (!saved.file.empty()) {
      parts_.sinks.tell([saved = std::move(saved)](MetricsSink& sink) { sink.saved(saved); });
    }
    ++copies_.checkpoints;
    if (!capture.snapshot.consistent) ++copies_.mixed_checkpoints;
  } catch (const Error& error) {
    if (!std::exchange(saved_, false)) return;  // warns once only, because a full disk fails every few seconds
    parts_.sinks.warning(
        fmt::format("{}; the last checkpoint that was written stays, and training goes on", error.what()));
  }
}

TrainReport RunRecord::whole(const Totals& totals) const {
  const auto updates = static_cast<double>(totals.pushed_updates);
  return {.progress = progress_,
          .seconds = totals.seconds - first_seconds_,
          .steps = totals.step - first_step_,
          .staleness = updates > 0 ? totals.staleness / updates : 0,
          .means = reports_.whole(totals),
          .saved = saved_,
          .copies = copies_,
          .last_evaluation = last_evaluation_};
}

}  // namespace sounder
