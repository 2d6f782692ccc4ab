#pragma once

#include <memory>
#include <vector>

#include "agents/actor_critic_loss.h"
#include "agents/networks/architecture.h"
#include "core/learning/agent.h"
#include "core/learning/network.h"

namespace sounder {

/// One worker's agent of asynchronous advantage actor-critic (Mnih et al. 2016, algorithm S3). Samples actions from the
/// policy and learns from n-step returns or generalized advantages.
class A3c final : public Agent {
 public:
  struct Settings {
    float discount;        ///< gamma
    float gae_lambda = 1;  ///< lambda of the advantages; 1: n-step advantages
    ActorCriticLoss loss;
  };

  /// Returns the number of rows that the network needs: those of a rollout, plus the rows of one act() for bootstrap
  /// values.
  static constexpr std::size_t network_rows(const AgentUse& use) noexcept { return use.observations * (use.steps + 1); }

  /// The network must have been made for network_rows(use) rows.
  A3c(std::unique_ptr<Network> network, const AgentUse& use, const Settings& settings);

  void parameters_changed() override { network_->parameters_changed(); }
  std::size_t state_size() const noexcept override { return network_->state_size(); }
  std::size_t rows_together() const noexcept override { return network_->rows_together(); }
  void act(const ActRequest& request, ActionArray& actions) override;
  float value(std::size_t row, ActionMask mask) const noexcept override;
  LossSums learn(const Rollout& rollout, std::span<float> gradient) override;

 private:
  std::span<const float> bootstrap_values(const Rollout& rollout);

  std::unique_ptr<Network> network_;
  std::size_t most_observations_;  // most observations of one forward pass
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

/// Make the agents of the algorithms `a3c` and `a2c`. Both act and learn in the same way, but a2c requires a sharing
/// scheme. Throw UsageError if the configuration does not suit the environment.
std::unique_ptr<AgentFactory> make_a3c_agents(const TrainConfig& config, const EnvironmentSpec& spec,
                                              const Networks& networks);
std::unique_ptr<AgentFactory> make_a2c_agents(const TrainConfig& config, const EnvironmentSpec& spec,
                                              const Networks& networks);

}  // namespace sounder
