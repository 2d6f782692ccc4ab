#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/sharing/server/server.h"
#include "envs/random.h"
#include "tests/catch.h"
#include "tests/core/running/trainer_bench.h"

namespace sounder::fakes {

using Floats = std::vector<float>;
using Doubles = std::vector<double>;

inline constexpr std::size_t kSize = 40;   // three cache lines, the last one of half its length
inline constexpr std::int64_t kSteps = 4;  // of a rollout

/// Updates are parameter - rate gradient: what is pushed can be read off the parameters.
inline TrainConfig plain(double learning_rate = 1) {
  return {.workers = 1,
          .max_gradient_norm = 1e9,
          .optimizer = "momentum_sgd",
          .learning_rate = learning_rate,
          .learning_rate_schedule = "constant",
          .momentum = 0};
}

/// A server and the ports of its workers, which a test plays.
struct ServerBench {
  explicit ServerBench(const TrainConfig& with, const ServerSettings& settings = {},
                       Behaviour behaviour = {.size = kSize})
      : config(with), agents(std::move(behaviour)), server(config, agents, settings) {
    for (std::int64_t i = 0; i < config.workers; ++i) {
      replicas.emplace_back(agents.layout().size);
      targets.emplace_back(agents.has_target() ? agents.layout().size : 0);
    }
    for (std::size_t i = 0; i < replicas.size(); ++i) {
      ports.push_back(server.port(i, {.parameters = replicas[i], .target = targets[i]}));
    }
  }

  Given give(std::size_t worker, Floats gradient, bool usable = true) {
    double squares = 0;
    for (const float x : gradient) squares += static_cast<double>(x) * static_cast<double>(x);
    const Given given =
        ports[worker]->give({.gradient = gradient, .norm = std::sqrt(squares), .steps = kSteps, .usable = usable});
    bytes += given.bytes;
    return given;
  }
  Given give_all(std::size_t worker, float x) { return give(worker, Floats(kSize, x)); }
  /// A rollout whose gradient has the same number everywhere.
  Given roll(std::size_t worker, float x) {
    bytes += ports[worker]->fetch().bytes;
    return give_all(worker, x);
  }

  Floats parameters() const { return server.snapshot().parameters; }
  float parameter() const { return parameters().back(); }
  double measure(const char* name) const {
    Measures measures;
    server.measure(measures);
    return measured(measures, name);
  }

  Checkpoint checkpoint() const {
    const Sharing::Snapshot snapshot = server.snapshot();
    Checkpoint checkpoint;
    for (const ParameterBlock& block : agents.layout().blocks) {
      const float* const begin = snapshot.parameters.data() + block.offset;
      checkpoint.parameters.push_back(
          {.name = block.name, .shape = block.shape, .values = {begin, begin + block.size}});
    }
    checkpoint.statistics = snapshot.tensors;
    checkpoint.progress.step = snapshot.step;
    checkpoint.progress.updates = static_cast<std::int64_t>(snapshot.updates);
    checkpoint.progress.workers.resize(replicas.size());
    return checkpoint;
  }

  TrainConfig config;
  FakeAgents agents;
  Server server;
  std::vector<Floats> replicas;
  std::vector<Floats> targets;
  std::vector<std::unique_ptr<Port>> ports;
  std::int64_t bytes = 0;  // moved in rollouts
};

inline const Tensor& find(const std::vector<Tensor>& tensors, const std::string& name) {
  const auto found = std::ranges::find(tensors, name, &Tensor::name);
  INFO(name);
  REQUIRE(found != tensors.end());
  return *found;
}

/// Draws the gradient of parameters: towards zero, with noise.
inline Floats draw_gradient(const Floats& parameters, Rng& rng) {
  Floats gradient(parameters.size());
  for (std::size_t i = 0; i < gradient.size(); ++i) {
    gradient[i] = 0.1F * parameters[i] + static_cast<float>(rng.normal() * std::pow(10.0, 2 * rng.uniform() - 1));
  }
  return gradient;
}

/// A run of one worker whose episodes are as long as its rollouts: it can be taken up at each.
inline TrainerBench run_of(const ServerSettings& settings) {
  TrainerBench bench;
  bench.config.optimizer = "adam";
  bench.config.learning_rate_schedule = "linear";
  bench.config.anneal_steps = 10'000;
  bench.config.target_interval = 100;
  bench.behaviour.size = kSize;
  bench.behaviour.observation_moments = MomentsBlock{.offset = 5, .width = 2};
  bench.behaviour.has_target = true;
  bench.environment.length = [](std::uint64_t) { return kSteps; };
  bench.make_sharing = [settings](const TrainConfig& config, const AgentFactory& agents) {
    return std::make_unique<Server>(config, agents, settings);
  };
  return bench;
}

}  // namespace sounder::fakes
