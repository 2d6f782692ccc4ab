#pragma once

#include <algorithm>
#include <cmath>

namespace sounder {

/// Maps an output to log s, the logarithm of a standard deviation.
///
/// An output that is itself a parameter is used unchanged. It is clamped to [kLeast, kMost], with no gradient beyond,
/// where nothing would bring the parameter back. The bounds only guard against overflow, so the upper one is wider than
/// in soft actor-critic, which uses -20 and 2.
///
/// An output that a network computes for each state is slowed down and softly bounded:
///
///     log s = start + c z / (1 + |z|),  z = kSlope (output - start) / c,  c = kAbove where output > start, else kBelow
///
/// One optimiser step moves such an output by the sum of the changes of all its weights, far more than a single
/// parameter. Where actions are clipped, only the entropy bonus acts on a large s, so the unmodified output would grow
/// without bound. With these constants it learns as well as a parameter, and its gradient can always bring it back.
class LogStd {
 public:
  static constexpr float kLeast = -20;
  static constexpr float kMost = 20;
  static constexpr float kBelow = 5;
  static constexpr float kAbove = 1;
  static constexpr float kSlope = 0.25F;

  struct Value {
    float log_s;
    float slope;  ///< d log s / d output
  };

  LogStd() = default;
  static LogStd softly_bounded(float start) noexcept {
    LogStd made;
    made.soft_ = true;
    made.start_ = start;
    return made;
  }

  Value operator()(float output) const noexcept {
    if (!soft_) {
      return {.log_s = std::clamp(output, kLeast, kMost), .slope = output >= kLeast && output <= kMost ? 1.0F : 0.0F};
    }
    const float reach = output > start_ ? kAbove : kBelow;
    const float z = kSlope * (output - start_) / reach;
    const float shrinks = 1 / (1 + std::abs(z));
    return {.log_s = start_ + reach * z * shrinks, .slope = kSlope * shrinks * shrinks};
  }

 private:
  bool soft_ = false;
  float start_ = 0;
};

}  // namespace sounder
