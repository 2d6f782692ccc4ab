#pragma once

#include <cstdint>
#include <string>
#include <thread>

#include "apps/library/catalogue.h"
#include "apps/library/policy_environment.h"
#include "apps/output.h"

namespace sounder {

/// The arguments of `sounder bench`.
struct BenchRequest {
  std::string environment = "CartPole-v1";
  std::string network = {};       ///< empty: that of the environment's preset
  EnvironmentSource source = {};  ///< if given, only the cost of environments in another process is measured
  std::int64_t repetitions = 5;
  double seconds = 0.3;                      ///< duration of each measured training
  std::int64_t workers = available_cores();  ///< most
  Output output = Output::human;

  static std::int64_t available_cores() noexcept {
    const auto cores = static_cast<std::int64_t>(std::thread::hardware_concurrency());
    return cores > 0 ? cores : 1;  // 0: unknown
  }
};

/// Measures throughput and prints it: a core's peak, the environment alone, the parts of a worker's round, whole
/// trainings with every installed backend that computes the network, the write modes, and the sharing schemes. For
/// environments in other processes, calls bench_process_cost() instead. Each repetition measures everything once, in
/// turn, and only measurements of the same repetition are compared. Returns the exit code; after a signal during a
/// training, that of the signal. Throws UsageError if the environment or the network is unknown or does not suit the
/// algorithm.
int bench(const BenchRequest& request, const Catalogue& catalogue);

}  // namespace sounder
