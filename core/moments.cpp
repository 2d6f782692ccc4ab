#include "core/moments.h"

#include <algorithm>
#include <cassert>
#include <limits>

namespace sounder {

void MomentsBatch::add(std::span<const float> vector) noexcept {
  assert(vector.size() == mean_.size());
  const auto count = static_cast<double>(++count_);
  for (std::size_t i = 0; i < vector.size(); ++i) {
    const double x = static_cast<double>(vector[i]);
    const double deviation = x - mean_[i];
    mean_[i] += deviation / count;
    squares_[i] += deviation * (x - mean_[i]);
  }
}

void MomentsBatch::merge_into(std::span<float> moments) noexcept {
  const std::size_t width = mean_.size();
  assert(moments.size() == 2 * width + 1);
  if (count_ == 0) return;
  const auto before = static_cast<double>(moments.back());
  const auto added = static_cast<double>(count_);
  const double count = before + added;
  for (std::size_t i = 0; i < width; ++i) {
    const auto mean = static_cast<double>(moments[i]);
    const auto variance = static_cast<double>(moments[width + i]);
    // M_ab = M_a + M_b + (mean_b - mean_a)^2 n_a n_b / n_ab
    const double deviation = mean_[i] - mean;
    const double squares = variance * before + squares_[i] + deviation * deviation * before * added / count;
    moments[i] = static_cast<float>(mean + deviation * added / count);
    // The square of a large float exceeds the range of floats.
    constexpr double kLargest = std::numeric_limits<float>::max();
    moments[width + i] = static_cast<float>(std::min(squares / count, kLargest));
  }
  moments.back() = static_cast<float>(std::min(count, kMostCounted));
  count_ = 0;
  std::ranges::fill(mean_, 0.0);
  std::ranges::fill(squares_, 0.0);
}

}  // namespace sounder
