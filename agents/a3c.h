#pragma once

#include <memory>
#include <vector>

#include "agents/actor_critic_loss.h"
#include "core/agent.h"
#include "core/network.h"

namespace sounder {

/// Asynchronous advantage actor-critic (Mnih et al. 2016, algorithm S3), one worker's part, for Discrete actions: acts
/// by the policy, and learns from n-step returns.
class A3c final : public Agent {
 public:
  struct Settings {
    float discount;  ///< gamma
    ActorCriticLoss loss;
  };

  /// Takes a network that was made for rows + 1 rows: one more than a rollout's steps, for the bootstrap value.
  A3c(std::unique_ptr<Network> network, std::size_t rows, const Settings& settings);

  void parameters_changed() override { network_->parameters_changed(); }
  void act(const ActRequest& request, ActionArray& actions) override;
  LossSums learn(const Rollout& rollout, std::span<float> gradient) override;

 private:
  float bootstrap_value(const Rollout& rollout);

  std::unique_ptr<Network> network_;
  Settings settings_;
  std::vector<float> logits_;           // [rows, K], as they were acted on
  std::vector<float> values_;           // [rows], likewise
  std::vector<float> returns_;          // [rows]
  std::vector<float> advantages_;       // [rows]
  std::vector<float> logit_gradients_;  // [rows, K]
  std::vector<float> value_gradients_;  // [rows]
};

}  // namespace sounder
