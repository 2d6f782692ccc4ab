#pragma once

#include "apps/bench/bench.h"

namespace sounder {

/// Measures and prints the cost of a step of environments in another process, with 1, 16 and 64 environments per round
/// trip, and with that process on this thread's processor, on another one, and on any. Uses `source`, `repetitions` and
/// `seconds` (of each measurement) of the request. Throws Error as PolicyEnvironments does.
void bench_process_cost(const BenchRequest& request);

}  // namespace sounder
