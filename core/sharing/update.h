#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "core/config/config.h"
#include "core/sharing/store/update_rule.h"

namespace sounder {

/// Who keeps a rule's statistics where workers share one array: one set that all of them update, or each worker its
/// own. A server's shards, and peers that track gradients, keep them themselves.
enum class StatisticsOwner { shared, worker };

/// An update rule, with where its statistics live.
struct Optimizer {
  UpdateRule rule;
  StatisticsOwner owner;

  /// Names the rule's statistics, in their order.
  std::vector<std::string> statistic_names() const {
    return std::visit(
        [](const auto& r) { return std::vector<std::string>(r.kStatisticNames.begin(), r.kStatisticNames.end()); },
        rule);
  }
};

/// A learning rate as a function of the global step: constant, or falling to zero on a straight line.
struct LearningRateSchedule {
  double initial;
  std::int64_t anneal_steps;  ///< global step at which the rate reaches zero; 0: constant

  float at(std::int64_t step) const noexcept {
    if (anneal_steps == 0) return static_cast<float>(initial);
    const double left = 1 - static_cast<double>(step) / static_cast<double>(anneal_steps);
    return static_cast<float>(initial * (left > 0 ? left : 0));
  }
};

/// How one gradient becomes one change of the parameters, whichever way it comes: it is clipped, and applied by a rule
/// at a rate.
struct UpdateSettings {
  Optimizer optimizer;
  LearningRateSchedule schedule;
  float max_gradient_norm;       ///< a gradient is scaled down to it
  bool staleness_aware = false;  ///< divides the learning rate of a gradient by its staleness (Zhang et al. 2016)

  /// The factor by which a gradient of this norm is clipped.
  float clip(double norm) const noexcept {
    const double limit = static_cast<double>(max_gradient_norm);
    return norm > limit ? static_cast<float>(limit / norm) : 1.0F;
  }

  /// The factor of the learning rate for a gradient of parameters that were so many updates old.
  float rate_factor(std::uint64_t staleness) const noexcept {
    return staleness_aware ? 1.0F / static_cast<float>(std::max<std::uint64_t>(staleness, 1)) : 1.0F;
  }
};

/// What a configuration says of updates. Throws UsageError for a name that is not known.
UpdateSettings make_update_settings(const TrainConfig& config);

/// The learning rate's part of it.
LearningRateSchedule make_schedule(const TrainConfig& config);

/// Return the names of the update rules and of the learning rate schedules.
std::vector<std::string> optimizer_names();
std::vector<std::string> schedule_names();

}  // namespace sounder
