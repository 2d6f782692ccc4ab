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

/// Makes the environments of a run that are in other processes: one process, or one connection, for each worker and one
/// for the evaluator, with all environments of that player. Environments keep their process; when the last of a
/// player's is gone, so is it. Copies share what they know. To be used by one thread at a time.
class RemoteEnvironments {
 public:
  struct Settings {
    ClientSettings client;
    /// The options of a worker's environments are options[worker mod n]; environment i of an evaluation has
    /// options[i mod n]. May be empty.
    std::vector<OptionValues> options = {};
    /// Worker i's process runs on processor processors[i mod n]; empty: on any. The evaluator's is not bound.
    std::vector<int> processors = {};
    /// How many workers there will be: their processes start side by side, as many at a time as there are processors,
    /// and four at least.
    std::size_t workers = 0;
    /// Told once, in words, that processes take long to start: longer than so long.
    std::function<void(const std::string&)> on_wait = {};
    std::chrono::milliseconds patience{2'000};
  };
  explicit RemoteEnvironments(Settings settings);

  /// Makes the environment of a seat, with the step limit that its process names. Throws Error as EnvironmentClient
  /// does, and UsageError for a slot beyond what the protocol numbers.
  Environment operator()(const Seat& seat) const;

  /// Adds up what all processes have cost that are still there.
  ClientStatistics statistics() const;

  /// Reads what the process of a worker says of its environments.
  RemoteSpec description() const;

 private:
  struct Clients;
  std::shared_ptr<EnvironmentClient> client(const Seat& seat) const;
  void start(const Seat& seat) const;

  std::shared_ptr<Clients> clients_;
};

}  // namespace sounder::remote
