#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/learning/environment_factory.h"
#include "core/remote/environment_client.h"
#include "envs/options.h"

namespace sounder::remote {

/// Makes environments in other processes for a run. Each worker and the evaluator has one process, or one connection,
/// for all its environments. The process ends with the last environment of its player. Copies share their state. Not
/// thread-safe.
class RemoteEnvironments {
 public:
  struct Settings {
    ClientSettings client;
    /// The options of a worker's environments are options[worker / workers_alike mod n]; environment i of an evaluation
    /// has options[i mod n]. May be empty.
    std::vector<OptionValues> options = {};
    std::size_t workers_alike = 1;
    /// Worker i's process runs on processor processors[i mod n], or on any if the list is empty. The evaluator's
    /// process is not pinned.
    std::vector<int> processors = {};
    /// The number of workers. Their processes start in parallel, as many at a time as there are processors, but at
    /// least four.
    std::size_t workers = 0;
    /// Called once with a message if starting processes takes longer than `patience`.
    std::function<void(const std::string&)> on_wait = {};
    std::chrono::milliseconds patience{2'000};
  };
  explicit RemoteEnvironments(Settings settings);

  /// Makes the environment of a seat, with the step limit from its process. Throws Error as EnvironmentClient does, and
  /// UsageError for a slot beyond the protocol's limit.
  Environment operator()(const Seat& seat) const;

  /// Returns the summed statistics of all processes that still exist.
  ClientStatistics statistics() const;

  /// Returns the description of its environments by a worker's process.
  RemoteSpec description() const;

 private:
  struct Clients;
  std::shared_ptr<EnvironmentClient> client(const Seat& seat) const;
  void start(const Seat& seat) const;

  std::shared_ptr<Clients> clients_;
};

}  // namespace sounder::remote
