#include "core/evaluator.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numeric>

#include "core/metrics/statistics.h"

namespace sounder {
namespace {

std::vector<Environment> make_environments(const Evaluator::Parts& parts) {
  std::vector<Environment> environments;
  for (std::size_t i = 0; i < static_cast<std::size_t>(parts.episodes); ++i) {
    environments.push_back(parts.make_environment({.player = Seat::Player::evaluator, .slot = i}));
  }
  return environments;
}

}  // namespace

Evaluator::Evaluator(const Parts& parts)
    : environments_(make_environments(parts)),
      spec_(environments_.front().spec()),
      announceable_(environments_.front().announceable()),
      observation_size_(flat_size(spec_.observation_space)),
      is_valid_(spec_.observation_space),
      most_steps_(spec_.max_episode_steps.value_or(kMostSteps)),
      parameters_(parts.agents.layout().size),
      agent_(parts.agents.make({.parameters = parameters_}, {.observations = environments_.size()})),
      actions_(spec_.action_space, environments_.size()) {}

Evaluator::~Evaluator() = default;

Evaluator::Result Evaluator::evaluate(const Request& request) {
  while (true) {
    try {
      return play(request);
    } catch (const EnvironmentLost&) {
      if (request.stop()) return {};  // else it is back; one that stays away throws something else
    }
  }
}

Evaluator::Result Evaluator::play(const Request& request) {
  assert(request.parameters.size() == parameters_.size());
  std::ranges::copy(request.parameters, parameters_.begin());
  agent_->parameters_changed();

  const std::size_t episodes = environments_.size();
  std::vector<float> observations(episodes * observation_size_);  // [running, D]
  std::vector<std::size_t> running(episodes);                     // the episode of each row
  const std::size_t state_size = agent_->state_size();
  std::vector<float> states(episodes * state_size);  // [running, S], of the agent
  std::vector<Rng> rngs;                             // [running], each episode's own
  std::vector<std::uint64_t> seeds;
  std::iota(running.begin(), running.end(), std::size_t{0});
  const auto observation = [&](std::size_t row) {
    return std::span(observations).subspan(row * observation_size_, observation_size_);
  };
  StreamKey key{.seed = request.seed, .worker = request.stream, .purpose = Stream::evaluation};
  StreamKey action_key{.seed = request.seed, .worker = request.stream, .purpose = Stream::evaluation_action};
  for (std::size_t i = 0; i < episodes; ++i) {
    key.index = action_key.index = i + 1;
    seeds.push_back(derive_seed(key));
    if (announceable_) environments_[i].announce_reset(seeds[i]);
    rngs.emplace_back(action_key);
  }
  for (std::size_t i = 0; i < episodes; ++i) environments_[i].reset(seeds[i], observation(i));

  Result result{.returns = std::vector<double>(episodes), .lengths = std::vector<std::int64_t>(episodes)};
  while (!running.empty()) {
    if (request.stop()) return {};
    agent_->act({.observations = {observations.data(), running.size() * observation_size_},
                 .selection = request.selection,
                 .rngs = {rngs.data(), running.size()},
                 .states = {states.data(), running.size() * state_size}},
                actions_);
    if (announceable_) {
      for (std::size_t row = 0; row < running.size(); ++row) environments_[running[row]].announce(actions_[row]);
    }
    std::size_t kept = 0;
    for (std::size_t row = 0; row < running.size(); ++row) {
      const std::size_t episode = running[row];
      const StepResult step = environments_[episode].step(actions_[row], observation(row));
      result.returns[episode] += static_cast<double>(step.reward);
      const std::int64_t length = ++result.lengths[episode];
      if (!is_valid_(observation(row))) {
        throw invalid_observation(spec_.observation_space, observation(row), {.who = "evaluation", .step = length});
      }
      if (!std::isfinite(step.reward)) throw invalid_reward(step.reward, {.who = "evaluation", .step = length});
      if (step.terminated || step.truncated || length >= most_steps_) continue;
      // The rows that still run move up, in their order.
      running[kept] = episode;
      rngs[kept] = rngs[row];
      if (kept != row) {
        std::ranges::copy(observation(row), observation(kept).begin());
        std::copy_n(states.data() + row * state_size, state_size, states.data() + kept * state_size);
      }
      ++kept;
    }
    running.resize(kept);
  }
  return result;
}

double Evaluator::Result::mean_return() const {
  return mean(returns);
}

}  // namespace sounder
