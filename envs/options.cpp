#include "envs/options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>

#include "envs/error.h"
#include "envs/names.h"
#include "envs/parse_number.h"

namespace sounder {
namespace {

/// Sets an option from text. Each overload returns whether the text has the option's type and lies within its range.
struct FromText {
  const BoundOption& option;
  const std::string& text;

  bool operator()(double* target) const { return set_number(target, parse_real(text)); }
  bool operator()(std::int64_t* target) const { return set_number(target, parse_integer(text)); }
  bool operator()(bool* target) const {
    if (text != "true" && text != "false") return false;
    *target = text == "true";
    return true;
  }
  bool operator()(std::string* target) const {
    if (!option.choices.empty() && std::ranges::find(option.choices, text) == option.choices.end()) return false;
    *target = text;
    return true;
  }

  template <class Number>
  bool set_number(Number* target, std::optional<Number> number) const {
    if (!number) return false;
    const auto real = static_cast<double>(*number);
    if (real < option.low || real > option.high) return false;
    *target = *number;
    return true;
  }
};

std::string type_of(const BoundOption& option) {
  struct Visitor {
    const BoundOption& option;
    std::string operator()(const double*) const { return within("number"); }
    std::string operator()(const std::int64_t*) const { return within("integer"); }
    std::string operator()(const bool*) const { return "true or false"; }
    std::string operator()(const std::string*) const {
      return option.choices.empty() ? "text" : fmt::format("one of {}", fmt::join(option.choices, ", "));
    }
    std::string within(std::string_view kind) const {
      constexpr double kLargest = std::numeric_limits<double>::max();
      if (option.low == -kLargest && option.high == kLargest) return std::string(kind);
      if (option.high == kLargest) return fmt::format("{}, at least {}", kind, option.low);
      if (option.low == -kLargest) return fmt::format("{}, at most {}", kind, option.high);
      return fmt::format("{}, {} to {}", kind, option.low, option.high);
    }
  };
  return std::visit(Visitor{option}, option.target);
}

}  // namespace

void set_options(std::span<const BoundOption> options, const OptionValues& values, std::string_view environment) {
  for (const auto& [name, text] : values) {
    const auto option = std::ranges::find(options, name, &BoundOption::name);
    if (option == options.end()) {
      std::vector<std::string> names;
      for (const BoundOption& known : options) names.emplace_back(known.name);
      if (names.empty())
        throw UsageError(fmt::format("environment '{}' takes no options; got '{}'", environment, name));
      throw UsageError(unknown_name(fmt::format("option of {}", environment), name, names));
    }
    if (std::visit(FromText{*option, text}, option->target)) continue;
    throw UsageError(
        fmt::format("option '{}' of {}: expected {}; got '{}'", name, environment, type_of(*option), text));
  }
}

std::vector<OptionDescription> describe_options(std::span<const BoundOption> options) {
  std::vector<OptionDescription> descriptions;
  for (const BoundOption& option : options) {
    descriptions.push_back(
        {.name = std::string(option.name),
         .type = type_of(option),
         .default_value = std::visit([](const auto* value) { return fmt::format("{}", *value); }, option.target),
         .help = std::string(option.help)});
  }
  return descriptions;
}

}  // namespace sounder
