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

/// The value methods of Mnih et al. (2016), one worker's part: one-step Q-learning (algorithm 1), one-step Sarsa and
/// n-step Q-learning (algorithm S2), which differ by their rule for targets. The network's outputs are the values
/// Q(s, .) of K discrete actions. It acts epsilon-greedily by them, and learns towards targets that the same network
/// with the target parameters makes. Where actions are masked, all that is said of actions is said of those that may be
/// taken: of the random ones, of the best one of an observation, of a mean.
///
/// Sarsa's action after a step is the one that the rollout has there. Where it has none, after a truncated step and
/// after the rollout's last one, the target is its mean over the action that an epsilon-greedy choice by the online
/// network would give, with the epsilon of the last act:
///
///     E_a' Q-(s', a') = (1 - epsilon) Q-(s', argmax_a Q(s', a)) + epsilon / K sum_a Q-(s', a)
///
/// Since the gradient is linear in the target, it is on average what drawing a' would give, with less variance (van
/// Seijen et al. 2009) and without another stream of random numbers: learning twice gives the same gradient.
class ActionValueAgent final : public Agent {
 public:
  struct Settings {
    float discount;  ///< gamma
    ActionValueLoss loss;
    TargetRule rule;
  };

  /// Counts the rows that the online network must be made for: those of a rollout, and as many as it acts on at a time,
  /// for the observations that are bootstrapped from.
  static constexpr std::size_t network_rows(const AgentUse& use) noexcept { return use.observations * (use.steps + 1); }
  /// The same of the target network: a rollout's at a time.
  static constexpr std::size_t target_rows(const AgentUse& use) noexcept { return use.observations * use.steps; }

  /// Neither network may have a memory or a value beside its outputs.
  struct Replicas {
    std::unique_ptr<Network> online;  ///< made for network_rows(use) rows
    std::unique_ptr<Network> target;  ///< made for target_rows(use) rows; null: it only acts
  };
  ActionValueAgent(Replicas networks, const AgentUse& use, const Settings& settings);

  void parameters_changed() override { networks_.online->parameters_changed(); }
  void target_changed() override;
  std::size_t rows_together() const noexcept override { return networks_.online->rows_together(); }
  /// A row of Selection::sample draws one random number, and another one if it explores.
  void act(const ActRequest& request, ActionArray& actions) override;
  LossSums learn(const Rollout& rollout, std::span<float> gradient) override;

 private:
  std::span<const float> row_values(const Rollout& rollout);
  std::span<const float> bootstrap_values(const Rollout& rollout);
  void choose_bootstrap_values(const Rollout& rollout, std::span<const float> target_outputs);

  Replicas networks_;
  std::size_t most_observations_;  // of one forward of the online network
  std::size_t width_;              // K
  Settings settings_;
  float epsilon_ = 0;                    // of the last act
  std::vector<float> targets_;           // [rows]
  std::vector<float> row_values_;        // [rows]
  std::vector<float> bootstrap_values_;  // [rows]
  std::vector<float> output_gradients_;  // [rows, K]
};

/// Make the agents that a configuration with the algorithm `one_step_q`, `one_step_sarsa` or `n_step_q` asks for. Throw
/// UsageError where it does not suit the environment or the network.
std::unique_ptr<AgentFactory> make_one_step_q_agents(const TrainConfig& config, const EnvironmentSpec& spec,
                                                     const Networks& networks);
std::unique_ptr<AgentFactory> make_one_step_sarsa_agents(const TrainConfig& config, const EnvironmentSpec& spec,
                                                         const Networks& networks);
std::unique_ptr<AgentFactory> make_n_step_q_agents(const TrainConfig& config, const EnvironmentSpec& spec,
                                                   const Networks& networks);

}  // namespace sounder
