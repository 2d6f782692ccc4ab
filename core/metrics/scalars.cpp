#include "core/metrics/scalars.h"

#include <fmt/format.h>

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
    Scalar<Report>{"rollout/ep_rew_mean", [](const Report& r) { return r.mean_return; }},
    Scalar<Report>{"rollout/ep_len_mean", [](const Report& r) { return r.mean_length; }},
    Scalar<Report>{"train/policy_loss", [](const Report& r) { return r.policy_loss; }},
    Scalar<Report>{"train/value_loss", [](const Report& r) { return r.value_loss; }},
    Scalar<Report>{"train/entropy", [](const Report& r) { return r.entropy; }},
    Scalar<Report>{"train/learning_rate", [](const Report& r) { return r.learning_rate; }},
    Scalar<Report>{"train/grad_norm", [](const Report& r) { return r.gradient_norm; }},
    Scalar<Report>{"train/staleness_mean", [](const Report& r) { return r.staleness; }},
    Scalar<Report>{"train/n_updates", [](const Report& r) { return static_cast<double>(r.updates); }},
    Scalar<Report>{"train/lost_updates", [](const Report& r) { return r.lost_updates; }},
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

constexpr std::array kEvaluationScalars{
    Scalar<Evaluation>{"eval/mean_reward", [](const Evaluation& e) { return mean(e.returns); }},
    Scalar<Evaluation>{"eval/mean_ep_length", [](const Evaluation& e) { return mean(e.lengths); }},
};

}  // namespace

std::span<const Scalar<Report>> report_scalars() {
  return kReportScalars;
}

std::span<const Scalar<Evaluation>> evaluation_scalars() {
  return kEvaluationScalars;
}

std::string format_number(double value) {
  return std::isnan(value) ? std::string{} : fmt::format("{}", value);
}

}  // namespace sounder
