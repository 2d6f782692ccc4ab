#include "envs/conformance/masks.h"

#include <fmt/format.h>

#include <algorithm>

namespace sounder::conformance {
namespace {

constexpr std::size_t kGuardSize = 256;
constexpr std::uint8_t kUnwritten = 0xa5;  // marks guards and unwritten masks; neither 0 nor 1

}  // namespace

MaskReading::MaskReading(const Environment& environment)
    : action_space_(environment.spec().action_space), masks_(environment.masks_actions()) {
  if (!masks_) return;
  if (option_counts(action_space_).empty()) {
    fault_ = fmt::format("it masks actions of {}", describe(action_space_));
  } else {
    guarded_.resize(mask_size(action_space_) + 2 * kGuardSize);
  }
}

ActionMask MaskReading::written() const noexcept {
  return ActionMask(guarded_).subspan(kGuardSize, guarded_.size() - 2 * kGuardSize);
}

void MaskReading::read(const Environment& environment) {
  if (guarded_.empty()) return;
  std::ranges::fill(guarded_, kUnwritten);
  environment.action_mask(std::span(guarded_).subspan(kGuardSize, written().size()));
  fault_ = find_fault();
  allowed_.clear();
  if (fault_.empty()) allowed_.assign(written().begin(), written().end());
}

std::string MaskReading::find_fault() const {
  const auto is_guard = [](std::uint8_t number) { return number == kUnwritten; };
  const ActionMask all = guarded_;
  if (!std::ranges::all_of(all.first(kGuardSize), is_guard) || !std::ranges::all_of(all.last(kGuardSize), is_guard)) {
    return fmt::format("it wrote outside of its mask's {} numbers", written().size());
  }
  for (std::size_t i = 0; i < written().size(); ++i) {
    const std::uint8_t number = written()[i];
    if (number == kUnwritten) return fmt::format("number {} of its mask was not written", i);
    if (number > 1) return fmt::format("number {} of its mask is {}", i, number);
  }
  for (std::size_t i = 0; i < option_counts(action_space_).size(); ++i) {
    if (count_allowed(mask_of_choice(action_space_, written(), i)) == 0) {
      return fmt::format("its mask allows no option of choice {} of {}", i, option_counts(action_space_).size());
    }
  }
  return "";
}

}  // namespace sounder::conformance
