#pragma once

namespace sounder::benchmark {

/// Measures the peak floating-point operations per second of one core: multiply-adds of whole vectors in registers,
/// with enough independent ones to fill the processor's pipelines and no loads or stores. It is the reference for the
/// kernels' throughput. Blocks for about twice `seconds`.
double measure_peak(double seconds);

}  // namespace sounder::benchmark
