// Your own algorithm and a program that trains with it: A3C that learns from each rollout several times, with the
// clipped policy loss of PPO (Schulman et al. 2017, equation 7).
//
//     own_algorithm train CartPole-v1 --algorithm clipped_a3c --passes 4
#include <sounder/agents/actor_critic_loss.h>
#include <sounder/agents/network_agents.h>
#include <sounder/core/learning/returns.h>
#include <sounder/sounder.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <variant>
#include <vector>

namespace {

const sounder::OwnKey<std::int64_t> kPasses(
    {.name = "passes", .help = "updates from each rollout", .value = 4, .min = 1, .max = 100});
const sounder::OwnKey<double> kClipRange({.name = "clip_range",
                                          .help = "change of an action's probability, relative, beyond which it is not "
                                                  "pushed further",
                                          .value = 0.2,
                                          .min = 0,
                                          .max = 10});

struct Settings {
  std::size_t passes;
  float clip_range;
  float discount;
  float gae_lambda;
  sounder::ActorCriticLoss loss;
};

/// One worker's agent: acts by its network, and turns a rollout into a gradient.
class ClippedA3c final : public sounder::Agent {
 public:
  /// `rows` are the most of a rollout. The network has as many again, for bootstrap observations.
  ClippedA3c(std::unique_ptr<sounder::Network> network, std::size_t rows, const Settings& settings)
      : network_(std::move(network)),
        settings_(settings),
        returns_(rows),
        advantages_(rows),
        old_logs_(rows),
        logs_(rows),
        weights_(rows),
        output_gradients_(rows * network_->output_size()),
        value_gradients_(rows) {}

  void parameters_changed() override { network_->parameters_changed(); }
  std::size_t rows_together() const noexcept override { return network_->rows_together(); }
  std::size_t passes() const noexcept override { return settings_.passes; }

  void act(const ActRequest& request, sounder::ActionArray& actions) override {
    const sounder::NetworkOutput output = network_->forward(request.observations, request.first_row, {});
    sounder::choose_actions(settings_.loss.policy, request, {.rows = output.outputs, .width = network_->output_size()},
                            actions);
    first_pass_ = true;
  }

  float value(std::size_t row, sounder::ActionMask /*mask*/) const noexcept override {
    return network_->remembered(row + 1).values[row];
  }

  sounder::LossSums learn(const sounder::Rollout& rollout, std::span<float> gradient) override {
    const std::size_t rows = rollout.size();
    if (first_pass_) {
      estimate_advantages(rollout);
      write_logs(rollout, old_logs_);
    } else {  // the parameters have changed since the pass before
      network_->forward(rollout.observations(), 0, {});
    }
    first_pass_ = false;
    write_logs(rollout, logs_);
    for (std::size_t i = 0; i < rows; ++i) {
      // The loss -min(r A, clip(r) A), with r = pi(a) / pi_old(a), has the gradient of -log pi(a) r A, or none.
      const float ratio = std::exp(logs_[i] - old_logs_[i]);
      const bool clipped = advantages_[i] > 0 ? ratio > 1 + settings_.clip_range : ratio < 1 - settings_.clip_range;
      weights_[i] = clipped ? 0 : ratio * advantages_[i];
    }
    const auto [outputs, values] = network_->remembered(rows);
    const std::span output_gradients(output_gradients_.data(), outputs.size());
    const std::span value_gradients(value_gradients_.data(), rows);
    const sounder::LossSums sums =
        settings_.loss.differentiate({.outputs = outputs,
                                      .values = values,
                                      .actions = rollout.actions(),
                                      .returns = {returns_.data(), rows},
                                      .advantages = {weights_.data(), rows},
                                      .masks = rollout.masks()},
                                     {.outputs = output_gradients, .values = value_gradients});
    network_->backward({.outputs = output_gradients, .values = value_gradients}, gradient);
    return sums;
  }

 private:
  void estimate_advantages(const sounder::Rollout& rollout) {
    const std::size_t rows = rollout.size();
    std::span<const float> next_values;
    if (!rollout.bootstrap_rows().empty()) {
      next_values = network_->forward(rollout.bootstrap_observations(), rows, {}).values;
    }
    const std::span<const float> values = network_->remembered(rows).values;
    const std::span returns(returns_.data(), rows);
    sounder::lambda_returns({.rewards = rollout.rewards(),
                             .ends = rollout.ends(),
                             .environments = rollout.environments(),
                             .bootstrap_values = next_values,
                             .discount = settings_.discount},
                            values, settings_.gae_lambda, returns);
    sounder::advantages(returns, values, {advantages_.data(), rows});
  }

  /// Writes log pi(a) of the rollout's actions, by the network's present outputs.
  void write_logs(const sounder::Rollout& rollout, std::span<float> logs) {
    const std::size_t width = network_->output_size();
    const std::span<const float> outputs = network_->remembered(rollout.size()).outputs;
    const auto write = [&](const auto& policy) {
      for (std::size_t i = 0; i < rollout.size(); ++i) {
        logs[i] = policy
                      .differentiate({.outputs = outputs.subspan(i * width, width),
                                      .action = policy.action(rollout.actions(), i),
                                      .weights = {.advantage = 0, .entropy_coefficient = 0},
                                      .mask = sounder::mask_of_row(rollout.masks(), i, width)},
                                     {output_gradients_.data(), width})
                      .log_probability;
      }
    };
    std::visit(write, settings_.loss.policy);
  }

  std::unique_ptr<sounder::Network> network_;
  Settings settings_;
  bool first_pass_ = true;
  std::vector<float> returns_;           // [rows], as all below
  std::vector<float> advantages_;        // before the first pass
  std::vector<float> old_logs_;          // log pi(a), before the first pass
  std::vector<float> logs_;              // log pi(a), now
  std::vector<float> weights_;           // r A, or 0 where clipped
  std::vector<float> output_gradients_;  // [rows, K]
  std::vector<float> value_gradients_;
};

/// Makes the agents of a run: one for each worker, and one that plays the evaluations.
class ClippedA3cAgents final : public sounder::NetworkAgents {
 public:
  ClippedA3cAgents(std::unique_ptr<sounder::Architecture> network, const Settings& settings)
      : NetworkAgents(std::move(network)), settings_(settings) {}

  sounder::AgentTraits traits() const noexcept override {
    return {.exploration = false, .network = network().traits()};
  }
  std::unique_ptr<sounder::Agent> make(const sounder::Replica& replica, const sounder::AgentUse& use) const override {
    const std::size_t rows = use.observations * use.steps;
    return std::make_unique<ClippedA3c>(network().make(replica.parameters, 2 * rows), rows, settings_);
  }

 private:
  Settings settings_;
};

std::unique_ptr<sounder::AgentFactory> make_clipped_a3c(const sounder::TrainConfig& config,
                                                        const sounder::EnvironmentSpec& spec,
                                                        const sounder::Networks& networks) {
  const sounder::PolicySpec policy = sounder::make_policy(config, spec.action_space);
  auto network = networks.make({.config = config,
                                .environment = spec,
                                .outputs = policy.outputs,
                                .head = policy.head,
                                .initial_log_std = policy.initial_log_std});
  if (network->state_size() > 0) {
    throw sounder::UsageError("algorithm 'clipped_a3c' takes networks without memory; got memory '" + config.memory +
                              "'");
  }
  const Settings settings{.passes = static_cast<std::size_t>(kPasses.of(config)),
                          .clip_range = static_cast<float>(kClipRange.of(config)),
                          .discount = static_cast<float>(config.discount),
                          .gae_lambda = static_cast<float>(config.gae_lambda),
                          .loss = {.entropy_coefficient = static_cast<float>(config.entropy_coefficient),
                                   .value_coefficient = static_cast<float>(config.value_coefficient),
                                   .policy = policy.distribution}};
  return std::make_unique<ClippedA3cAgents>(std::move(network), settings);
}

}  // namespace

int main(int argc, char** argv) {
  auto algorithms = sounder::Algorithms::with_builtins();
  algorithms.add("clipped_a3c", make_clipped_a3c, {kPasses, kClipRange});
  return sounder::run(argc, argv, {.algorithms = algorithms});
}
