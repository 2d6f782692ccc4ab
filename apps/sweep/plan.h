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

/// What a sweep is planned from.
struct PlanRequest {
  TrainArguments common = {};                   ///< what all trials start from, as for `sounder train`
  std::vector<std::string> ranges = {};         ///< as parse_range takes them
  std::optional<std::int64_t> samples = {};     ///< of the random ranges; kDefaultSamples if not given
  std::optional<std::int64_t> seeds = {};       ///< of every setting; 1 if not given
  std::optional<std::int64_t> sweep_seed = {};  ///< from which the samples derive; 1 if not given
};

constexpr std::int64_t kDefaultSamples = 10;
constexpr std::size_t kMostTrials = 100'000;

/// One choice of values, trained with several seeds.
struct Setting {
  std::vector<std::string> values;  ///< of the plan's keys, in their order, as set_config takes them
  TrainConfig config;               ///< complete; its seed is the first one
  friend bool operator==(const Setting&, const Setting&) = default;
};

/// All that a sweep will train.
struct Plan {
  std::vector<std::string> ranges;  ///< as they were given
  std::vector<std::string> keys;    ///< that vary, in the order of the ranges
  std::int64_t samples = 0;         ///< 0: no range is random
  std::int64_t sweep_seed = 1;
  std::int64_t seeds = 1;
  std::vector<Setting> settings;  ///< at least one

  std::size_t trials() const noexcept { return settings.size() * static_cast<std::size_t>(seeds); }
  const std::string& environment() const noexcept { return settings.front().config.environment; }
  friend bool operator==(const Plan&, const Plan&) = default;
};

/// One training of a plan. All settings come with their first seed before any comes with its second: a sweep that is
/// stopped has compared them all.
struct Trial {
  std::size_t number;   ///< from 1
  std::size_t setting;  ///< index into the plan's
  TrainConfig config;
};

/// Makes a plan: the samples of the random ranges, crossed with the grids. Throws UsageError as parse_range and
/// make_train_request do, for a key in two places, samples of nothing, and too many trials.
Plan make_plan(const PlanRequest& request);

/// Finds a plan's trial; index < plan.trials().
Trial trial_of(const Plan& plan, std::size_t index);

/// Formats a setting's values: "learning_rate=0.01 hidden=64,64"; "all alike" if nothing varies.
std::string describe(const Plan& plan, std::size_t setting);

/// Writes a plan as JSON, and reads it back to an equal one. Throws Error, which names `source`, for anything else.
std::string to_json(const Plan& plan);
Plan plan_from_json(std::string_view json, const std::string& source);

/// Throws UsageError, with the first difference, if another plan than the one in a folder is asked for.
void require_same(const Plan& kept, const Plan& asked, const std::filesystem::path& folder);

}  // namespace sounder::sweeping
