#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apps/train_arguments.h"
#include "core/config/config.h"

namespace sounder::sweeping {

/// The input of a sweep's plan.
struct PlanRequest {
  TrainArguments common = {};                   ///< common arguments of all trials, as for `sounder train`
  std::vector<std::string> ranges = {};         ///< in the format of parse_range()
  std::optional<std::int64_t> samples = {};     ///< samples of the random ranges; kDefaultSamples if not given
  std::optional<std::int64_t> seeds = {};       ///< seeds per setting; 1 if not given
  std::optional<std::int64_t> sweep_seed = {};  ///< seed from which the samples derive; 1 if not given
};

constexpr std::int64_t kDefaultSamples = 10;
constexpr std::size_t kMostTrials = 100'000;

/// One combination of values, trained with several seeds.
struct Setting {
  std::vector<std::string> values;  ///< values of the plan's keys, in their order and in the format of set_config()
  TrainConfig config;               ///< complete; its seed is the first one
  friend bool operator==(const Setting&, const Setting&) = default;
};

/// All trainings of a sweep.
struct Plan {
  std::vector<std::string> ranges;  ///< as given
  std::vector<std::string> keys;    ///< keys that vary, in the order of the ranges
  std::int64_t samples = 0;         ///< 0 if no range is random
  std::int64_t sweep_seed = 1;
  std::int64_t seeds = 1;
  std::vector<Setting> settings;  ///< at least one

  std::size_t trials() const noexcept { return settings.size() * static_cast<std::size_t>(seeds); }
  const std::string& environment() const noexcept { return settings.front().config.environment; }
  friend bool operator==(const Plan&, const Plan&) = default;
};

/// One training of a plan. All settings are trained with their first seed before any with its second, so that a sweep
/// that is stopped early has compared them all.
struct Trial {
  std::size_t number;   ///< from 1
  std::size_t setting;  ///< index into the plan's settings
  TrainConfig config;
};

/// Makes a plan: the samples of the random ranges, combined with the grids. `fields` are the keys with their choices.
/// Throws UsageError as parse_range() and make_train_request() do, for a key that is set twice, for samples without a
/// random range, and for too many trials.
Plan make_plan(const PlanRequest& request, ConfigFields fields = config_fields());

/// Returns a plan's trial; index < plan.trials().
Trial trial_of(const Plan& plan, std::size_t index);

/// Formats a setting's values, such as "learning_rate=0.01 hidden=64,64"; "all alike" if nothing varies.
std::string describe(const Plan& plan, std::size_t setting);

/// Convert a plan to JSON and back. Parsing throws Error, which names `source`, for anything but the output of
/// to_json().
std::string to_json(const Plan& plan, ConfigFields fields = config_fields());
Plan plan_from_json(std::string_view json, const std::string& source, ConfigFields fields = config_fields());

/// Throws UsageError, which names the first difference, if the requested plan differs from the one in a folder.
void require_same(const Plan& kept, const Plan& asked, const std::filesystem::path& folder,
                  ConfigFields fields = config_fields());

}  // namespace sounder::sweeping
