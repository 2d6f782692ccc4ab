#include "envs/wrappers/one_hot_observation.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <variant>

#include "envs/error.h"
#include "envs/program.h"

namespace sounder {
namespace {

constexpr std::int64_t kMostNumbers = 1'000'000;

/// Returns the number of options of each choice of a space; empty for a space without a one-hot encoding.
std::span<const std::int64_t> counts_of(const Space& space) noexcept {
  if (const auto* const choice = std::get_if<Discrete>(&space)) return {&choice->n, 1};
  if (const auto* const choices = std::get_if<MultiDiscrete>(&space)) return choices->counts;
  return {};
}

/// Formats the error for an invalid observation, with at most eight of its numbers.
Error no_element(const Space& space, std::span<const float> choices) {
  constexpr std::size_t kShown = 8;
  const auto shown = choices.first(std::min(choices.size(), kShown));
  return Error(fmt::format("the environment's observation [{}{}] is not in {}; find out why with '{} check'",
                           fmt::join(shown, ", "), choices.size() > kShown ? ", ..." : "", describe(space),
                           program_name()));
}

}  // namespace

bool has_one_hot(const Space& space) noexcept {
  return std::holds_alternative<Discrete>(space) || std::holds_alternative<MultiDiscrete>(space);
}

Box one_hot_box(const Space& space) {
  if (!has_one_hot(space)) {
    throw UsageError(fmt::format(
        "wrapper 'one_hot_observation' needs Discrete or MultiDiscrete observations, this environment's are "
        "of {}; leave the wrapper out",
        describe(space)));
  }
  std::int64_t numbers = 0;
  for (const std::int64_t count : counts_of(space)) {
    // Compares before adding, because the sum of large counts would overflow.
    if (count > kMostNumbers - numbers) {
      throw UsageError(
          fmt::format("wrapper 'one_hot_observation' makes at most {} numbers of an observation, {} takes more; give "
                      "the environment observations of a Box",
                      kMostNumbers, describe(space)));
    }
    numbers += count;
  }
  return Box::uniform(0.0F, 1.0F, {numbers});
}

void write_one_hot(const Space& space, std::span<const float> choices, std::span<float> one_hot) {
  if (!contains(space, choices)) throw no_element(space, choices);
  std::ranges::fill(one_hot, 0.0F);
  std::size_t first = 0;  // index of the current choice's first option
  const std::span<const std::int64_t> counts = counts_of(space);
  for (std::size_t i = 0; i < counts.size(); ++i) {
    one_hot[first + static_cast<std::size_t>(choices[i])] = 1.0F;
    first += static_cast<std::size_t>(counts[i]);
  }
}

}  // namespace sounder
