#include "apps/bench/peak.h"

#include "apps/bench/peak_kernel.h"
#include "apps/bench/timing.h"

namespace sounder::benchmark {

double measure_peak(double seconds) {
  const PeakKernel& kernel = SOUNDER_AT_LEVEL(kPeakKernel);
  // Each call starts from the previous result, and the last result is kept, so that the compiler cannot remove a call.
  float x = 0;
  const double call = seconds_per_call(seconds, [&] { x = kernel.multiply_add(x, 0.999F); });
  [[maybe_unused]] const volatile float kept = x;
  return kernel.flop / call;
}

}  // namespace sounder::benchmark
