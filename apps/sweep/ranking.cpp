#include "apps/sweep/ranking.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/metrics/statistics.h"

namespace sounder::sweeping {
namespace {

constexpr double kInfinite = std::numeric_limits<double>::infinity();
constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

double median(std::vector<double> values) {
  if (values.empty()) return kNone;
  std::ranges::sort(values);
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

double interquartile_mean(std::vector<double> values) {
  std::erase_if(values, [](double value) { return std::isnan(value); });
  return values.empty() ? kNone : summarize(values).interquartile_mean;
}

SettingScore score(const Plan& plan, std::span<const TrialResult> results, std::size_t setting) {
  SettingScore score{.setting = setting};
  std::vector<double> steps;
  std::vector<double> seconds;
  std::vector<double> best;
  std::vector<double> last;
  for (std::size_t i = setting; i < results.size(); i += plan.settings.size()) {
    const TrialResult& result = results[i];
    if (result.state == TrialResult::State::failed) ++score.failed;
    if (result.state != TrialResult::State::finished) continue;
    ++score.finished;
    if (result.solved) ++score.solved;
    steps.push_back(result.solved ? result.solved_step : kInfinite);
    seconds.push_back(result.solved ? result.solved_seconds : kInfinite);
    best.push_back(result.best_mean_return);
    last.push_back(result.last_mean_return);
  }
  score.median_steps = median(std::move(steps));
  score.median_seconds = median(std::move(seconds));
  score.best_mean_return = interquartile_mean(std::move(best));
  score.last_mean_return = interquartile_mean(std::move(last));
  return score;
}

bool better(const SettingScore& a, const SettingScore& b) {
  if (a.solved != b.solved) return a.solved > b.solved;
  const auto mean_of = [](const SettingScore& s) {
    return std::isnan(s.best_mean_return) ? -kInfinite : s.best_mean_return;
  };
  if (mean_of(a) != mean_of(b)) return mean_of(a) > mean_of(b);
  const auto steps_of = [](const SettingScore& s) { return std::isnan(s.median_steps) ? kInfinite : s.median_steps; };
  return steps_of(a) < steps_of(b);
}

}  // namespace

std::vector<SettingScore> rank(const Plan& plan, std::span<const TrialResult> results) {
  std::vector<SettingScore> scores;
  for (std::size_t i = 0; i < plan.settings.size(); ++i) scores.push_back(score(plan, results, i));
  std::ranges::stable_sort(scores, better);
  return scores;
}

}  // namespace sounder::sweeping
