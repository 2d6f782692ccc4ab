#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace sounder {

/// Where in the flat array of parameters the running moments of vectors [D] stand: mean [D], variance [D], and how many
/// vectors they are of [1]. They are counted, not learnt: their gradient is zero.
struct MomentsBlock {
  std::size_t offset;
  std::size_t width;  ///< D

  std::size_t size() const noexcept { return 2 * width + 1; }
};

/// The floats of a MomentsBlock, read.
struct Moments {
  std::span<const float> mean;
  std::span<const float> variance;
  float count;

  static Moments of(const MomentsBlock& block, std::span<const float> parameters) noexcept {
    const auto floats = parameters.subspan(block.offset, block.size());
    return {.mean = floats.first(block.width),
            .variance = floats.subspan(block.width, block.width),
            .count = floats.back()};
  }
};

/// Sums up vectors [D], to be merged into running moments. A value for one thread; allocates when it is made.
class MomentsBatch {
 public:
  /// Running moments count no further than to here: a float holds every integer up to it. From then on older vectors
  /// fade.
  static constexpr double kMostCounted = 16'777'216;

  explicit MomentsBatch(std::size_t width) : mean_(width), squares_(width), scratch_(2 * width + 1) {}

  bool empty() const noexcept { return count_ == 0; }

  /// Adds one vector (Welford 1962).
  void add(std::span<const float> vector) noexcept;

  /// Merges the batch into running moments (Chan et al. 1979, equation 2.1), the floats of a MomentsBlock, and begins a
  /// new one.
  void merge_into(std::span<float> moments) noexcept;

  /// Memory of a MomentsBlock's size, for a caller that keeps the running moments elsewhere.
  std::span<float> scratch() noexcept { return scratch_; }

 private:
  std::int64_t count_ = 0;
  std::vector<double> mean_;
  std::vector<double> squares_;  // sums of squared deviations from the mean
  std::vector<float> scratch_;
};

}  // namespace sounder
