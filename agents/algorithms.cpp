#include "agents/algorithms.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "agents/a3c.h"
#include "agents/action_value_agent.h"
#include "envs/error.h"
#include "envs/names.h"

namespace sounder {
namespace {

constexpr std::string_view kLower = "abcdefghijklmnopqrstuvwxyz";
constexpr std::string_view kOfKeys = "abcdefghijklmnopqrstuvwxyz0123456789_";
constexpr std::string_view kOfAlgorithms = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";

bool consists_of(std::string_view text, std::string_view letters) {
  return !text.empty() && text.find_first_not_of(letters) == std::string_view::npos;
}

void set_choices(std::vector<ConfigField>& fields, std::string_view key, std::vector<std::string> choices) {
  std::get<ConfigField::Text>(std::ranges::find(fields, key, &ConfigField::name)->type).choices = std::move(choices);
}

}  // namespace

Algorithms Algorithms::with_builtins() {
  Algorithms all;
  all.add("a3c", make_a3c_agents);
  all.add("a2c", make_a2c_agents);
  all.add("one_step_q", make_one_step_q_agents);
  all.add("one_step_sarsa", make_one_step_sarsa_agents);
  all.add("n_step_q", make_n_step_q_agents);
  return all;
}

void Algorithms::add(std::string name, Factory factory, std::vector<ConfigField> keys) {
  if (!consists_of(name, kOfAlgorithms)) {
    throw UsageError(
        fmt::format("an algorithm needs a name of letters, digits, _ and -: expected one such as "
                    "'my_algorithm', got '{}'",
                    name));
  }
  if (!factory) {
    throw UsageError(fmt::format("algorithm '{}' needs a function that makes its agents, got an empty one", name));
  }
  if (std::ranges::find(entries_, name, &Entry::name) != entries_.end()) {
    throw UsageError(fmt::format("algorithm '{}' is known already; add yours under another name", name));
  }
  for (auto key = keys.begin(); key != keys.end(); ++key) {
    require_free_key(name, *key);
    if (std::ranges::find(keys.begin(), key, key->name, &ConfigField::name) != key) {
      throw UsageError(fmt::format("algorithm '{}' has the key '{}' twice", name, key->name));
    }
    key->algorithm = name;
  }
  keys_.insert(keys_.end(), keys.begin(), keys.end());
  entries_.push_back({.name = std::move(name), .factory = std::move(factory)});
}

void Algorithms::require_free_key(const std::string& algorithm, const ConfigField& key) const {
  const auto refuse = [&](const std::string& why) {
    throw UsageError(fmt::format("key '{}' of algorithm '{}' {}", key.name, algorithm, why));
  };
  if (!consists_of(key.name, kOfKeys) || kLower.find(key.name.front()) == std::string_view::npos) {
    refuse("needs a name of a-z, 0-9 and _ that begins with a letter, such as 'my_key'");
  }
  if (key.help.find_first_of("\n\r") != std::string::npos) refuse("needs a help of one line");  // a comment in TOML
  if (std::ranges::find(config_fields(), key.name, &ConfigField::name) != config_fields().end()) {
    refuse("is a key of Sounder already; name it otherwise");
  }
  const auto other = std::ranges::find(keys_, key.name, &ConfigField::name);
  if (other != keys_.end()) {
    refuse(fmt::format("is a key of algorithm '{}' already; name it otherwise", other->algorithm));
  }
  try {
    check_config({}, {&key, 1});
  } catch (const UsageError& error) {
    refuse(fmt::format("has a default out of its range: {}", error.what()));
  }
}

std::unique_ptr<AgentFactory> Algorithms::make(const TrainConfig& config, const EnvironmentSpec& spec,
                                               const Networks& networks) const {
  const auto found = std::ranges::find(entries_, config.algorithm, &Entry::name);
  if (found == entries_.end()) throw UsageError(unknown_name("algorithm", config.algorithm, names()));
  auto agents = found->factory(config, spec, networks);
  if (agents == nullptr) throw Error(fmt::format("algorithm '{}' made no agents", config.algorithm));
  return agents;
}

std::vector<std::string> Algorithms::names() const {
  std::vector<std::string> names;
  for (const Entry& entry : entries_) names.push_back(entry.name);
  return names;
}

std::vector<ConfigField> Algorithms::fields() const {
  std::vector<ConfigField> fields(config_fields().begin(), config_fields().end());
  set_choices(fields, "algorithm", names());
  fields.insert(fields.end(), keys_.begin(), keys_.end());
  return fields;
}

std::vector<ConfigField> Algorithms::fields(const Networks& networks) const {
  std::vector<ConfigField> all = fields();
  set_choices(all, "network", networks.names());
  return all;
}

}  // namespace sounder
