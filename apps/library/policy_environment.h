#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/config/config.h"
#include "core/learning/environment_factory.h"
#include "core/remote/remote_environments.h"
#include "envs/options.h"
#include "envs/registry.h"

namespace sounder {

/// Parses "name=value" texts. Of several values separated by commas, selects number `turn` modulo their count. Throws
/// UsageError for a text without "=" and for an option that is given twice.
OptionValues read_options(std::span<const std::string> texts, std::size_t turn = 0);

/// Two environments for the same policy.
struct SpecPair {
  std::string environment;
  std::string because;  ///< reason for a difference: "with other values of env_option"
  EnvironmentSpec expected;
  EnvironmentSpec got;
};

/// Throws UsageError if two environments need different networks, because the sizes of observations or actions differ.
/// Different bounds are allowed.
void require_alike(const SpecPair& pair);

/// Returns whether a configuration's environments are in other processes. Throws UsageError if it names two sources.
bool is_remote(const TrainConfig& config);

/// The source of environments in other processes, from the command line.
struct EnvironmentSource {
  std::string command = {};  ///< --env-command
  std::string connect = {};  ///< --env-connect
};

/// Changes from the command line to the environments of a saved policy. Everything else is as in training.
struct EnvironmentChanges {
  EnvironmentSource source = {};
  std::vector<std::string> options = {};      ///< --env-option
  std::optional<double> timeout = {};         ///< --env-timeout, seconds
  std::optional<std::int64_t> restarts = {};  ///< --env-restarts
};

/// Replaces or adds the options in `changes`. Throws UsageError as read_options() does.
std::vector<std::string> change_options(std::vector<std::string> options, std::span<const std::string> changes);

/// Describes briefly the options whose values differ from training; empty if there are none.
std::string describe_changes(std::span<const std::string> trained, std::span<const std::string> now);

/// Removes the source from a saved configuration and returns it, so that a file of unknown origin cannot start a
/// program.
EnvironmentSource take_source(TrainConfig& config);

/// Throws UsageError if the environments of a saved configuration were in other processes and the configuration now has
/// no source.
void require_source(const TrainConfig& config, const EnvironmentSource& saved);

/// The hooks of a run for environments in other processes.
struct RemoteHooks {
  const std::atomic<bool>* stopping = nullptr;              ///< once true, all waits for answers end; may be null
  std::function<void(const std::string&)> on_warning = {};  ///< reports a restart, on the waiting thread
  std::function<void(const std::string&)> on_wait = {};     ///< reports that the processes take long to start
  /// Worker i's process runs on processor processors[i mod n], or on any if the list is empty.
  std::vector<int> processors = {};
};

/// Returns the settings for reaching a configuration's environments in other processes. Throws UsageError as
/// is_remote() does, and for a socket that does not have the form unix:PATH.
remote::ClientSettings client_settings(const TrainConfig& config, const RemoteHooks& hooks = {});

/// Makes a configuration's environments as its policy sees them, for training, evaluating and watching: with the
/// configured options, wrappers and handling of action bounds. Options with several values are distributed to workers
/// in turn, and in an evaluation to its episodes. Copies share the environments' processes. Usable as an
/// EnvironmentFactory. The registry must outlive it.
class PolicyEnvironments {
 public:
  /// Throws UsageError if the distributed options result in different sizes of observations or actions (different
  /// bounds are allowed), and as making an environment with them does.
  PolicyEnvironments(const Registry& environments, const TrainConfig& config, const RemoteHooks& hooks = {});

  /// Makes the environment of a seat. Throws UsageError as Registry::make and for_policy() do, Error as
  /// RemoteEnvironments does.
  Environment operator()(const Seat& seat = {}) const;

  /// Makes an environment whose latest action is stored in `action`, as the environment received it, after wrappers and
  /// bounds. Throws the same errors.
  Environment watched(const Seat& seat, std::shared_ptr<ActionArray>& action) const;

  /// Returns the number of different environments that result from distributed options.
  std::size_t variants() const { return variants_; }

  /// Returns the environment's name from the configuration or, if it has none, from the environment's process.
  std::string id() const;

  /// Returns the statistics of environments in other processes; none if there are no such environments.
  std::optional<remote::ClientStatistics> remote_statistics() const;

 private:
  void require_one_network() const;
  Environment bare(const Seat& seat) const;
  PolicyView view() const;

  const Registry* registry_;
  TrainConfig config_;
  std::size_t workers_alike_;  // neighbours in their numbers, which take the same values: those of a peer
  std::size_t variants_;
  std::optional<remote::RemoteEnvironments> remote_;
};

}  // namespace sounder
