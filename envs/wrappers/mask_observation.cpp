#include "envs/wrappers/mask_observation.h"

#include <fmt/format.h>

#include <algorithm>

#include "envs/error.h"

namespace sounder {

Box masked(const Box& box, std::span<const std::int64_t> kept) {
  if (kept.empty()) throw UsageError("wrapper 'mask_observation' needs at least one number to keep, got none");
  const auto size = static_cast<std::int64_t>(box.low.size());
  std::vector<float> low;
  std::vector<float> high;
  for (auto index = kept.begin(); index != kept.end(); ++index) {
    if (*index < 0 || *index >= size) {
      throw UsageError(
          fmt::format("wrapper 'mask_observation' keeps numbers 0 to {} of this environment's observation, "
                      "got {}",
                      size - 1, *index));
    }
    if (std::find(kept.begin(), index, *index) != index) {
      throw UsageError(fmt::format("wrapper 'mask_observation' keeps each number once, got {} twice", *index));
    }
    low.push_back(box.low[static_cast<std::size_t>(*index)]);
    high.push_back(box.high[static_cast<std::size_t>(*index)]);
  }
  return Box::bounds(std::move(low), std::move(high));
}

}  // namespace sounder
