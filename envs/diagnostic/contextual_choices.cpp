#include "envs/diagnostic/contextual_choices.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <numeric>
#include <utility>

#include "envs/error.h"
#include "envs/internal_state.h"
#include "envs/random.h"

namespace sounder::envs {
namespace {

std::vector<std::int64_t> checked(std::vector<std::int64_t> counts) {
  constexpr std::int64_t kMaxCount = 1'000;
  if (counts.empty()) throw UsageError("there is nothing to choose: expected at least one count of options, got none");
  for (const std::int64_t count : counts) {
    if (count >= 1 && count <= kMaxCount) continue;
    throw UsageError(fmt::format("a choice among {} options: expected 1 to {}", count, kMaxCount));
  }
  return counts;
}

}  // namespace

ContextualChoices::ContextualChoices(std::vector<std::int64_t> counts, Space action_space)
    : counts_(checked(std::move(counts))), right_(counts_.size()) {
  const std::int64_t options = std::accumulate(counts_.begin(), counts_.end(), std::int64_t{0});
  spec_ = {.observation_space = Box::uniform(0.0F, 1.0F, {options + 1}),
           .action_space = std::move(action_space),
           .reward_threshold = 0.99 * static_cast<double>(kSteps)};
}

void ContextualChoices::reset(std::uint64_t seed, std::span<float> observation) noexcept {
  key_ = derive_seed({.seed = seed, .worker = 0, .purpose = Stream::environment}) >> 32U;  // exact as a double
  steps_ = 0;
  observe(observation);
}

StepResult ContextualChoices::step(std::span<const std::int64_t> action, std::span<float> observation) noexcept {
  assert(action.size() == right_.size());
  std::int64_t hits = 0;
  for (std::size_t i = 0; i < right_.size(); ++i) hits += action[i] == right_[i] ? 1 : 0;
  ++steps_;
  observe(observation);
  return {.reward = static_cast<float>(hits) / static_cast<float>(right_.size()), .terminated = steps_ == kSteps};
}

void ContextualChoices::draw(Canvas& canvas) const {
  constexpr Color kRight{80, 160, 80};
  constexpr Color kOther{200, 200, 200};
  constexpr Color kTime{129, 132, 203};
  const auto columns = static_cast<double>(counts_.size());
  const auto rows = static_cast<double>(*std::ranges::max_element(counts_));
  canvas.set_view({.lower_left = {-0.5, -1.0}, .upper_right = {columns + 0.5, rows + 0.5}});
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    for (std::int64_t option = 0; option < counts_[i]; ++option) {
      const Point center{static_cast<double>(i) + 0.5, static_cast<double>(option) + 0.5};
      canvas.circle({.center = center, .radius = 0.35, .color = option == right_[i] ? kRight : kOther});
    }
  }
  const double left = static_cast<double>(kSteps - steps_) / static_cast<double>(kSteps);
  canvas.line({.from = {0.0, -0.5}, .to = {columns * left, -0.5}, .width = 0.2, .color = kTime});
}

void ContextualChoices::set_state(std::span<const double> state, std::span<float> observation) {
  require_state_size(state, 2);
  const std::int64_t key = state_index(state[0], std::int64_t{1} << 32U);
  steps_ = state_index(state[1], kSteps + 1);
  key_ = static_cast<std::uint64_t>(key);
  observe(observation);
}

void ContextualChoices::observe(std::span<float> observation) noexcept {
  assert(observation.size() == flat_size(spec_.observation_space));
  // Each step draws its context from its own stream, so the state consists of the key and the step only.
  Rng rng(StreamKey{
      .seed = key_, .worker = 0, .purpose = Stream::environment, .index = static_cast<std::uint64_t>(steps_)});
  std::ranges::fill(observation, 0.0F);
  std::size_t first = 0;  // index of the current choice's first option
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    right_[i] = rng.below(counts_[i]);
    observation[first + static_cast<std::size_t>(right_[i])] = 1.0F;
    first += static_cast<std::size_t>(counts_[i]);
  }
  observation[first] = static_cast<float>(kSteps - steps_) / static_cast<float>(kSteps);
}

}  // namespace sounder::envs
