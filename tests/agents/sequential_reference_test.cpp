#include "tests/agents/torch_catch.h"

#include <cmath>
#include <filesystem>
#include <numeric>
#include <vector>

#include "agents/factory.h"
#include "core/running/trainer.h"
#include "core/running/worker_group.h"
#include "envs/random.h"
#include "envs/registry.h"

namespace sounder {
namespace {

TrainConfig config_of(std::int64_t steps) {
  TrainConfig config;
  config.environment = "CartPole-v1";
  config.workers = 1;
  config.steps = steps;
  config.seed = 5;
  config.backend = "torch";
  config.hidden = {16, 16};
  config.rollout = 7;
  config.learning_rate = 0.01;
  config.anneal_steps = 4'000;
  config.entropy_coefficient = 0.01;
  config.max_gradient_norm = 10;
  config.evaluation_interval = 1'000;
  config.evaluation_episodes = 2;
  return config;
}

/// A plain, sequential A3C with one worker, without shared array, rollout class, update rule or network interface: only
/// vectors, LibTorch layers and the formulas. `restart_at` begins a new episode at that step.
std::vector<float> train_sequentially(const TrainConfig& config, std::int64_t restart_at) {
  const Registry registry = Registry::with_builtins();
  Environment environment = registry.make(config.environment);
  const auto seed = static_cast<std::uint64_t>(config.seed);
  std::vector<float> theta = make_agent_factory(config, environment.spec())->initial_parameters(seed);
  std::vector<float> g(theta.size(), 0.0F);

  std::vector<torch::Tensor> parameters;  // weight, bias, weight, ...: views of theta
  std::size_t offset = 0;
  for (const auto& [out, in] : std::vector<std::pair<std::int64_t, std::int64_t>>{{16, 4}, {16, 16}, {3, 16}}) {
    parameters.push_back(torch::from_blob(theta.data() + offset, {out, in}).requires_grad_());
    offset += static_cast<std::size_t>(out * in);
    parameters.push_back(torch::from_blob(theta.data() + offset, {out}).requires_grad_());
    offset += static_cast<std::size_t>(out);
  }
  const auto network = [&](const std::vector<float>& rows) {
    auto x = torch::tensor(rows).reshape({-1, 4});
    x = torch::tanh(torch::linear(x, parameters[0], parameters[1]));
    x = torch::tanh(torch::linear(x, parameters[2], parameters[3]));
    return torch::linear(x, parameters[4], parameters[5]);  // two logits and the value
  };

  std::vector<float> observation(4);
  std::uint64_t episode = 0;
  bool in_episode = false;
  Rng rng(0);
  for (std::int64_t step = 0; step < config.steps;) {
    if (step == restart_at) in_episode = false;
    if (!in_episode) {
      rng = Rng({.seed = seed, .worker = 0, .purpose = Stream::action, .index = episode});
      environment.reset(derive_seed({.seed = seed, .worker = 0, .purpose = Stream::environment, .index = episode}),
                        observation);
      ++episode;
      in_episode = true;
    }

    std::vector<float> observations, rewards;
    std::vector<std::vector<float>> logits;
    std::vector<float> values;
    std::vector<std::size_t> actions;
    bool terminated = false;
    const std::int64_t limit = step < restart_at ? restart_at : config.steps;
    while (in_episode && static_cast<std::int64_t>(rewards.size()) < std::min(config.rollout, limit - step)) {
      const torch::NoGradGuard no_grad;
      const auto row = network(observation);
      logits.push_back({row[0][0].item<float>(), row[0][1].item<float>()});
      values.push_back(row[0][2].item<float>());
      observations.insert(observations.end(), observation.begin(), observation.end());
      // Chooses 0 if a uniform fraction of the weights' sum falls on it.
      const float largest = std::max(logits.back()[0], logits.back()[1]);
      const float weight0 = std::exp(logits.back()[0] - largest);
      const float weight1 = std::exp(logits.back()[1] - largest);
      actions.push_back(rng.uniform() * (weight0 + weight1) < weight0 ? 0U : 1U);
      const StepResult result = environment.step(static_cast<std::int64_t>(actions.back()), observation);
      rewards.push_back(result.reward);
      terminated = result.terminated;
      in_episode = !result.terminated && !result.truncated;
    }

    const std::size_t taken = rewards.size();
    float following = 0;
    if (!terminated) {
      const torch::NoGradGuard no_grad;
      following = network(observation)[0][2].item<float>();
    }
    const auto beta = static_cast<float>(config.entropy_coefficient);
    std::vector<float> result_gradient(3 * taken);
    for (std::size_t t = taken; t-- > 0;) {
      following = rewards[t] + static_cast<float>(config.discount) * following;
      const float advantage = following - values[t];
      const float largest = std::max(logits[t][0], logits[t][1]);
      const float weight[2] = {std::exp(logits[t][0] - largest), std::exp(logits[t][1] - largest)};
      const float sum = weight[0] + weight[1];
      const float pi[2] = {weight[0] / sum, weight[1] / sum};
      const float log_pi[2] = {logits[t][0] - largest - std::log(sum), logits[t][1] - largest - std::log(sum)};
      float entropy = 0;
      for (std::size_t k = 0; k < 2; ++k) entropy -= pi[k] * log_pi[k];
      for (std::size_t k = 0; k < 2; ++k) {
        const float chosen = actions[t] == k ? 1.0F : 0.0F;
        result_gradient[3 * t + k] = (pi[k] - chosen) * advantage + beta * pi[k] * (log_pi[k] + entropy);
      }
      result_gradient[3 * t + 2] = values[t] - following;
    }

    for (auto& parameter : parameters) parameter.mutable_grad() = torch::Tensor();
    network(observations).backward(torch::tensor(result_gradient).reshape({-1, 3}));
    std::vector<float> d;
    for (const auto& parameter : parameters) {
      const auto flat = parameter.grad().flatten().contiguous();
      d.insert(d.end(), flat.data_ptr<float>(), flat.data_ptr<float>() + flat.numel());
    }
    double sum = 0;
    for (const float x : d) sum += static_cast<double>(x) * static_cast<double>(x);
    if (std::sqrt(sum) > config.max_gradient_norm) {
      const auto scale = static_cast<float>(config.max_gradient_norm / std::sqrt(sum));
      for (float& x : d) x *= scale;
    }
    const auto rate = static_cast<float>(config.learning_rate *
                                         (1 - static_cast<double>(step) / static_cast<double>(config.anneal_steps)));
    const auto alpha = static_cast<float>(config.rmsprop_decay);
    const auto epsilon = static_cast<float>(config.rmsprop_epsilon);
    for (std::size_t i = 0; i < theta.size(); ++i) {
      g[i] = alpha * g[i] + (1 - alpha) * d[i] * d[i];
      theta[i] += -rate * d[i] / std::sqrt(g[i] + epsilon);
    }
    step += static_cast<std::int64_t>(taken);
  }
  return theta;
}

constexpr std::int64_t kNever = -1;

TrainReport train(const TrainConfig& config, const Checkpoint* from, Checkpoint* last) {
  const Registry registry = Registry::with_builtins();
  const auto agents = make_agent_factory(config, registry.make(config.environment).spec());
  Trainer trainer({.config = config,
                   .make_environment = [&] { return registry.make(config.environment); },
                   .agents = *agents,
                   .save =
                       [&](const Checkpoint& checkpoint, CheckpointMark) {
                         if (last != nullptr) *last = checkpoint;
                         return std::filesystem::path();
                       }});
  if (from != nullptr) trainer.restore(*from);
  return trainer.run();
}

/// Counts the parameters that differ in any bit of their value.
std::size_t differences(const std::vector<float>& a, const std::vector<float>& b) {
  REQUIRE(a.size() == b.size());
  return std::inner_product(a.begin(), a.end(), b.begin(), std::size_t{0}, std::plus<>(),
                            [](float x, float y) { return x == y ? std::size_t{0} : std::size_t{1}; });
}

TEST_CASE("one worker equals a plain sequential loop bit for bit") {
  const TrainConfig config = config_of(3'001);  // not a multiple of the rollout
  const TrainReport report = train(config, nullptr, nullptr);
  CHECK(report.progress.step == 3'001);
  CHECK(differences(report.parameters, train_sequentially(config, kNever)) == 0);
}

TEST_CASE("a resumed run equals one that begins a new episode there, bit for bit") {
  Checkpoint checkpoint;
  train(config_of(1'503), nullptr, &checkpoint);
  REQUIRE(checkpoint.progress.step == 1'503);
  const TrainConfig longer = config_of(3'001);
  const TrainReport resumed = train(longer, &checkpoint, nullptr);
  CHECK(resumed.progress.step == 3'001);
  CHECK(resumed.steps == 3'001 - 1'503);
  CHECK(differences(resumed.parameters, train_sequentially(longer, 1'503)) == 0);
  CHECK(differences(resumed.parameters, train_sequentially(longer, kNever)) > 0);
}

}  // namespace
}  // namespace sounder
