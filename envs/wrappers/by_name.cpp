#include "envs/wrappers/by_name.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <utility>

#include "envs/error.h"
#include "envs/names.h"
#include "envs/wrappers/action_repeat.h"
#include "envs/wrappers/clip_observation.h"
#include "envs/wrappers/frame_stack.h"
#include "envs/wrappers/mask_observation.h"
#include "envs/wrappers/one_hot_observation.h"
#include "envs/wrappers/rescale_action.h"
#include "envs/wrappers/sticky_actions.h"

namespace sounder {
namespace {

/// Parses a whole text as a number.
template <class Number>
std::optional<Number> parsed(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// Parses integers separated by commas.
template <>
std::optional<std::vector<std::int64_t>> parsed(std::string_view text) {
  std::vector<std::int64_t> numbers;
  while (true) {
    const std::size_t comma = text.find(',');
    const auto number = parsed<std::int64_t>(text.substr(0, comma));
    if (!number) return std::nullopt;
    numbers.push_back(*number);
    if (comma == std::string_view::npos) return numbers;
    text.remove_prefix(comma + 1);
  }
}

/// Wraps an environment with the value parsed from a text. Returns nothing, and leaves the environment unchanged, if
/// the text cannot be parsed.
using Wrap = std::optional<Environment> (*)(Environment& environment, std::string_view value);

template <template <class> class W, class Value>
std::optional<Environment> wrap_with(Environment& environment, std::string_view text) {
  auto value = parsed<Value>(text);
  if (!value) return std::nullopt;
  return Environment(W<Environment>(std::move(environment), std::move(*value)));
}

template <template <class> class W>
std::optional<Environment> wrap_without(Environment& environment, std::string_view text) {
  if (!text.empty()) return std::nullopt;
  return Environment(W<Environment>(std::move(environment)));
}

struct NamedWrapper {
  std::string_view name;
  std::string_view expected;
  std::string_view example;
  Wrap wrap;
  bool changes_environment = false;
};

// The list of named wrappers, sorted.
constexpr std::array kWrappers{
    NamedWrapper{"action_repeat", "a whole number", "action_repeat=4", wrap_with<ActionRepeat, std::int64_t>, true},
    NamedWrapper{"clip_observation", "a number", "clip_observation=10", wrap_with<ClipObservation, float>},
    NamedWrapper{"frame_stack", "a whole number", "frame_stack=4", wrap_with<FrameStack, std::int64_t>},
    NamedWrapper{"mask_observation", "the numbers to keep, between commas", "mask_observation=0,2",
                 wrap_with<MaskObservation, std::vector<std::int64_t>>},
    NamedWrapper{"one_hot_observation", "no value", "one_hot_observation", wrap_without<OneHotObservation>},
    NamedWrapper{"rescale_action", "no value", "rescale_action", wrap_without<RescaleAction>},
    NamedWrapper{"sticky_actions", "a probability", "sticky_actions=0.25", wrap_with<StickyActions, float>, true},
};

std::string_view name_of(std::string_view wrapper) {
  return wrapper.substr(0, wrapper.find('='));
}

}  // namespace

Environment wrap(Environment environment, std::string_view wrapper) {
  const std::size_t equals = wrapper.find('=');
  const std::string_view name = name_of(wrapper);
  const std::string_view value = equals == std::string_view::npos ? "" : wrapper.substr(equals + 1);
  const auto* const found = std::ranges::find(kWrappers, name, &NamedWrapper::name);
  if (found == kWrappers.end()) throw UsageError(unknown_name("wrapper", name, wrapper_names()));
  if (auto wrapped = found->wrap(environment, value)) return std::move(*wrapped);
  throw UsageError(fmt::format("wrapper '{}' expects {}, got '{}'; write it like '{}'", name, found->expected, value,
                               found->example));
}

bool changes_environment(std::string_view wrapper) {
  const auto* const found = std::ranges::find(kWrappers, name_of(wrapper), &NamedWrapper::name);
  return found != kWrappers.end() && found->changes_environment;
}

std::vector<std::string> wrapper_names() {
  std::vector<std::string> names;
  for (const NamedWrapper& wrapper : kWrappers) names.emplace_back(wrapper.name);
  return names;
}

}  // namespace sounder
