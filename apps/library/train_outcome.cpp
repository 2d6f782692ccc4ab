#include "apps/library/train_outcome.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <string_view>

#include "core/level.h"
#include "core/metrics/statistics.h"

namespace sounder {
namespace {

constexpr std::string_view kStopReasons[] = {"step_limit", "target_reached", "interrupted"};

bool solved(const Outcome& outcome) {
  return outcome.report.progress.solved_step >= 0;
}

double steps_per_second(const Outcome& outcome) {
  return outcome.report.seconds > 0 ? static_cast<double>(outcome.report.steps) / outcome.report.seconds : 0;
}

template <class Number>
boost::json::value value_if(bool known, Number number) {
  return known ? boost::json::value(number) : boost::json::value(nullptr);
}

boost::json::object to_json(const remote::ClientStatistics& cost) {
  return {{"steps", cost.results},
          {"round_trips", cost.round_trips},
          {"seconds", cost.seconds},
          {"restarts", cost.restarts}};
}

/// Formats the cost of a step in another process, which includes waiting for the worker's turn on the processor.
std::string to_text(const remote::ClientStatistics& cost) {
  const auto results = static_cast<double>(std::max<std::int64_t>(cost.results, 1));
  const auto round_trips = static_cast<double>(std::max<std::int64_t>(cost.round_trips, 1));
  return fmt::format(
      "  environments in other processes: {:.1f} us a step, {:.1f} us a round trip of {:.1f} steps; restarts: {}\n",
      1e6 * cost.seconds / results, 1e6 * cost.seconds / round_trips, results / round_trips, cost.restarts);
}

/// How a sharing scheme's measure is put in words.
struct Phrase {
  std::string_view measure;
  std::string_view before;
  double factor;
  int decimals;
  std::string_view after;
};
constexpr Phrase kPhrases[] = {
    {"train/lost_updates", "", 100, 2, " % of the updates lost"},
    {"share/disagreement", "peers within ", 100, 2, " % of their mean"},
    {"share/version_spread", "shards' versions differ by ", 1, 0, ""},
    {"train/block_share", "", 100, 2, " % of the parameters in an update"},
};

std::string sharing_text(const TrainReport& report) {
  std::string text = fmt::format("  mean staleness {:.2f} updates", report.staleness);
  for (const Phrase& phrase : kPhrases) {
    const double value = phrase.factor * measured(report.means.measures, phrase.measure);
    if (!std::isfinite(value)) continue;
    text += fmt::format(", {}{:.{}f}{}", phrase.before, value, phrase.decimals, phrase.after);
  }
  return text + '\n';
}

std::string evaluations_text(const Outcome& outcome) {
  const double best = outcome.report.progress.best_mean_return;
  const auto& last = outcome.report.last_evaluation;
  std::string text =
      fmt::format("  best greedy mean return of {} episodes: {:.2f}", outcome.config.evaluation_episodes, best);
  if (last && last->mean_return < best) text += fmt::format("; of the last evaluation: {:.2f}", last->mean_return);
  text += '\n';
  if (last && last->worse) {
    text +=
        "  the last policy is worse than the best: evaluate and watch take the best one (checkpoints/best), --resume "
        "goes on from the last (checkpoints/last)\n";
  }
  const CopyCounts& copies = outcome.report.copies;
  if (copies.mixed_evaluations + copies.mixed_checkpoints > 0) {
    text += fmt::format("  copied while updates were under way: {} of {} evaluations, {} of {} checkpoints\n",
                        copies.mixed_evaluations, copies.evaluations, copies.mixed_checkpoints, copies.checkpoints);
  }
  return text;
}

}  // namespace

std::string to_json(const Outcome& outcome) {
  const TrainingProgress& progress = outcome.report.progress;
  const std::vector<double>& returns = progress.recent_returns;
  const auto& threshold = outcome.spec.reward_threshold;
  const auto& last = outcome.report.last_evaluation;
  const CopyCounts& copies = outcome.report.copies;
  boost::json::object json{{"env", outcome.config.environment},
                           {"algorithm", outcome.config.algorithm},
                           {"backend", outcome.backend},
                           {"level", kLevelNames[level()]},
                           {"workers", outcome.config.workers},
                           {"seed", outcome.config.seed},
                           {"steps", progress.step},
                           {"episodes", progress.episodes},
                           {"updates", progress.updates},
                           {"seconds", progress.seconds},
                           {"steps_per_second", steps_per_second(outcome)},
                           {"mean_return", value_if(!returns.empty(), mean(returns))},
                           {"solved", solved(outcome)},
                           {"solved_step", value_if(solved(outcome), progress.solved_step)},
                           {"solved_seconds", value_if(solved(outcome), progress.solved_seconds)},
                           {"staleness_mean", outcome.report.staleness}};
  for (const Measure& measure : outcome.report.means.measures) {
    json[measure.name.substr(measure.name.rfind('/') + 1)] = value_if(std::isfinite(measure.value), measure.value);
  }
  const boost::json::object rest{
      {"best_mean_return", value_if(progress.evaluated, progress.best_mean_return)},
      {"last_mean_return", value_if(last.has_value(), last ? last->mean_return : 0)},
      {"evaluations", copies.evaluations},
      {"mixed_evaluations", copies.mixed_evaluations},
      {"checkpoints", copies.checkpoints},
      {"mixed_checkpoints", copies.mixed_checkpoints},
      {"reward_threshold", value_if(threshold.has_value(), threshold.value_or(0))},
      {"stopped_by", kStopReasons[static_cast<std::size_t>(outcome.report.reason)]},
      {"env_processes", outcome.remote ? boost::json::value(to_json(*outcome.remote)) : boost::json::value()},
      {"run", outcome.run.string()}};
  json.insert(rest.begin(), rest.end());
  return boost::json::serialize(json);
}

std::string to_text(const Outcome& outcome) {
  const TrainingProgress& progress = outcome.report.progress;
  std::string text;
  if (solved(outcome)) {
    text += fmt::format("{} solved at step {} after {:.2f} s of training\n", outcome.config.environment,
                        progress.solved_step, progress.solved_seconds);
  } else {
    text += fmt::format("{} {}\n", outcome.config.environment,
                        outcome.spec.reward_threshold ? "not solved" : "has no threshold to be solved at");
  }
  if (progress.evaluated) text += evaluations_text(outcome);
  text += fmt::format("  {} steps, {} episodes, {} updates in {:.2f} s: {:.0f} steps per second\n", progress.step,
                      progress.episodes, progress.updates, progress.seconds, steps_per_second(outcome));
  text += sharing_text(outcome.report);
  if (outcome.remote) text += to_text(*outcome.remote);
  text += fmt::format("  run: {}\n", outcome.run.string());
  return text;
}

}  // namespace sounder
