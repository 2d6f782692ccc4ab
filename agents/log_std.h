#pragma once

#include <algorithm>
#include <cmath>

namespace sounder {

/// How an output becomes log s, the logarithm of a standard deviation.
///
/// As it stands, for an output that is a parameter of its own. Beyond kLeast or kMost it counts as that bound and has
/// no gradient: a guard against overflow, not a preference (those of soft actor-critic, -20 and 2, are narrower above),
/// since nothing would bring such a parameter back.
///
/// Slowed and softly bounded, for an output that a network computes for each state:
///
///     log s = start + c z / (1 + |z|),  z = kSlope (output - start) / c,  c = kAbove where output > start, else kBelow
///
/// One step of the optimiser moves such an output by as much as all of its weights together, far more than a parameter;
/// and where actions are clipped, a large s meets nothing but an entropy bonus. As it stands it would grow without end.
/// With these numbers it learns as well as a parameter does, and wherever it is, its gradient brings it back.
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
