#include "apps/options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <optional>
#include <utility>

#include "envs/error.h"
#include "envs/parse_number.h"

namespace sounder {
namespace {

// Replaces CLI11's conversions, which accept octal and hexadecimal numbers.
std::optional<std::int64_t> parse(const std::string& text, std::int64_t) {
  return parse_integer(text);
}

std::optional<double> parse(const std::string& text, double) {
  return parse_real(text);
}

/// Adds an option that sets a number or an optional number.
template <class Value, class Number>
void add_parsed(CLI::App& app, const Label& label, Value& value, Limits<Number> limits) {
  constexpr bool kInteger = std::is_same_v<Number, std::int64_t>;
  const auto set = [name = label.name, &value, limits](const std::string& text) {
    const std::optional<Number> number = parse(text, Number());
    if (!number || *number < limits.min || *number > limits.max) {
      throw UsageError(fmt::format("{}: expected {}, {} to {}; got '{}'", name, kInteger ? "integer" : "number",
                                   limits.min, limits.max, text));
    }
    value = *number;
  };
  app.add_option_function<std::string>(label.name, set, label.help)
      ->type_name(kInteger ? "N" : "X")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
}

template <class Number>
Label with_default(const Label& label, Number value) {
  return {.name = label.name, .help = fmt::format("{} [{}]", label.help, value)};
}

/// Rejects an option as a value: CLI11 takes the next option as the value of one whose value was forgotten.
void refuse_option_as_value(const std::string& name, const std::string& text) {
  if (text.starts_with("--")) throw UsageError(fmt::format("{}: expected a value; got the option '{}'", name, text));
}

std::string group_of(const ConfigField& field) {
  // The manual finds them by how they begin.
  return field.algorithm.empty() ? "Configuration (an environment's preset may change defaults)"
                                 : fmt::format("Configuration of algorithm '{}'", field.algorithm);
}

CLI::Option* add_field(CLI::App& app, const ConfigField& field) {
  std::string help = field.help;
  const bool flag = std::holds_alternative<ConfigField::Flag>(field.type);
  if (!flag) help += fmt::format(": {}; default {}", describe_type(field), value_text(TrainConfig{}, field));
  if (field.on_resume == OnResume::kept) help += "; kept on --resume";
  if (flag) return app.add_flag(option_name(field.name), std::as_const(help));
  return add_text(app, {.name = option_name(field.name), .help = help}, [](const std::string&) {});
}

}  // namespace

std::string option_name(std::string_view key) {
  std::string name = fmt::format("--{}", key);
  std::ranges::replace(name, '_', '-');
  return name;
}

void add_number(CLI::App& app, const Label& label, std::int64_t& value, Limits<std::int64_t> limits) {
  add_parsed(app, with_default(label, value), value, limits);
}

void add_number(CLI::App& app, const Label& label, double& value, Limits<double> limits) {
  add_parsed(app, with_default(label, value), value, limits);
}

void add_number(CLI::App& app, const Label& label, std::optional<std::int64_t>& value, Limits<std::int64_t> limits) {
  add_parsed(app, label, value, limits);
}

void add_number(CLI::App& app, const Label& label, std::optional<double>& value, Limits<double> limits) {
  add_parsed(app, label, value, limits);
}

CLI::Option* add_text(CLI::App& app, const Label& label, const TakeText& take) {
  const auto take_checked = [name = label.name, take](const std::string& text) {
    refuse_option_as_value(name, text);
    take(text);
  };
  return app.add_option_function<std::string>(label.name, take_checked, label.help)
      ->type_name(label.type)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
}

CLI::Option* add_texts(CLI::App& app, const Label& label, const TakeText& take) {
  const auto take_each = [name = label.name, take](const std::vector<std::string>& texts) {
    for (const std::string& text : texts) {
      refuse_option_as_value(name, text);
      take(text);
    }
  };
  return app.add_option_function<std::vector<std::string>>(label.name, take_each, label.help)
      ->type_name(label.type)
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

void add_json(CLI::App& app, Output& output) {
  app.add_flag_callback(
      "--json", [&output] { output = Output::json; }, "print one JSON object to stdout");
}

ConfigOptions::ConfigOptions(CLI::App& app, ConfigFields fields)
    : app_(app),
      set_(add_texts(
          app, {.name = "--set", .help = "sets one key of the configuration; may be repeated", .type = "key=value"},
          [](const std::string&) {})) {
  for (const ConfigField& field : fields) {
    if (field.name == "environment") continue;  // given as ENV
    CLI::Option* const option = add_field(app, field);
    option->multi_option_policy(CLI::MultiOptionPolicy::TakeLast)->group(group_of(field));
    keys_.emplace(option,
                  Key{.name = field.name, .takes_texts = std::holds_alternative<ConfigField::Texts>(field.type)});
  }
}

std::vector<ConfigOverride> ConfigOptions::overrides() const {
  std::vector<ConfigOverride> list;
  std::map<const CLI::Option*, std::size_t> times_seen;
  for (const CLI::Option* option : app_.parse_order()) {
    const auto key = keys_.find(option);
    if (key == keys_.end() && option != set_) continue;
    const std::string& value = option->results().at(times_seen[option]++);
    if (option == set_) {
      list.push_back(parse_override(value));
      continue;
    }
    const auto& [name, takes_texts] = key->second;
    if (times_seen[option] > 1 && takes_texts) {  // repeated values accumulate
      const auto earlier = std::ranges::find(list, name, &ConfigOverride::key);
      earlier->value += ';' + value;
    } else {
      list.push_back({.key = name, .value = value});
    }
  }
  return list;
}

}  // namespace sounder
