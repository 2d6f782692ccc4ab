#include "apps/envs.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cmath>

#include "apps/library/preset.h"
#include "core/space_json.h"

namespace sounder {
namespace {

namespace json = boost::json;

std::string limit_text(const EnvironmentSpec& spec) {
  return spec.max_episode_steps ? fmt::format("{}", *spec.max_episode_steps) : "-";
}

std::string threshold_text(const EnvironmentSpec& spec) {
  return spec.reward_threshold ? fmt::format("{}", *spec.reward_threshold) : "-";
}

json::object spec_json(std::string_view id, const EnvironmentSpec& spec) {
  json::object object{{"id", id},
                      {"observation_space", space_json(spec.observation_space)},
                      {"action_space", space_json(spec.action_space)},
                      {"max_episode_steps", nullptr},
                      {"reward_threshold", nullptr}};
  if (spec.max_episode_steps) object["max_episode_steps"] = *spec.max_episode_steps;
  if (spec.reward_threshold) object["reward_threshold"] = *spec.reward_threshold;
  return object;
}

json::array options_json(const std::vector<OptionDescription>& options) {
  json::array array;
  for (const auto& [name, type, default_value, help] : options) {
    array.push_back({{"name", name}, {"type", type}, {"default", default_value}, {"help", help}});
  }
  return array;
}

std::string options_text(const std::vector<OptionDescription>& options) {
  if (options.empty()) return "-";
  std::string text;
  for (const auto& [name, type, default_value, help] : options) {
    text += fmt::format("{}{}={}: {} ({})", text.empty() ? "" : "\n               ", name, default_value, help, type);
  }
  return text;
}

using Row = std::array<std::string, 5>;

std::string table(const std::vector<Row>& rows) {
  std::array<std::size_t, 5> widths{};
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const Row& row : rows) {
    for (std::size_t i = 0; i + 1 < row.size(); ++i) text += fmt::format("{:<{}}  ", row[i], widths[i]);
    text += row.back() + '\n';
  }
  return text;
}

struct Abilities {
  bool draws;
  bool replays;
  bool masks;
};

Abilities abilities(Environment& environment) {
  std::vector<float> observation(flat_size(environment.spec().observation_space));
  environment.reset(0, observation);
  Canvas canvas;
  return {
      .draws = environment.draw(canvas), .replays = !environment.state().empty(), .masks = environment.masks_actions()};
}

}  // namespace

void list_environments(const Registry& environments, Output output) {
  std::vector<Row> rows{{"id", "action", "limit", "threshold", "observation"}};
  json::array list;
  for (const std::string& id : environments.ids()) {
    const EnvironmentSpec spec = environments.make(id).spec();
    rows.push_back(
        {id, describe(spec.action_space), limit_text(spec), threshold_text(spec), describe(spec.observation_space)});
    list.push_back(spec_json(id, spec));
  }
  if (output == Output::json) {
    print_json(json::serialize(json::object{{"environments", std::move(list)}}));
  } else {
    print_human(table(rows));
  }
}

void describe_environment(const Registry& environments, std::string_view id, Output output) {
  Environment environment = environments.make(id);
  const EnvironmentSpec spec = environment.spec();
  const Abilities can = abilities(environment);
  const std::vector<std::string> presets = preset_names_of(id);
  if (output == Output::json) {
    json::object object = spec_json(id, spec);
    object["draws"] = can.draws;
    object["replays"] = can.replays;
    object["masks"] = can.masks;
    object["presets"] = json::array(presets.begin(), presets.end());
    object["options"] = options_json(environments.options(id));
    print_json(json::serialize(object));
    return;
  }
  print_human(fmt::format(
      "{}\n  observation  {}\n  action       {}\n  limit        {}\n  threshold    {}\n  drawing      {}\n"
      "  replay       {}\n  masks        {}\n  presets      {}\n  options      {}\n",
      id, describe(spec.observation_space), describe(spec.action_space),
      spec.max_episode_steps ? fmt::format("{} steps", *spec.max_episode_steps) : "-", threshold_text(spec),
      can.draws ? "yes" : "no", can.replays ? "yes" : "no", can.masks ? "yes" : "no",
      presets.empty() ? "-" : fmt::format("{}", fmt::join(presets, ", ")), options_text(environments.options(id))));
}

}  // namespace sounder
