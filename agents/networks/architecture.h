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
#include "core/learning/agent.h"
#include "core/learning/network.h"
#include "core/parameters.h"
#include "envs/environment.h"

namespace sounder {

/// An algorithm's requirements for a network in an environment.
struct NetworkRequest {
  const TrainConfig& config;
  const EnvironmentSpec& environment;
  std::size_t outputs;  ///< K; 2A for a gaussian head
  PolicyHead head = PolicyHead::linear;
  ValueHead value = ValueHead::scalar;
  float initial_log_std = 0;  ///< as in NetworkSpec
};

/// A network for one configuration and environment: its parameter layout, its initial parameters and its backend.
/// Immutable and shared by all threads.
class Architecture {
 public:
  virtual ~Architecture() = default;

  virtual const ParameterLayout& layout() const noexcept = 0;

  /// Describes the network in one line. Equal descriptions mean equal networks.
  virtual std::string description() const = 0;

  /// Returns the name of its backend: "fused" or "torch".
  virtual std::string backend() const = 0;

  /// Returns the size S of the state that an episode carries; 0 without memory.
  virtual std::size_t state_size() const noexcept = 0;

  /// Draws the initial parameters, which the seed determines.
  virtual std::vector<float> initial_parameters(std::uint64_t seed) const = 0;

  /// Makes the network over `parameters` for at most `rows` rows. The memory of `parameters` must outlive the network
  /// and not move.
  virtual std::unique_ptr<Network> make(std::span<float> parameters, std::size_t rows) const = 0;

  /// Call this first in every thread that uses such a network.
  virtual void prepare_thread() const = 0;

  /// Returns what the network is made of.
  virtual NetworkTraits traits() const noexcept { return {}; }

  /// Returns the network without its running moments, whose parameters come first.
  virtual const Architecture& bare() const noexcept { return *this; }

  /// Returns the structure of a network that comes with Sounder, without its running moments. Null for a user's own.
  virtual const NetworkSpec* spec() const noexcept { return nullptr; }
};

/// Maps names to kinds of networks. A copyable value. Several threads may read it concurrently as long as no thread
/// adds to it.
class Networks {
 public:
  using Factory = std::function<std::unique_ptr<Architecture>(const NetworkRequest&)>;

  /// Returns the networks that come with Sounder (listed in agents/networks/built_in.cpp).
  static Networks with_builtins();

  /// Adds a kind of network. Throws UsageError if the name is taken or empty.
  void add(std::string name, Factory factory);

  /// Makes the network named in the configuration, with its running moments. Throws UsageError for an unknown name,
  /// naming the nearest known one, and for a network that does not suit the environment or the request.
  std::unique_ptr<Architecture> make(const NetworkRequest& request) const;

  /// Returns the names, sorted.
  std::vector<std::string> names() const;

 private:
  std::map<std::string, Factory, std::less<>> factories_;
};

}  // namespace sounder
