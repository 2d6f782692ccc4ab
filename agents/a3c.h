#pragma once

#include <memory>
#include <vector>

#include "agents/actor_critic_loss.h"
#include "agents/networks/architecture.h"
#include "core/learning/agent.h"
#include "core/learning/network.h"

namespace sounder {

/// Asynchronous advantage actor-critic (Mnih et al. 2016, algorithm S3), one worker's part: acts by the policy, and
/// learns from n-step returns, or from generalized advantages.
class A3c final : public Agent {
 public:
  struct Settings {
    float discount;        ///< gamma
    float gae_lambda = 1;  ///< lambda of the advantages; 1: n-step advantages
    ActorCriticLoss loss;
  };

  /// Counts the rows that the network must be made for: those of a rollout, and as many as it acts on at a time, for
  /// bootstrap values.
  static constexpr std::size_t network_rows(const AgentUse& use) noexcept { return use.observations * (use.steps + 1); }

  /// Takes a network that was made for network_rows(use) rows.
  A3c(std::unique_ptr<Network> network, const AgentUse& use, const Settings& settings);

  void parameters_changed() override { network_->parameters_changed(); }
  std::size_t state_size() const noexcept override { return network_->state_size(); }
  std::size_t rows_together() const noexcept override { return network_->rows_together(); }
  void act(const ActRequest& request, ActionArray& actions) override;
  LossSums learn(const Rollout& rollout, std::span<float> gradient) override;

 private:
  std::span<const float> bootstrap_values(const Rollout& rollout);

  std::unique_ptr<Network> network_;
  std::size_t most_observations_;  // of one forward
  std::size_t state_size_;
  Settings settings_;
  std::vector<float> returns_;           // [rows]
  std::vector<float> advantages_;        // [rows]
  std::vector<float> output_gradients_;  // [rows, K]
  std::vector<float> value_gradients_;   // [rows]
  std::vector<float> bootstrap_values_;  // [rows]
  std::vector<float> states_;            // [rows, S], after the rows' observations
  std::vector<float> bootstrap_states_;  // [most_observations_, S]
};

/// Makes the agents that a configuration with the algorithm `a3c` asks for, and `a2c`: they act and learn alike, and
/// differ in that a2c is defined with a sharing scheme. Throws UsageError where the configuration does not suit the
/// environment.
std::unique_ptr<AgentFactory> make_a3c_agents(const TrainConfig& config, const EnvironmentSpec& spec,
                                              const Networks& networks);
std::unique_ptr<AgentFactory> make_a2c_agents(const TrainConfig& config, const EnvironmentSpec& spec,
                                              const Networks& networks);

}  // namespace sounder
