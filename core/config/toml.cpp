#include <fmt/format.h>
#include <fmt/ranges.h>
#include <toml++/toml.h>

#include <algorithm>
#include <cmath>
#include <sstream>

#include "core/config/config.h"
#include "core/config/toml_limits.h"
#include "core/real_text.h"
#include "envs/error.h"

namespace sounder {
namespace {

std::string quoted(const std::string& text) {
  std::ostringstream stream;
  stream << toml::toml_formatter(toml::value<std::string>(text), toml::format_flags::none);
  return stream.str();
}

/// Formats a TOML value for set_config(); nothing for a type that no key has.
std::optional<std::string> as_text(const toml::node& node) {
  if (const auto* integer = node.as_integer()) return fmt::format("{}", integer->get());
  if (const auto* real = node.as_floating_point()) return real_text(real->get());
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* flag = node.as_boolean()) return flag->get() ? "true" : "false";
  if (const auto* array = node.as_array()) {
    const bool texts = array->is_homogeneous<std::string>();
    std::vector<std::string> elements;
    for (const toml::node& element : *array) {
      if (!texts && !element.is_number()) return std::nullopt;
      elements.push_back(*as_text(element));
    }
    return fmt::format("{}", fmt::join(elements, texts ? ";" : ","));
  }
  return std::nullopt;
}

/// Returns whether a TOML value has the type in which a field is written, so that `workers = "2"` is refused.
struct HasTypeOf {
  const toml::node& node;

  bool operator()(const ConfigField::Integer&) const { return node.is_number(); }  // 1e6 counts as an integer
  bool operator()(const ConfigField::Real&) const { return node.is_number(); }
  bool operator()(const ConfigField::OptionalReal&) const {
    return node.is_number() || node.value_exact<std::string>() == kNone;
  }
  bool operator()(const ConfigField::Text&) const { return node.is_string(); }
  bool operator()(const ConfigField::Texts&) const {
    return node.is_array() && (node.as_array()->empty() || node.as_array()->is_homogeneous<std::string>());
  }
  bool operator()(const ConfigField::Flag&) const { return node.is_boolean(); }
  bool operator()(const ConfigField::Integers&) const { return node.is_array(); }
};

/// Describes a value's type for an error: `"2" (a string)`, `a table`.
std::string describe(const toml::node& node) {
  if (node.is_table()) return "a table";
  std::ostringstream stream;
  node.visit([&stream](const auto& value) { stream << value; });
  std::string text = stream.str();
  std::replace(text.begin(), text.end(), '\n', ' ');
  return node.is_string() ? fmt::format("{} (a string)", text) : text;
}

void apply(TrainConfig& config, ConfigFields fields, std::string_view key, const toml::node& node) {
  const auto field = std::find_if(fields.begin(), fields.end(), [key](const auto& f) { return f.name == key; });
  const auto text = as_text(node);
  // set_config() refuses unknown keys.
  if (field != fields.end() && (!text || !std::visit(HasTypeOf{node}, field->type))) {
    throw UsageError(fmt::format("{}: expected {}; got {}", key, describe_type(*field), describe(node)));
  }
  set_config(config, key, text.value_or(""), fields);
}

bool is_known(ConfigFields fields, std::string_view key) {
  return std::ranges::find(fields, key, &ConfigField::name) != fields.end();
}

/// Returns why a configuration that this project wrote does not fit the fields: another program added the algorithm,
/// the network or a key. Empty if that is not why.
std::string of_another_program(const toml::table& table, ConfigFields fields) {
  for (const std::string_view key : {"algorithm", "network"}) {
    const auto name = table[key].value<std::string>();
    const auto field = std::ranges::find(fields, key, &ConfigField::name);
    const auto& known = std::get<ConfigField::Text>(field->type).choices;
    if (!name || known.empty() || std::ranges::find(known, *name) != known.end()) continue;
    return fmt::format(
        "its {0} '{1}' is not one of {2}: open it with the program that trained it, or add the {0} to this one", key,
        *name, fmt::join(known, ", "));
  }
  for (const auto& [key, node] : table) {
    if (is_known(fields, key.str())) continue;
    return fmt::format("unknown key '{}'; open it with the program that trained it, or one of the same version",
                       key.str());
  }
  return {};
}

toml::table parse(std::string_view toml_text, std::string_view source) {
  check_toml_limits(toml_text, source);
  try {
    return toml::parse(toml_text);
  } catch (const toml::parse_error& error) {
    throw UsageError(fmt::format("{}:{}: not TOML: {}", source, error.source().begin.line, error.description()));
  }
}

std::vector<std::string> apply_table(TrainConfig& config, const toml::table& table, std::string_view source,
                                     ConfigFields fields, UnknownKeys unknown) {
  // Works on a copy, so that a key that is refused later leaves `config` unchanged.
  TrainConfig changed = config;
  std::vector<std::string> keys;
  for (const auto& [key, node] : table) {
    if (unknown == UnknownKeys::skipped && !is_known(fields, key.str())) continue;
    try {
      apply(changed, fields, key.str(), node);
      keys.emplace_back(key.str());
    } catch (const UsageError& error) {
      throw UsageError(fmt::format("{}:{}: {}", source, key.source().begin.line, error.what()));
    }
  }
  config = std::move(changed);
  return keys;
}

}  // namespace

std::vector<std::string> apply_toml(TrainConfig& config, std::string_view toml_text, std::string_view source,
                                    ConfigFields fields, UnknownKeys unknown) {
  return apply_table(config, parse(toml_text, source), source, fields, unknown);
}

TrainConfig read_saved_config(std::string_view toml_text, std::string_view source, ConfigFields fields) {
  const toml::table table = parse(toml_text, source);
  if (const std::string reason = of_another_program(table, fields); !reason.empty()) {
    throw UsageError(fmt::format("{}: {}", source, reason));
  }
  TrainConfig config;
  apply_table(config, table, source, fields, UnknownKeys::refused);
  return config;
}

bool is_written(const TrainConfig& config, const ConfigField& field) {
  return field.algorithm.empty() || field.algorithm == config.algorithm;
}

std::string value_text(const TrainConfig& config, const ConfigField& field) {
  struct Visitor {
    const TrainConfig& config;

    std::string operator()(const ConfigField::Integer& type) const { return fmt::format("{}", type.member.of(config)); }
    std::string operator()(const ConfigField::Real& type) const { return real_text(type.member.of(config)); }
    std::string operator()(const ConfigField::OptionalReal& type) const {
      const auto& number = type.member.of(config);
      return number ? real_text(*number) : fmt::format("\"{}\"", kNone);
    }
    std::string operator()(const ConfigField::Text& type) const { return quoted(type.member.of(config)); }
    std::string operator()(const ConfigField::Texts& type) const {
      std::vector<std::string> texts;
      for (const std::string& text : type.member.of(config)) texts.push_back(quoted(text));
      return fmt::format("[{}]", fmt::join(texts, ", "));
    }
    std::string operator()(const ConfigField::Flag& type) const { return type.member.of(config) ? "true" : "false"; }
    std::string operator()(const ConfigField::Integers& type) const {
      return fmt::format("[{}]", fmt::join(type.member.of(config), ", "));
    }
  };
  return std::visit(Visitor{config}, field.type);
}

std::string to_toml(const TrainConfig& config, ConfigFields fields) {
  std::string text;
  for (const ConfigField& field : fields) {
    if (!is_written(config, field)) continue;
    text +=
        fmt::format("# {} ({})\n{} = {}\n\n", field.help, describe_type(field), field.name, value_text(config, field));
  }
  text.pop_back();
  return text;
}

}  // namespace sounder
