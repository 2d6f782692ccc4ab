#include "apps/sweep/plan.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "apps/sweep/ranges.h"
#include "envs/error.h"
#include "envs/program.h"

namespace sounder::sweeping {
namespace {

/// Rejects keys that are set twice.
void check_keys(const std::vector<Range>& ranges, const std::vector<ConfigOverride>& overrides) {
  for (auto range = ranges.begin(); range != ranges.end(); ++range) {
    const std::string& key = range->key;
    if (std::ranges::find(range + 1, ranges.end(), key, &Range::key) != ranges.end()) {
      throw UsageError(fmt::format("--range: expected each key once; got {} twice", key));
    }
    if (std::ranges::find(overrides, key, &ConfigOverride::key) != overrides.end()) {
      throw UsageError(fmt::format("--range: {} is also set for all trials; give one", key));
    }
  }
}

/// Returns the number of settings. Beyond kMostTrials, the result is only known to be larger.
std::size_t count_settings(const std::vector<Range>& ranges, std::size_t samples) {
  std::size_t count = samples;
  for (const Range& range : ranges) {
    const auto* const grid = std::get_if<Range::Grid>(&range.values);
    if (grid != nullptr && count <= kMostTrials) count *= grid->values.size();
  }
  return count;
}

/// Returns the values of one setting. The last grid changes fastest.
std::vector<std::string> values_of(const std::vector<Range>& ranges, std::uint64_t seed, std::size_t index) {
  std::vector<std::string> values(ranges.size());
  for (std::size_t i = ranges.size(); i-- > 0;) {
    const auto* const grid = std::get_if<Range::Grid>(&ranges[i].values);
    if (grid == nullptr) continue;
    values[i] = grid->values[index % grid->values.size()];
    index /= grid->values.size();
  }
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    const auto* const random = std::get_if<Range::Random>(&ranges[i].values);
    if (random != nullptr) values[i] = draw_value(ranges[i].key, *random, {.seed = seed, .sample = index});
  }
  return values;
}

Setting make_setting(const PlanRequest& request, const std::vector<Range>& ranges, std::vector<std::string> values,
                     ConfigFields fields) {
  TrainArguments arguments = request.common;
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    arguments.overrides.push_back({.key = ranges[i].key, .value = values[i]});
  }
  Setting setting{.values = std::move(values), .config = make_train_request(arguments, fields).config};
  if (setting.config.environment.empty()) {
    throw UsageError(fmt::format("expected a name for what the process holds: '{} sweep ENV --env-command COMMAND'",
                                 program_name()));
  }
  return setting;
}

}  // namespace

Plan make_plan(const PlanRequest& request, ConfigFields fields) {
  std::vector<Range> ranges;
  for (const std::string& text : request.ranges) ranges.push_back(parse_range(text, fields));
  check_keys(ranges, request.common.overrides);
  const bool random = std::ranges::any_of(ranges, &Range::random);
  if (request.samples && !random) {
    throw UsageError("--samples: expected a range to sample from, --range key=log:LOW:HIGH or key=uniform:LOW:HIGH");
  }
  Plan plan{.ranges = request.ranges,
            .samples = random ? request.samples.value_or(kDefaultSamples) : 0,
            .sweep_seed = request.sweep_seed.value_or(1),
            .seeds = request.seeds.value_or(1)};
  const std::size_t count = count_settings(ranges, random ? static_cast<std::size_t>(plan.samples) : 1);
  if (count > kMostTrials / static_cast<std::size_t>(plan.seeds)) {
    throw UsageError(fmt::format("expected at most {} trials; give fewer --samples, --seeds or values", kMostTrials));
  }
  for (const Range& range : ranges) plan.keys.push_back(range.key);
  for (std::size_t i = 0; i < count; ++i) {
    auto values = values_of(ranges, static_cast<std::uint64_t>(plan.sweep_seed), i);
    plan.settings.push_back(make_setting(request, ranges, std::move(values), fields));
  }
  trial_of(plan, plan.trials() - 1);  // throws if the largest seed, the last one, is out of range
  return plan;
}

Trial trial_of(const Plan& plan, std::size_t index) {
  const std::size_t setting = index % plan.settings.size();
  Trial trial{.number = index + 1, .setting = setting, .config = plan.settings[setting].config};
  const auto further = static_cast<std::int64_t>(index / plan.settings.size());
  set_config(trial.config, "seed", fmt::format("{}", trial.config.seed + further));
  return trial;
}

std::string describe(const Plan& plan, std::size_t setting) {
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < plan.keys.size(); ++i) {
    parts.push_back(fmt::format("{}={}", plan.keys[i], plan.settings[setting].values[i]));
  }
  return parts.empty() ? "all alike" : fmt::format("{}", fmt::join(parts, " "));
}

void require_same(const Plan& kept, const Plan& asked, const std::filesystem::path& folder, ConfigFields fields) {
  const auto require = [&](std::string_view what, const auto& expected, const auto& got) {
    if (expected == got) return;
    throw UsageError(fmt::format(
        "'{0}' holds another sweep: {1} is {2}, got {3}; name another folder with --dir, or go on with --resume {0}",
        folder.string(), what, expected, got));
  };
  require("--range", fmt::format("{}", fmt::join(kept.ranges, " ")), fmt::format("{}", fmt::join(asked.ranges, " ")));
  require("--samples", kept.samples, asked.samples);
  require("--sweep-seed", kept.sweep_seed, asked.sweep_seed);
  require("--seeds", kept.seeds, asked.seeds);
  require("the number of settings", kept.settings.size(), asked.settings.size());
  for (std::size_t i = 0; i < kept.settings.size(); ++i) {
    for (const ConfigField& field : fields) {
      require(field.name, value_text(kept.settings[i].config, field), value_text(asked.settings[i].config, field));
    }
  }
}

}  // namespace sounder::sweeping
