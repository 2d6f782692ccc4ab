// The file format of plans.
#include <fmt/format.h>

#include <boost/json.hpp>

#include "apps/sweep/plan.h"
#include "envs/error.h"

namespace sounder::sweeping {
namespace {

namespace json = boost::json;

constexpr std::int64_t kFormat = 1;

/// Formats the keys that to_toml() writes, without its comments, because a plan may contain many configurations.
std::string short_toml(const TrainConfig& config, ConfigFields fields) {
  std::string text;
  for (const ConfigField& field : fields) {
    if (!is_written(config, field)) continue;
    text += fmt::format("{} = {}\n", field.name, value_text(config, field));
  }
  return text;
}

Plan read(const json::object& object, const std::string& source, ConfigFields fields) {
  Plan plan{.ranges = json::value_to<std::vector<std::string>>(object.at("ranges")),
            .keys = json::value_to<std::vector<std::string>>(object.at("keys")),
            .samples = object.at("samples").to_number<std::int64_t>(),
            .sweep_seed = object.at("sweep_seed").to_number<std::int64_t>(),
            .seeds = object.at("seeds").to_number<std::int64_t>()};
  for (const json::value& setting : object.at("settings").as_array()) {
    auto values = json::value_to<std::vector<std::string>>(setting.at("values"));
    if (values.size() != plan.keys.size()) throw Error("expected a value for every key");
    plan.settings.push_back(
        {.values = std::move(values),
         .config = read_saved_config(json::value_to<std::string>(setting.at("config")), source, fields)});
  }
  if (plan.settings.empty() || plan.seeds < 1) throw Error("expected at least one setting and one seed");
  return plan;
}

}  // namespace

std::string to_json(const Plan& plan, ConfigFields fields) {
  json::array settings;
  for (const Setting& setting : plan.settings) {
    settings.push_back({{"values", json::value_from(setting.values)}, {"config", short_toml(setting.config, fields)}});
  }
  return json::serialize(json::object{{"format", kFormat},
                                      {"ranges", json::value_from(plan.ranges)},
                                      {"keys", json::value_from(plan.keys)},
                                      {"samples", plan.samples},
                                      {"sweep_seed", plan.sweep_seed},
                                      {"seeds", plan.seeds},
                                      {"settings", std::move(settings)}}) +
         '\n';
}

Plan plan_from_json(std::string_view text, const std::string& source, ConfigFields fields) {
  try {
    const json::object object = json::parse({text.data(), text.size()}).as_object();
    if (object.at("format") != kFormat) throw Error(fmt::format("expected format {}", kFormat));
    return read(object, source, fields);
  } catch (const std::exception& error) {
    throw Error(fmt::format("'{}' is not a sweep's plan: {}", source, error.what()));
  }
}

}  // namespace sounder::sweeping
