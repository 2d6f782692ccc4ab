#include "agents/policy_distribution.h"

#include <cassert>
#include <cmath>
#include <limits>
#include <numbers>
#include <utility>

namespace sounder {
namespace {

/// Returns the entropy of normal distributions with s_i = 2 (high_i - low_i), about a fifth of whose draws lie within
/// the bounds. Infinite if a bound is infinite or a range is empty.
double runaway_entropy(const Box& box) {
  double entropy = 0;
  for (std::size_t i = 0; i < box.low.size(); ++i) {
    const double width = static_cast<double>(box.high[i]) - static_cast<double>(box.low[i]);
    if (!(width > 0)) return std::numeric_limits<double>::infinity();
    entropy += std::log(2 * width) + 0.5 * (1 + std::log(2 * std::numbers::pi));
  }
  return entropy;
}

PolicySpec continuous_policy(const TrainConfig& config, const Box& box) {
  const bool by_state = find_named(kPolicyStds, "policy_std", config.policy_std) == PolicyStd::network;
  const auto start = static_cast<float>(config.initial_log_std);
  DiagonalGaussian normal;
  if (by_state) normal.log_std = LogStd::softly_bounded(start);
  PolicySpec policy{.distribution = normal,
                    .outputs = 2 * box.low.size(),
                    .head = by_state ? PolicyHead::linear : PolicyHead::gaussian,
                    .initial_log_std = start,
                    .runaway_entropy = runaway_entropy(box)};
  if (!config.squash_actions) return policy;
  SquashedGaussian squashed;
  squashed.normal = normal;
  policy.distribution = squashed;
  policy.runaway_entropy = std::numeric_limits<double>::infinity();  // its entropy is bounded
  return policy;
}

PolicySpec logits_policy(PolicyDistribution distribution, std::size_t outputs) {
  return {
      .distribution = std::move(distribution), .outputs = outputs, .head = PolicyHead::linear, .initial_log_std = 0};
}

/// Chooses by one kind of policy.
template <PolicyModel P>
void choose(const P& policy, const Agent::ActRequest& request, const PolicyOutputs& outputs, ActionArray& actions) {
  const std::size_t width = outputs.width;
  const std::size_t rows = outputs.rows.size() / width;
  const auto choose_row = [&](std::size_t i, auto... mask) {
    const auto row = outputs.rows.subspan(i * width, width);
    const auto action = policy.action(actions, request.first_row + i);
    if (request.selection == Selection::sample) {
      policy.sample(row, request.rngs[i], action, mask...);
    } else {
      policy.mode(row, action, mask...);
    }
  };
  for (std::size_t i = 0; i < rows; ++i) {
    if constexpr (MaskedPolicyModel<P>) {
      choose_row(i, mask_of_row(request.masks, i, width));
    } else {
      assert(request.masks.empty());
      choose_row(i);
    }
  }
}

}  // namespace

PolicySpec make_policy(const TrainConfig& config, const Space& action_space) {
  if (const auto* const box = std::get_if<Box>(&action_space)) return continuous_policy(config, *box);
  if (const auto* const choices = std::get_if<MultiDiscrete>(&action_space)) {
    const MultiCategorical distribution(*choices);
    return logits_policy(distribution, distribution.outputs());
  }
  if (const auto* const switches = std::get_if<MultiBinary>(&action_space)) {
    return logits_policy(Bernoulli{}, static_cast<std::size_t>(switches->n));
  }
  return logits_policy(Categorical{}, static_cast<std::size_t>(std::get<Discrete>(action_space).n));
}

void choose_actions(const PolicyDistribution& policy, const Agent::ActRequest& request, const PolicyOutputs& outputs,
                    ActionArray& actions) {
  std::visit([&](const auto& distribution) { choose(distribution, request, outputs, actions); }, policy);
}

}  // namespace sounder
