#include "apps/policy_environment.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "envs/error.h"

namespace sounder {
namespace {

/// Takes the value whose turn it is of those between commas.
std::string_view take(std::string_view values, std::size_t turn) {
  const auto count = static_cast<std::size_t>(std::ranges::count(values, ',')) + 1;
  for (std::size_t i = turn % count; i > 0; --i) values.remove_prefix(values.find(',') + 1);
  return values.substr(0, values.find(','));
}

}  // namespace

OptionValues read_options(std::span<const std::string> texts, std::size_t turn) {
  OptionValues options;
  for (const std::string& text : texts) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos) throw UsageError(fmt::format("env_option: expected name=value; got '{}'", text));
    options[text.substr(0, equals)] = take(std::string_view(text).substr(equals + 1), turn);
  }
  return options;
}

Environment make_policy_environment(const Registry& environments, const TrainConfig& config, const Seat& seat) {
  const std::size_t turn = seat.player == Seat::Player::worker ? seat.number : seat.slot;
  return for_policy(
      environments.make(config.environment, read_options(config.env_option, turn)),
      {.wrappers = config.wrappers, .bounds = config.squash_actions ? ActionBounds::squash : ActionBounds::clip});
}

}  // namespace sounder
