#include "envs/action.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace sounder {
namespace {

/// Draws between two bounds. An infinite bound is replaced by the other bound plus or minus 1; two infinite bounds by
/// -1 and 1.
float draw_between(float low, float high, Rng& rng) noexcept {
  if (std::isinf(low) && std::isinf(high)) return -1.0F + 2.0F * rng.uniform();
  if (std::isinf(low)) low = high - 1.0F;
  if (std::isinf(high)) high = low + 1.0F;
  // Computed in double, because the width of a box may exceed the range of floats. Rounding back to float may overshoot
  // a bound, hence the clamp.
  return std::clamp(static_cast<float>(rng.uniform(static_cast<double>(low), static_cast<double>(high))), low, high);
}

/// Draws one of the options of a choice that its mask allows.
std::int64_t draw_choice(std::int64_t count, ActionMask mask, Rng& rng) noexcept {
  return mask.empty() ? rng.below(count) : nth_allowed(mask, rng.below(count_allowed(mask)));
}

}  // namespace

bool allows_action(const Space& action_space, ActionMask mask, const Action& action) noexcept {
  if (mask.empty()) return true;
  const auto* const index = std::get_if<std::int64_t>(&action);
  const auto choices = index != nullptr ? std::span(index, 1) : std::get<std::span<const std::int64_t>>(action);
  for (std::size_t i = 0; i < choices.size(); ++i) {
    if (!allows(mask_of_choice(action_space, mask, i), static_cast<std::size_t>(choices[i]))) return false;
  }
  return true;
}

ActionArray::ActionArray(const Space& action_space, std::size_t rows)
    : rows_(rows), width_(flat_size(action_space)), single_(std::holds_alternative<Discrete>(action_space)) {
  if (std::holds_alternative<Box>(action_space)) {
    continuous_.resize(rows_ * width_);
  } else {
    discrete_.resize(rows_ * width_);
  }
}

Action ActionArray::operator[](std::size_t row) const noexcept {
  assert(row < rows_);
  if (single_) return discrete_[row];
  if (continuous_.empty()) return discrete(row);
  return std::span<const float>(continuous_).subspan(row * width_, width_);
}

void ActionArray::assign(std::size_t row, const Action& action) noexcept {
  assert(row < rows_);
  if (const auto* index = std::get_if<std::int64_t>(&action)) {
    assert(single_);
    discrete_[row] = *index;
  } else if (const auto* numbers = std::get_if<std::span<const float>>(&action)) {
    assert(numbers->size() == width_);
    std::copy(numbers->begin(), numbers->end(), continuous(row).begin());
  } else if (const auto* choices = std::get_if<std::span<const std::int64_t>>(&action)) {
    assert(choices->size() == width_);
    std::copy(choices->begin(), choices->end(), discrete(row).begin());
  }
}

std::span<float> ActionArray::continuous(std::size_t row) noexcept {
  assert((row + 1) * width_ <= continuous_.size());
  return std::span(continuous_).subspan(row * width_, width_);
}

std::span<const float> ActionArray::continuous(std::size_t row) const noexcept {
  assert((row + 1) * width_ <= continuous_.size());
  return std::span(continuous_).subspan(row * width_, width_);
}

std::span<std::int64_t> ActionArray::discrete(std::size_t row) noexcept {
  assert((row + 1) * width_ <= discrete_.size());
  return std::span(discrete_).subspan(row * width_, width_);
}

std::span<const std::int64_t> ActionArray::discrete(std::size_t row) const noexcept {
  assert((row + 1) * width_ <= discrete_.size());
  return std::span(discrete_).subspan(row * width_, width_);
}

void ActionArray::sample(std::size_t row, const Space& action_space, Rng& rng, ActionMask mask) noexcept {
  assert(flat_size(action_space) == width_);
  struct Visitor {
    ActionArray& array;
    std::size_t row;
    Rng& rng;
    ActionMask mask;

    void operator()(const Discrete& choice) const { array.discrete(row)[0] = draw_choice(choice.n, mask, rng); }
    void operator()(const Box& box) const {
      const std::span<float> numbers = array.continuous(row);
      for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = draw_between(box.low[i], box.high[i], rng);
    }
    void operator()(const MultiDiscrete& choices) const {
      const std::span<std::int64_t> numbers = array.discrete(row);
      for (std::size_t i = 0; i < numbers.size(); ++i) {
        numbers[i] = draw_choice(choices.counts[i], mask_of_choice(choices, mask, i), rng);
      }
    }
    void operator()(const MultiBinary&) const {
      for (std::int64_t& number : array.discrete(row)) number = rng.below(2);
    }
  };
  std::visit(Visitor{*this, row, rng, mask}, action_space);
}

}  // namespace sounder
