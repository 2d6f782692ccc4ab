#include "envs/action_mask.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <numeric>
#include <variant>

#include "envs/error.h"

namespace sounder {

std::span<const std::int64_t> option_counts(const Space& action_space) noexcept {
  if (const auto* const choice = std::get_if<Discrete>(&action_space)) return {&choice->n, 1};
  if (const auto* const several = std::get_if<MultiDiscrete>(&action_space)) return several->counts;
  return {};
}

std::size_t mask_size(const Space& action_space) {
  const auto counts = option_counts(action_space);
  if (counts.empty()) {
    throw UsageError(fmt::format(
        "an action mask is for Discrete and MultiDiscrete actions, this environment has a mask and {}; take "
        "the mask away, or give it other actions",
        describe(action_space)));
  }
  return static_cast<std::size_t>(std::accumulate(counts.begin(), counts.end(), std::int64_t{0}));
}

ActionMask mask_of_choice(const Space& action_space, ActionMask mask, std::size_t choice) noexcept {
  if (mask.empty()) return mask;
  const auto counts = option_counts(action_space);
  const auto before =
      std::accumulate(counts.begin(), counts.begin() + static_cast<std::ptrdiff_t>(choice), std::int64_t{0});
  return mask.subspan(static_cast<std::size_t>(before), static_cast<std::size_t>(counts[choice]));
}

std::int64_t count_allowed(ActionMask mask) noexcept {
  return std::ranges::count_if(mask, [](std::uint8_t number) { return number != 0; });
}

std::int64_t nth_allowed(ActionMask mask, std::int64_t n) noexcept {
  assert(n >= 0 && n < count_allowed(mask));
  std::size_t option = 0;
  while (!allows(mask, option) || n-- > 0) ++option;
  return static_cast<std::int64_t>(option);
}

bool allows_any(const Space& action_space, ActionMask mask) noexcept {
  if (mask.empty()) return true;
  for (const std::int64_t count : option_counts(action_space)) {
    if (count_allowed(mask.first(static_cast<std::size_t>(count))) == 0) return false;
    mask = mask.subspan(static_cast<std::size_t>(count));
  }
  return true;
}

}  // namespace sounder
