#pragma once

#include "apps/bench/bench.h"

namespace sounder {

/// Measures what a step costs of environments in another process, and prints it: with 1, 16 and 64 environments that
/// share a round trip; with that process on this thread's processor, on another one, and wherever the system puts both.
/// Of the request, `source`, `repetitions` and `seconds` (of each measurement) count. Throws Error as
/// PolicyEnvironments does.
void bench_process_cost(const BenchRequest& request);

}  // namespace sounder
