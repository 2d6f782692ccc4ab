#include "core/metrics/scalars.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "core/metrics/statistics.h"

namespace sounder {

namespace {

template <Phase P>
double phase_share(const Report& report) {
  return report.phase_shares[static_cast<std::size_t>(P)];
}

constexpr std::array kReportScalars{
    Scalar<Report>{kStepName, [](const Report& r) { return static_cast<double>(r.step); }},
    Scalar<Report>{kSecondsName, [](const Report& r) { return r.seconds; }, true},
    Scalar<Report>{kSpeedName, [](const Report& r) { return r.steps_per_second; }, true},
    Scalar<Report>{"time/episodes", [](const Report& r) { return static_cast<double>(r.episodes); }},
    Scalar<Report>{kMeanReturnName, [](const Report& r) { return r.mean_return; }},
    Scalar<Report>{"rollout/ep_len_mean", [](const Report& r) { return r.mean_length; }},
    Scalar<Report>{"train/policy_loss", [](const Report& r) { return r.policy_loss; }},
    Scalar<Report>{"train/value_loss", [](const Report& r) { return r.value_loss; }},
    Scalar<Report>{"train/entropy", [](const Report& r) { return r.entropy; }},
    Scalar<Report>{"train/learning_rate", [](const Report& r) { return r.learning_rate; }},
    Scalar<Report>{"train/grad_norm", [](const Report& r) { return r.gradient_norm; }},
    Scalar<Report>{"train/staleness_mean", [](const Report& r) { return r.staleness; }},
    Scalar<Report>{"train/n_updates", [](const Report& r) { return static_cast<double>(r.updates); }},
    Scalar<Report>{"train/dropped_updates", [](const Report& r) { return static_cast<double>(r.dropped_updates); }},
    Scalar<Report>{"train/mixed_evaluations",
                   [](const Report& r) { return static_cast<double>(r.copies.mixed_evaluations); }},
    Scalar<Report>{"train/mixed_checkpoints",
                   [](const Report& r) { return static_cast<double>(r.copies.mixed_checkpoints); }},
    Scalar<Report>{"time/environment", phase_share<Phase::environment>, true},
    Scalar<Report>{"time/forward", phase_share<Phase::forward>, true},
    Scalar<Report>{"time/learn", phase_share<Phase::learn>, true},
    Scalar<Report>{"time/share", phase_share<Phase::share>, true},
};

/// The last number before the sharing scheme's measures.
constexpr std::string_view kBeforeMeasures = "train/n_updates";

}  // namespace

std::span<const Scalar<Report>> report_scalars() {
  return kReportScalars;
}

std::size_t scalars_before_measures() noexcept {
  const auto last = std::ranges::find(kReportScalars, kBeforeMeasures, &Scalar<Report>::name);
  return static_cast<std::size_t>(last - kReportScalars.begin()) + 1;
}

std::vector<NamedNumber> numbers_of(const Report& report, const Measures& measures) {
  std::vector<NamedNumber> numbers;
  const std::size_t before = scalars_before_measures();
  for (std::size_t i = 0; i < kReportScalars.size(); ++i) {
    if (i == before) {
      for (const Measure& measure : measures) numbers.push_back({measure.name, measure.value});
    }
    numbers.push_back({kReportScalars[i].name, kReportScalars[i].value(report)});
  }
  return numbers;
}

std::vector<NamedNumber> numbers_of(const Evaluation& evaluation) {
  return {{kEvaluationName, mean(evaluation.returns)}, {kEvaluationLengthName, mean(evaluation.lengths)}};
}

std::string format_number(double value) {
  return std::isnan(value) ? std::string{} : fmt::format("{}", value);
}

}  // namespace sounder
