#pragma once

namespace sounder::benchmark {

/// Measures the most floating-point operations per second that one core does: multiply-adds of whole vectors in
/// registers, enough of them independent of each other to fill the processor's pipelines, nothing loaded or stored.
/// What a kernel reaches is to be compared with it. Blocks for about twice `seconds`.
double measure_peak(double seconds);

}  // namespace sounder::benchmark
