#include "envs/linear_control/threshold.h"

#include <cassert>
#include <cmath>

namespace sounder::envs {

double threshold_near(double optimal_return) {
  constexpr double kTolerance = 1.05;
  constexpr double kDigits = 4.0;
  assert(optimal_return < 0.0);
  const double threshold = kTolerance * optimal_return;
  // Divides or multiplies by an integer power of ten, which is exact, so the result is the double nearest to the
  // digits.
  const double decimals = kDigits - 1.0 - std::floor(std::log10(-threshold));
  const double scale = std::pow(10.0, std::abs(decimals));
  return decimals >= 0.0 ? std::round(threshold * scale) / scale : std::round(threshold / scale) * scale;
}

}  // namespace sounder::envs
