#include "core/config/config.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cassert>

#include "core/config/other_names.h"
#include "envs/error.h"
#include "envs/names.h"
#include "envs/parse_number.h"

namespace sounder {
namespace {

/// Returns whether a number is in the range of its field; a NaN is not.
template <class Number, class Field>
bool within(Number number, const Field& field) {
  return number >= field.min && number <= field.max;
}

/// Returns whether a text is one of a field's choices.
bool chosen(std::string_view text, const std::vector<std::string>& choices) {
  return choices.empty() || std::ranges::find(choices, text) != choices.end();
}

/// Parses "64,64"; nothing if an element is not an integer within the field's range.
std::optional<std::vector<std::int64_t>> parse_integers(std::string_view text, const ConfigField::Integers& field) {
  std::vector<std::int64_t> numbers;
  for (bool more = true; more;) {
    const std::size_t comma = text.find(',');
    const auto number = parse_integer(text.substr(0, comma));
    if (!number || !within(*number, field)) return std::nullopt;
    numbers.push_back(*number);
    more = comma != std::string_view::npos;
    if (more) text.remove_prefix(comma + 1);
  }
  return numbers;
}

/// Splits "frame_stack=4;clip_observation=10" at its semicolons; nothing for an empty text.
std::vector<std::string> parse_texts(std::string_view text) {
  std::vector<std::string> texts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(';'), text.size());
    texts.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return texts;
}

/// Sets a field from text. Returns whether the text has the field's type and is within its range.
struct FromText {
  TrainConfig& config;
  std::string_view text;

  bool operator()(const ConfigField::Integer& field) const {
    const auto number = parse_integer(text);
    if (!number || !within(*number, field)) return false;
    field.member.set(config, *number);
    return true;
  }
  bool operator()(const ConfigField::Real& field) const {
    const auto number = parse_real(text);
    if (!number || !within(*number, field)) return false;
    field.member.set(config, *number);
    return true;
  }
  bool operator()(const ConfigField::OptionalReal& field) const {
    const auto number = parse_real(text);
    if (text != kNone && (!number || !within(*number, field))) return false;
    field.member.set(config, number);
    return true;
  }
  bool operator()(const ConfigField::Text& field) const {
    if (!chosen(text, field.choices)) return false;
    field.member.set(config, std::string(text));
    return true;
  }
  bool operator()(const ConfigField::Texts& field) const {
    field.member.set(config, parse_texts(text));
    return true;
  }
  bool operator()(const ConfigField::Flag& field) const {
    if (text != "true" && text != "false") return false;
    field.member.set(config, text == "true");
    return true;
  }
  bool operator()(const ConfigField::Integers& field) const {
    auto numbers = parse_integers(text, field);
    if (!numbers) return false;
    field.member.set(config, std::move(*numbers));
    return true;
  }
};

/// Returns whether a field's value is one that FromText would have set.
struct IsValid {
  const TrainConfig& config;

  bool operator()(const ConfigField::Integer& field) const { return within(field.member.of(config), field); }
  bool operator()(const ConfigField::Real& field) const { return within(field.member.of(config), field); }
  bool operator()(const ConfigField::OptionalReal& field) const {
    const std::optional<double>& number = field.member.of(config);
    return !number || within(*number, field);
  }
  bool operator()(const ConfigField::Text& field) const { return chosen(field.member.of(config), field.choices); }
  bool operator()(const ConfigField::Texts&) const { return true; }
  bool operator()(const ConfigField::Flag&) const { return true; }
  bool operator()(const ConfigField::Integers& field) const {
    const std::vector<std::int64_t>& numbers = field.member.of(config);
    return !numbers.empty() && std::ranges::all_of(numbers, [&](std::int64_t number) { return within(number, field); });
  }
};

const ConfigField& find_field(ConfigFields fields, std::string_view key) {
  const auto found = std::find_if(fields.begin(), fields.end(), [key](const auto& field) { return field.name == key; });
  if (found != fields.end()) return *found;
  const auto meant = keys_for_other_name(key);
  if (!meant.empty()) throw UsageError(did_you_mean("key", key, meant));
  std::vector<std::string> names;
  for (const ConfigField& field : fields) names.push_back(field.name);
  throw UsageError(unknown_name("key", key, names));
}

/// Refuses values of your own that none of the fields describes.
void check_own(const TrainConfig& config, ConfigFields fields) {
  for (const auto& [key, value] : config.own) {
    if (std::ranges::find(config_fields(), key, &ConfigField::name) != config_fields().end()) {
      throw UsageError(fmt::format("{}: expected in the member of TrainConfig; got it in TrainConfig::own", key));
    }
    const ConfigField& field = find_field(fields, key);
    const bool fits = std::visit([&own = value](const auto& type) { return type.member.has_type_of(own); }, field.type);
    if (fits) continue;
    throw UsageError(fmt::format("{}: expected {}; got a value of another type", key, describe_type(field)));
  }
}

}  // namespace

const OwnValue* find_own(const TrainConfig& config, const std::string& key) noexcept {
  const auto found = config.own.find(key);
  return found != config.own.end() ? &found->second : nullptr;
}

void set_own(TrainConfig& config, const std::string& key, std::optional<OwnValue> value) {
  if (value) {
    config.own.insert_or_assign(key, std::move(*value));
  } else {
    config.own.erase(key);
  }
}

std::vector<ConfigField> config_fields_with(const std::map<std::string, std::vector<std::string>, std::less<>>& choices,
                                            ConfigFields own) {
  std::vector<ConfigField> fields(config_fields().begin(), config_fields().end());
  fields.insert(fields.end(), own.begin(), own.end());
  for (const auto& [key, names] : choices) {
    const auto field = std::ranges::find(fields, key, &ConfigField::name);
    assert(field != fields.end());
    std::get<ConfigField::Text>(field->type).choices = names;
  }
  return fields;
}

void set_config(TrainConfig& config, std::string_view key, std::string_view value, ConfigFields fields) {
  const ConfigField& field = find_field(fields, key);
  if (std::visit(FromText{config, value}, field.type)) return;
  const auto* const text = std::get_if<ConfigField::Text>(&field.type);
  if (text != nullptr) throw UsageError(unknown_name(key, value, text->choices));
  throw UsageError(fmt::format("{}: expected {}; got '{}'", key, describe_type(field), value));
}

void check_config(const TrainConfig& config, ConfigFields fields) {
  for (const ConfigField& field : fields) {
    if (std::visit(IsValid{config}, field.type)) continue;
    if (const auto* const text = std::get_if<ConfigField::Text>(&field.type)) {
      throw UsageError(unknown_name(field.name, text->member.of(config), text->choices));
    }
    throw UsageError(
        fmt::format("{}: expected {}; got {}", field.name, describe_type(field), value_text(config, field)));
  }
  check_own(config, fields);
}

std::string describe_type(const ConfigField& field) {
  struct Visitor {
    std::string operator()(const ConfigField::Integer& type) const {
      return fmt::format("integer, {} to {}", type.min, type.max);
    }
    std::string operator()(const ConfigField::Real& type) const {
      return fmt::format("number, {} to {}", type.min, type.max);
    }
    std::string operator()(const ConfigField::OptionalReal& type) const {
      return fmt::format("number, {} to {}, or {}", type.min, type.max, kNone);
    }
    std::string operator()(const ConfigField::Text& type) const {
      return type.choices.empty() ? "name" : fmt::format("one of {}", fmt::join(type.choices, ", "));
    }
    std::string operator()(const ConfigField::Texts& type) const {
      return fmt::format("{}, separated by ; on the command line",
                         type.choices.empty() ? "texts" : fmt::format("any of {}", fmt::join(type.choices, ", ")));
    }
    std::string operator()(const ConfigField::Flag&) const { return "true or false"; }
    std::string operator()(const ConfigField::Integers& type) const {
      return fmt::format("integers, {} to {} each", type.min, type.max);
    }
  };
  return std::visit(Visitor{}, field.type);
}

std::vector<UnusedKey> unused_keys(const ConfigUse& use, std::span<const std::string> given, ConfigFields fields) {
  std::vector<UnusedKey> unused;
  for (const ConfigField& field : fields) {
    if (std::ranges::find(given, field.name) == given.end()) continue;
    std::string reason;
    if (!field.algorithm.empty() && field.algorithm != use.config.algorithm) {
      reason = fmt::format("it is a key of algorithm '{}'", field.algorithm);
    } else if (field.no_effect != nullptr) {
      reason = field.no_effect(use);
    }
    if (!reason.empty()) unused.push_back({.key = field.name, .reason = std::move(reason)});
  }
  return unused;
}

std::string describe(const UnusedKey& unused) {
  return fmt::format("{} has no effect: {}", unused.key, unused.reason);
}

}  // namespace sounder
