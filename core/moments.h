#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace sounder {

/// The position of the running moments of vectors [D] in the flat array of parameters: mean [D], variance [D] and
/// number of vectors [1]. Moments are counted, not learnt; their gradient is zero.
struct MomentsBlock {
  std::size_t offset;
  std::size_t width;  ///< D

  std::size_t size() const noexcept { return 2 * width + 1; }
};

/// A read-only view of the floats of a MomentsBlock.
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

/// Accumulates vectors [D] to be merged into running moments. Not thread-safe. Allocates at construction only.
class MomentsBatch {
 public:
  /// The largest count of running moments, up to which a float represents every integer. Beyond it, older vectors fade.
  static constexpr double kMostCounted = 16'777'216;

  explicit MomentsBatch(std::size_t width) : mean_(width), squares_(width), scratch_(2 * width + 1) {}

  bool empty() const noexcept { return count_ == 0; }

  /// Adds one vector (Welford 1962).
  void add(std::span<const float> vector) noexcept;

  /// Merges the batch into running moments, the floats of a MomentsBlock (Chan et al. 1979, equation 2.1), and starts a
  /// new batch.
  void merge_into(std::span<float> moments) noexcept;

  /// Returns memory of a MomentsBlock's size, for callers that store the running moments elsewhere.
  std::span<float> scratch() noexcept { return scratch_; }

 private:
  std::int64_t count_ = 0;
  std::vector<double> mean_;
  std::vector<double> squares_;  // sums of squared deviations from the mean
  std::vector<float> scratch_;
};

}  // namespace sounder
