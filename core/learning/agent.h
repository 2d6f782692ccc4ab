#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/learning/network.h"
#include "core/learning/rollout.h"
#include "core/parameters.h"
#include "envs/action.h"
#include "envs/action_mask.h"
#include "envs/random.h"

namespace sounder {

/// How actions are chosen.
enum class Selection { sample, greedy };

/// Describes what an agent is made for.
struct AgentUse {
  std::size_t observations;                ///< B, most observations of one act()
  std::size_t steps = 1;                   ///< T, most steps of a rollout, which has at most B environments
  std::optional<std::size_t> worker = {};  ///< index of its worker; none for other agents, such as an evaluator's
};

/// Sums over a rollout's steps, for the reports.
struct LossSums {
  float policy = 0;   ///< sum of -log pi(a) advantage
  float value = 0;    ///< sum of squared errors of the value, halved
  float entropy = 0;  ///< sum of the policy's entropies, nats
};

/// One worker's instance of an algorithm, with its own replica of the network. Not thread-safe. The replica's
/// parameters are owned by the caller and change between rollouts only.
class Agent {
 public:
  virtual ~Agent() = default;

  struct ActRequest {
    std::span<const float> observations;  ///< [B, D]
    std::size_t first_row = 0;            ///< rows of the network's memory and of the actions: first_row, ... + B - 1
    Selection selection = Selection::sample;
    std::span<Rng> rngs = {};      ///< [B], one per row, for Selection::sample; unused by greedy choices
    std::span<float> states = {};  ///< [B, S], before the observations; overwritten with those after them
    ActionMask masks = {};         ///< [B, M], the allowed actions; empty allows all
    float epsilon = 0;             ///< probability of a uniformly drawn action, for epsilon-greedy agents
  };

  /// Notifies the agent that the replica's parameters have changed. Call it after every change, before the next act().
  virtual void parameters_changed() = 0;

  /// Notifies the agent that the replica's target parameters have changed. Call it after every change, before the next
  /// learn().
  virtual void target_changed() {}

  /// Returns the size S of the state that each environment's episode carries from step to step. The caller stores the
  /// states and sets them to zero at the start of an episode.
  virtual std::size_t state_size() const noexcept { return 0; }

  /// Returns the number of updates per rollout. learn() is called that many times; after each call its gradient is
  /// contributed and the parameters are fetched again.
  virtual std::size_t passes() const noexcept { return 1; }

  /// Returns the number of observations that act() processes together, as Network::rows_together(). If B is a multiple
  /// of it, the action for an observation does not depend on the others.
  virtual std::size_t rows_together() const noexcept { return 1; }

  /// Chooses an allowed action for each of B observations and writes it to its row of `actions`.
  virtual void act(const ActRequest& request, ActionArray& actions) = 0;

  /// Returns the value of the observation in a row of the latest act(): the expected return, of the rewards as the
  /// agent learns from them. `mask` [M] is the row's in that act(). NaN if the agent estimates no values.
  virtual float value(std::size_t /*row*/, ActionMask /*mask*/) const noexcept {
    return std::numeric_limits<float>::quiet_NaN();
  }

  /// Writes the gradient of the rollout's loss, a sum over its rows, to `gradient` (flat, like the parameters). The
  /// rows' actions must have been chosen by act(), step by step from row 0, with the present parameters, or, in later
  /// passes over a rollout, with the parameters before the first pass.
  virtual LossSums learn(const Rollout& rollout, std::span<float> gradient) = 0;
};

/// What a network is made of, which decides which keys of the configuration it uses. A user's own network may use any.
struct NetworkTraits {
  bool convolutions = true;
  bool memory = true;
  bool two_trunks = true;  ///< one for the policy, one for the value
};

/// What agents are made of, which decides which keys of the configuration they use. A user's own agents may use any.
struct AgentTraits {
  bool policy = true;       ///< with advantages and an entropy
  bool exploration = true;  ///< by epsilon
  NetworkTraits network = {};
};

/// Makes the agents of a run: an algorithm and a network for an environment. Immutable and shared by all threads.
class AgentFactory {
 public:
  virtual ~AgentFactory() = default;

  /// Returns the layout of the network's parameters in the flat array.
  virtual const ParameterLayout& layout() const noexcept = 0;

  /// Describes the network in one line. Equal descriptions mean equal networks.
  virtual std::string description() const = 0;

  /// Returns the name of the backend that computes the network, never "auto".
  virtual std::string backend() const = 0;

  /// Draws the initial parameters of a run, which the seed determines.
  virtual std::vector<float> initial_parameters(std::uint64_t seed) const = 0;

  /// Returns the sharing scheme that the algorithm requires, such as "rounds" for a2c. If empty, the configuration
  /// chooses it.
  virtual std::string_view sharing() const noexcept { return {}; }

  /// Returns whether agents learn with target parameters besides their own.
  virtual bool has_target() const noexcept { return false; }

  /// Returns the mean entropy of the policy, in nats, above which its exploration has diverged and the user is warned.
  /// Infinite if it cannot diverge.
  virtual double runaway_entropy() const noexcept { return std::numeric_limits<double>::infinity(); }

  /// Makes an agent over a replica of layout().size parameters.
  virtual std::unique_ptr<Agent> make(const Replica& replica, const AgentUse& use) const = 0;

  /// Configures the per-thread settings of libraries. Call it first in every thread that uses an agent.
  virtual void prepare_thread() const = 0;

  /// Returns what the agents and their network are made of.
  virtual AgentTraits traits() const noexcept { return {}; }
};

}  // namespace sounder
