#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agents/networks/architecture.h"
#include "core/config/config.h"
#include "core/learning/agent.h"
#include "envs/environment.h"

namespace sounder {

/// Maps names to algorithms. A copyable value. Several threads may read it concurrently as long as no thread adds to
/// it.
class Algorithms {
 public:
  /// Makes the agents of an algorithm, for a configuration, the environment as the policy sees it, and the networks
  /// that are known by name. Throws UsageError if the configuration does not suit the environment or the network.
  using Factory = std::function<std::unique_ptr<AgentFactory>(const TrainConfig& config, const EnvironmentSpec& spec,
                                                              const Networks& networks)>;

  /// Returns the algorithms that come with Sounder (listed in agents/algorithms.cpp).
  static Algorithms with_builtins();

  /// Adds an algorithm with the keys that are its own, a list of OwnKeys (core/config/own_key.h). Throws UsageError if
  /// a name is taken, by Sounder or by another algorithm, or not of the letters that an option and a run's folder take;
  /// if there is no function; and for a key whose default is out of its range.
  void add(std::string name, Factory factory, std::vector<ConfigField> keys = {});

  /// Makes the agents of the algorithm named in the configuration. Throws UsageError for an unknown name, naming the
  /// nearest known one, and as the algorithm does; Error if it makes none.
  std::unique_ptr<AgentFactory> make(const TrainConfig& config, const EnvironmentSpec& spec,
                                     const Networks& networks) const;

  /// Returns the names, in the order in which they were added.
  std::vector<std::string> names() const;

  /// Returns the algorithms' own keys, in the same order.
  ConfigFields keys() const noexcept { return keys_; }

  /// Returns all keys of the configuration: config_fields(), with the names of the algorithms as choices, and keys();
  /// and with those of the networks, if they are given.
  std::vector<ConfigField> fields() const;
  std::vector<ConfigField> fields(const Networks& networks) const;

 private:
  struct Entry {
    std::string name;
    Factory factory;
  };
  void require_free_key(const std::string& algorithm, const ConfigField& key) const;

  std::vector<Entry> entries_;
  std::vector<ConfigField> keys_;
};

}  // namespace sounder
