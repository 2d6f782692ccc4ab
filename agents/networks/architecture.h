#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agents/networks/network_spec.h"
#include "core/config/config.h"
#include "core/learning/network.h"
#include "core/parameters.h"
#include "envs/environment.h"

namespace sounder {

/// What an algorithm asks of a network in an environment.
struct NetworkRequest {
  const TrainConfig& config;
  const EnvironmentSpec& environment;
  std::size_t outputs;  ///< K; of a gaussian head 2A
  PolicyHead head = PolicyHead::linear;
  ValueHead value = ValueHead::scalar;
  float initial_log_std = 0;  ///< as a NetworkSpec has it
};

/// A network as a configuration and an environment determine it: how its parameters lie and begin, and who computes it.
/// Const and shared by all threads.
class Architecture {
 public:
  virtual ~Architecture() = default;

  virtual const ParameterLayout& layout() const noexcept = 0;

  /// Describes the network in one line; equal descriptions are equal networks.
  virtual std::string description() const = 0;

  /// Names what computes it: "fused" or "torch".
  virtual std::string backend() const = 0;

  /// Counts the numbers, S, of the state that an episode carries; 0 without memory.
  virtual std::size_t state_size() const noexcept = 0;

  /// Draws the parameters to begin with; the seed determines them.
  virtual std::vector<float> initial_parameters(std::uint64_t seed) const = 0;

  /// Makes the network over `parameters`, which must outlive it and lie still, for at most `rows` rows.
  virtual std::unique_ptr<Network> make(std::span<float> parameters, std::size_t rows) const = 0;

  /// To be called first in every thread that uses such a network.
  virtual void prepare_thread() const = 0;
};

/// Knows kinds of networks by name: a value, to be copied and added to. Reading it from several threads is safe while
/// nobody adds.
class Networks {
 public:
  using Factory = std::function<std::unique_ptr<Architecture>(const NetworkRequest&)>;

  /// Those that come with Sounder (agents/networks/built_in.cpp lists them).
  static Networks with_builtins();

  /// Adds a kind of network. Throws UsageError if the name is taken or empty.
  void add(std::string name, Factory factory);

  /// Makes the network that the configuration names, with the running moments that it asks for. Throws UsageError for
  /// an unknown name, with the nearest known one, and where the network does not suit the environment or what is asked
  /// of it.
  std::unique_ptr<Architecture> make(const NetworkRequest& request) const;

  /// Lists the names, sorted.
  std::vector<std::string> names() const;

 private:
  std::map<std::string, Factory, std::less<>> factories_;
};

}  // namespace sounder
