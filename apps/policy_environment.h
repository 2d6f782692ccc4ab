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

/// Reads "name=value" texts. Of several values between commas the one whose turn it is counts: that of `turn` modulo
/// their number. Throws UsageError for a text without a "=", and for an option that is given twice.
OptionValues read_options(std::span<const std::string> texts, std::size_t turn = 0);

/// Two environments that one policy is to act in.
struct SpecPair {
  std::string environment;
  std::string because;  ///< they differ: "with other values of env_option"
  EnvironmentSpec expected;
  EnvironmentSpec got;
};

/// Throws UsageError where two environments differ in what a network takes or gives: the observations' and actions'
/// sizes (but not their bounds).
void require_alike(const SpecPair& pair);

/// Tells whether a configuration's environments are in other processes. Throws UsageError where it names two sources.
bool is_remote(const TrainConfig& config);

/// Where environments in other processes come from, as the command line says.
struct EnvironmentSource {
  std::string command = {};  ///< --env-command
  std::string connect = {};  ///< --env-connect
};

/// What the command line says of the environments that a saved policy acts in; whatever it leaves out is as in
/// training.
struct EnvironmentChanges {
  EnvironmentSource source = {};
  std::vector<std::string> options = {};      ///< --env-option
  std::optional<double> timeout = {};         ///< --env-timeout, seconds
  std::optional<std::int64_t> restarts = {};  ///< --env-restarts
};

/// Replaces the values of the options that `changes` names, and adds those that were not set. Throws UsageError as
/// read_options does.
std::vector<std::string> change_options(std::vector<std::string> options, std::span<const std::string> changes);

/// Says which options have other values than in training, in a few words; empty if none has.
std::string describe_changes(std::span<const std::string> trained, std::span<const std::string> now);

/// Takes the source out of a saved configuration: a file that came from somewhere starts no program.
EnvironmentSource take_source(TrainConfig& config);

/// Throws UsageError where the environments of a saved configuration were in other processes and the configuration now
/// does not say where they are.
void require_source(const TrainConfig& config, const EnvironmentSource& saved);

/// What a run does with news of environments in other processes.
struct RemoteHooks {
  const std::atomic<bool>* stopping = nullptr;              ///< true: nobody waits for an answer any more
  std::function<void(const std::string&)> on_warning = {};  ///< of a restart; on the thread that waited
  /// Worker i's process runs on processor processors[i mod n]; empty: on any.
  std::vector<int> processors = {};
};

/// Says how to reach a configuration's environments in other processes. Throws UsageError as is_remote does, and for a
/// socket that is not named as unix:PATH.
remote::ClientSettings client_settings(const TrainConfig& config, const RemoteHooks& hooks = {});

/// Makes the environments that a configuration trains in, as its policy sees them: with its options, within its
/// wrappers, and with actions kept within their bounds as it says. Training, evaluating and watching all see them so.
/// Where options have several values, they are dealt out to workers in turn, and in an evaluation to its episodes.
/// Copies share the processes that hold environments. Usable as an EnvironmentFactory; the registry outlives it.
class PolicyEnvironments {
 public:
  /// Throws UsageError where options that are dealt out differ in what a network takes or gives: the observations' and
  /// actions' sizes (but not their bounds); and as making an environment with them does.
  PolicyEnvironments(const Registry& environments, const TrainConfig& config, const RemoteHooks& hooks = {});

  /// Throws UsageError as Registry::make and for_policy do, Error as RemoteEnvironments does.
  Environment operator()(const Seat& seat = {}) const;

  /// Makes one whose latest action is kept in `action`, as the environment was given it: the policy's, after wrappers
  /// and bounds. Throws the same errors.
  Environment watched(const Seat& seat, std::shared_ptr<ActionArray>& action) const;

  /// Counts the environments that differ in the options that are dealt out to them in turn.
  std::size_t variants() const { return variants_; }

  /// How the environment is called: as the configuration says or, where it does not, as the process does that holds it.
  std::string id() const;

  /// What environments in other processes have cost; none if they are Sounder's own.
  std::optional<remote::ClientStatistics> remote_statistics() const;

 private:
  void require_one_network() const;
  Environment bare(const Seat& seat) const;
  PolicyView view() const;

  const Registry* registry_;
  TrainConfig config_;
  std::size_t variants_;
  std::optional<remote::RemoteEnvironments> remote_;
};

}  // namespace sounder
