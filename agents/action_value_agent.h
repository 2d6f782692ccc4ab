#pragma once

#include <memory>
#include <span>
#include <vector>

#include "agents/action_value_loss.h"
#include "agents/action_value_targets.h"
#include "agents/networks/architecture.h"
#include "core/learning/agent.h"
#include "core/learning/network.h"

namespace sounder {

/// One worker's agent of the value methods of Mnih et al. (2016): one-step Q-learning (algorithm 1), one-step Sarsa and
/// n-step Q-learning (algorithm S2), which differ in their rule for targets. The network's outputs are the values Q(s,
/// .) of K discrete actions. The agent acts epsilon-greedily and learns towards targets that the same network computes
/// with the target parameters. If actions are masked, random actions, the best action and means over actions all refer
/// to the allowed actions only.
///
/// Sarsa takes the action after a step from the rollout. After a truncated step and after the rollout's last step there
/// is none; the target is then the expectation over an epsilon-greedy choice by the online network, with the epsilon of
/// the last act:
///
///     E_a' Q-(s', a') = (1 - epsilon) Q-(s', argmax_a Q(s', a)) + epsilon / K sum_a Q-(s', a)
///
/// The gradient is linear in the target, so its expectation equals that of drawing a', with less variance (van Seijen
/// et al. 2009). No further stream of random numbers is needed: learning twice gives the same gradient.
class ActionValueAgent final : public Agent {
 public:
  struct Settings {
    float discount;  ///< gamma
    ActionValueLoss loss;
    TargetRule rule;
  };

  /// Returns the number of rows that the online network needs: those of a rollout, plus the rows of one act() for
  /// bootstrap observations.
  static constexpr std::size_t network_rows(const AgentUse& use) noexcept { return use.observations * (use.steps + 1); }
  /// Returns the number of rows that the target network needs: those of a rollout.
  static constexpr std::size_t target_rows(const AgentUse& use) noexcept { return use.observations * use.steps; }

  /// Neither network may have memory or a value besides its outputs.
  struct Replicas {
    std::unique_ptr<Network> online;  ///< made for network_rows(use) rows
    std::unique_ptr<Network> target;  ///< made for target_rows(use) rows; null for an agent that only acts
  };
  ActionValueAgent(Replicas networks, const AgentUse& use, const Settings& settings);

  void parameters_changed() override { networks_.online->parameters_changed(); }
  void target_changed() override;
  std::size_t rows_together() const noexcept override { return networks_.online->rows_together(); }
  /// With Selection::sample, each row draws one random number, and a second one if it explores.
  void act(const ActRequest& request, ActionArray& actions) override;
  /// Returns the largest value of an allowed action.
  float value(std::size_t row, ActionMask mask) const noexcept override;
  LossSums learn(const Rollout& rollout, std::span<float> gradient) override;

 private:
  std::span<const float> row_values(const Rollout& rollout);
  std::span<const float> bootstrap_values(const Rollout& rollout);
  void choose_bootstrap_values(const Rollout& rollout, std::span<const float> target_outputs);

  Replicas networks_;
  std::size_t most_observations_;  // most observations of one forward pass of the online network
  std::size_t width_;              // K
  Settings settings_;
  float epsilon_ = 0;                    // of the last act()
  std::vector<float> targets_;           // [rows]
  std::vector<float> row_values_;        // [rows]
  std::vector<float> bootstrap_values_;  // [rows]
  std::vector<float> output_gradients_;  // [rows, K]
};

/// Make the agents of the algorithms `one_step_q`, `one_step_sarsa` and `n_step_q`. Throw UsageError if the
/// configuration does not suit the environment or the network.
std::unique_ptr<AgentFactory> make_one_step_q_agents(const TrainConfig& config, const EnvironmentSpec& spec,
                                                     const Networks& networks);
std::unique_ptr<AgentFactory> make_one_step_sarsa_agents(const TrainConfig& config, const EnvironmentSpec& spec,
                                                         const Networks& networks);
std::unique_ptr<AgentFactory> make_n_step_q_agents(const TrainConfig& config, const EnvironmentSpec& spec,
                                                   const Networks& networks);

}  // namespace sounder
