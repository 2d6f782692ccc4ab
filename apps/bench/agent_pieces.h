#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "apps/bench/piece.h"
#include "core/aligned_floats.h"
#include "core/learning/action_masks.h"
#include "core/learning/agent.h"
#include "core/learning/rollout.h"
#include "envs/environment.h"

namespace sounder::benchmark {

/// Returns the number of weights of a network, those of its matrices without biases. A forward pass counts as 2
/// operations per weight and row, a backward pass as 4. Biases, activations and the loss are not counted.
std::size_t count_weights(const ParameterLayout& layout);

/// Measures an agent's operations on its network, over a fixed rollout from the environment:
///
///     act_1, act_16        forward of 1 and of 16 rows, and an action drawn for each
///     learn_20             bootstrap value, returns, loss and backward of 20 steps
///     parameters_changed   copies changed parameters, as after every pull
class AgentPieces {
 public:
  /// The agents must outlive this object.
  AgentPieces(const AgentFactory& agents, const std::function<Environment()>& make_environment);
  AgentPieces(const AgentPieces&) = delete;  // its agents view its parameters
  AgentPieces& operator=(const AgentPieces&) = delete;

  /// Returns the pieces. They refer to this object.
  std::vector<Piece> pieces();

 private:
  void fill_rollout(Environment& environment);

  double weights_;
  EnvironmentSpec spec_;
  AlignedFloats parameters_;
  AlignedFloats gradient_;
  std::unique_ptr<Agent> one_;      // acts on one row at a time
  std::unique_ptr<Agent> many_;     // acts on many rows
  std::unique_ptr<Agent> learner_;  // has acted through the rollout
  ActionMasks masks_;               // [1, M], of the rollout's environment
  Rollout rollout_;
  ActionArray actions_;
  std::vector<Rng> rngs_;
  std::vector<float> states_;  // [rows, S]
};

}  // namespace sounder::benchmark
