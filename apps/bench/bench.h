#pragma once

#include <cstdint>
#include <string>
#include <thread>

#include "apps/catalogue.h"
#include "apps/output.h"
#include "apps/policy_environment.h"

namespace sounder {

/// What `sounder bench` was asked for.
struct BenchRequest {
  std::string environment = "CartPole-v1";
  EnvironmentSource source = {};  ///< given: what a step of an environment in another process costs is measured
  std::int64_t repetitions = 5;
  double seconds = 0.3;                      ///< of each training that is measured
  std::int64_t workers = available_cores();  ///< most
  Output output = Output::human;

  static std::int64_t available_cores() noexcept {
    const auto cores = static_cast<std::int64_t>(std::thread::hardware_concurrency());
    return cores > 0 ? cores : 1;  // 0: unknown
  }
};

/// Measures throughput and prints it (where environments in other processes are given, bench_process_cost does): a
/// core's peak, the environment alone, the parts of a worker's round, whole trainings by every installed backend,
/// and the write modes. Every comparison is between measurements of one repetition, in which everything is measured
/// once, in turn. Returns the exit code: that of the signal, if one came while a training was measured. Throws
/// UsageError if the environment is unknown, or does not suit the algorithm.
int bench(const BenchRequest& request, const Catalogue& catalogue);

}  // namespace sounder
