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

/// How an action is chosen.
enum class Selection { sample, greedy };

/// What an agent is made for.
struct AgentUse {
  std::size_t observations;  ///< most that it acts on at a time: B
  std::size_t steps = 1;     ///< most, T, of the rollouts it learns from, which are of at most B environments
  std::optional<std::size_t> worker = {};  ///< its index; none: no worker's agent, but an evaluator's, say
};

/// Sums over a rollout's steps, for the reports.
struct LossSums {
  float policy = 0;   ///< sum of -log pi(a) advantage
  float value = 0;    ///< sum of squared errors of the value, halved
  float entropy = 0;  ///< sum of the policy's entropies, nats
};

/// An algorithm with its own replica of the network: what one worker acts and learns with. To be used by one thread at
/// a time. The replica's parameters are floats of somebody else's, which change between rollouts only.
class Agent {
 public:
  virtual ~Agent() = default;

  struct ActRequest {
    std::span<const float> observations;  ///< [B, D]
    std::size_t first_row = 0;            ///< rows of the network's memory and of the actions: first_row, ... + B - 1
    Selection selection = Selection::sample;
    std::span<Rng> rngs = {};  ///< [B], each row draws from its own; of Selection::sample: greedy choices draw nothing
    std::span<float> states = {};  ///< [B, S], before the observations; become those after them
    ActionMask masks = {};         ///< [B, M], of the actions that may be taken; empty: all may be
    float epsilon = 0;             ///< probability of a uniformly drawn action, of agents that explore so
  };

  /// Takes in that the replica's parameters have changed since the agent was made: to be called after every change,
  /// before the next act.
  virtual void parameters_changed() = 0;

  /// Takes in that the replica's target parameters have changed since the agent was made: to be called after every
  /// change, before the next learn.
  virtual void target_changed() {}

  /// Counts the numbers, S, of the state that each environment's episode carries from step to step. The caller keeps
  /// them, and sets them to zero where an episode begins.
  virtual std::size_t state_size() const noexcept { return 0; }

  /// Counts the updates made of each rollout: learn is called so many times, and after each call its gradient is
  /// contributed and the parameters are fetched again.
  virtual std::size_t passes() const noexcept { return 1; }

  /// Counts the observations that act takes together, as Network::rows_together: where B is a multiple of it, what is
  /// chosen for an observation does not depend on the others.
  virtual std::size_t rows_together() const noexcept { return 1; }

  /// Chooses actions for B observations, of those that their masks allow, and writes them to the rows of `actions`.
  virtual void act(const ActRequest& request, ActionArray& actions) = 0;

  /// Writes the gradient of the rollout's loss, a sum over all of its rows, to `gradient` (flat, as the parameters).
  /// The rows' actions must have been chosen by act, step by step from row 0, with the present parameters; in later
  /// passes over a rollout, with those of before its first one.
  virtual LossSums learn(const Rollout& rollout, std::span<float> gradient) = 0;
};

/// What a run learns with: an algorithm and a network that suit an environment. Const and shared by all threads.
class AgentFactory {
 public:
  virtual ~AgentFactory() = default;

  /// How the network's parameters lie in the flat array.
  virtual const ParameterLayout& layout() const noexcept = 0;

  /// Describes the network in one line; equal descriptions are equal networks.
  virtual std::string description() const = 0;

  /// Names the backend that computes the network: the one that `auto` stands for, too.
  virtual std::string backend() const = 0;

  /// Draws the parameters that a run starts from; the seed determines them.
  virtual std::vector<float> initial_parameters(std::uint64_t seed) const = 0;

  /// Names the sharing scheme that the algorithm is defined with, as a2c is with "rounds"; empty: whichever the
  /// configuration asks for.
  virtual std::string_view sharing() const noexcept { return {}; }

  /// Tells whether agents learn with target parameters beside their own.
  virtual bool has_target() const noexcept { return false; }

  /// Nats, of a policy's mean entropy: beyond, its exploration has run away, and a user should know. Infinite where it
  /// cannot.
  virtual double runaway_entropy() const noexcept { return std::numeric_limits<double>::infinity(); }

  /// Makes an agent over a replica of layout().size parameters.
  virtual std::unique_ptr<Agent> make(const Replica& replica, const AgentUse& use) const = 0;

  /// To be called first in every thread that uses an agent: sets what libraries keep per thread.
  virtual void prepare_thread() const = 0;
};

}  // namespace sounder
