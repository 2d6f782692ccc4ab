#include "apps/bench/schemes.h"

#include <algorithm>
#include <span>

#include "apps/bench/timing.h"
#include "core/sharing/store/update_kernels.h"

namespace sounder::benchmark {
namespace {

constexpr float kGradient = 0.01F;
// So small that a million updates by that gradient barely move the parameters.
constexpr double kLearningRate = 1e-7;

/// Returns the gradient that is given: the same for every parameter, and none for running moments, which have none.
AlignedFloats make_gradient(const ParameterLayout& layout) {
  AlignedFloats gradient(layout.size, kGradient);
  for (const MomentsBlock& block : layout.moments()) {
    std::ranges::fill(std::span(gradient).subspan(block.offset, block.size()), 0.0F);
  }
  return gradient;
}

TrainConfig alone(TrainConfig config) {
  config.workers = config.sharing == "peers" ? SchemeWorkers::kPeers : 1;
  config.learning_rate = kLearningRate;
  config.learning_rate_schedule = "constant";
  return config;
}

}  // namespace

void apply_scheme(std::string_view name, TrainConfig& config) {
  apply_toml(config, find_named(kSchemes, "scheme", name), name);
}

SchemeWorkers::SchemeWorkers(TrainConfig config, const AgentFactory& agents)
    : gradient_(make_gradient(agents.layout())), norm_(update_kernels().norm(gradient_)) {
  config = alone(std::move(config));
  sharing_ = make_sharing(config, agents);
  const auto workers = static_cast<std::size_t>(config.workers);
  replicas_.assign(workers, AlignedFloats(gradient_.size()));
  targets_.assign(workers, AlignedFloats(agents.has_target() ? gradient_.size() : 0));
  for (std::size_t i = 0; i < workers; ++i) {
    ports_.push_back(sharing_->port(i, {.parameters = replicas_[i], .target = targets_[i]}));
  }
}

Fetched SchemeWorkers::fetch_anew(std::size_t worker) {
  ports_[worker]->forget();
  return fetch(worker);
}

Given SchemeWorkers::give(std::size_t worker) {
  const Given given = ports_[worker]->give({.gradient = gradient_, .norm = norm_, .steps = 1, .usable = true});
  if (sharing_->pace() == Pace::rounds && worker + 1 == ports_.size()) sharing_->settle_alone();
  return given;
}

SchemeSample measure_scheme(std::string_view name, const TrainConfig& config, const AgentFactory& agents,
                            double seconds) {
  TrainConfig chosen = config;
  apply_scheme(name, chosen);
  // New workers for each number: a server's client that fetches at every fourth rollout has one due at the first.
  const auto measure = [&](auto call) {
    SchemeWorkers workers(chosen, agents);
    const double turn = seconds_per_call(seconds, [&] {
      for (std::size_t i = 0; i < workers.size(); ++i) call(workers, i);
    });
    return turn / static_cast<double>(workers.size());
  };
  return {.fetch = measure([](SchemeWorkers& workers, std::size_t i) { workers.fetch_anew(i); }),
          .give = measure([](SchemeWorkers& workers, std::size_t i) { workers.give(i); }),
          .exchange = measure([](SchemeWorkers& workers, std::size_t i) {
            workers.give(i);
            workers.fetch(i);
          })};
}

}  // namespace sounder::benchmark
