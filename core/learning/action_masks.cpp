#include "core/learning/action_masks.h"

#include <algorithm>

namespace sounder {

ActionMasks::ActionMasks(std::size_t rows, const Space& action_space)
    : action_space_(action_space), size_(mask_size(action_space)), numbers_(rows * size_, 1) {}

bool ActionMasks::read_masked(std::size_t row, const Environment& environment) {
  const auto numbers = std::span(numbers_).subspan(row * size_, size_);
  environment.action_mask(numbers);
  return allows_any(action_space_, numbers);
}

void ActionMasks::move(std::size_t from, std::size_t to) noexcept {
  std::ranges::copy((*this)[from], numbers_.begin() + static_cast<std::ptrdiff_t>(to * size_));
}

}  // namespace sounder
