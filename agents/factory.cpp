#include "agents/factory.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "agents/a3c.h"
#include "agents/networks/backends.h"
#include "agents/networks/mlp.h"
#include "envs/error.h"
#include "envs/names.h"

namespace sounder {
namespace {

// ---- The lists. A new algorithm or network is a line here; backends are listed in agents/networks/backends.cpp.

template <class Entry>
using Named = std::vector<std::pair<std::string, Entry>>;

const Named<Activation>& activations() {
  static const Named<Activation> list{{"tanh", Activation::tanh}, {"relu", Activation::relu}};
  return list;
}

const Named<Trunks>& trunks() {
  static const Named<Trunks> list{{"shared", Trunks::shared}, {"separate", Trunks::separate}};
  return list;
}

/// Finds an entry by name; throws UsageError for an unknown one.
template <class Entry>
const Entry& find(const Named<Entry>& list, std::string_view kind, std::string_view name) {
  const auto entry = std::ranges::find(list, name, &std::pair<std::string, Entry>::first);
  if (entry != list.end()) return entry->second;
  std::vector<std::string> known;
  for (const auto& [known_name, unused] : list) known.push_back(known_name);
  throw UsageError(unknown_name(kind, name, known));
}

MlpSpec mlp_spec(const TrainConfig& config, const EnvironmentSpec& spec) {
  const auto* const choice = std::get_if<Discrete>(&spec.action_space);
  // A Box takes a mean and the logarithm of a standard deviation for each of its numbers.
  MlpSpec mlp{.inputs = flat_size(spec.observation_space),
              .activation = find(activations(), "activation", config.activation),
              .outputs = choice != nullptr ? static_cast<std::size_t>(choice->n) : 2 * flat_size(spec.action_space),
              .trunks = find(trunks(), "trunks", config.trunks),
              .head = choice != nullptr ? PolicyHead::categorical : PolicyHead::gaussian};
  for (const std::int64_t units : config.hidden) mlp.hidden.push_back(static_cast<std::size_t>(units));
  return mlp;
}

PolicyDistribution distribution_of(PolicyHead head) {
  if (head == PolicyHead::gaussian) return DiagonalGaussian{};
  return Categorical{};
}

class A3cFactory final : public AgentFactory {
 public:
  A3cFactory(const TrainConfig& config, const EnvironmentSpec& spec)
      : backend_(find(backends(), "backend", config.backend)),
        mlp_(mlp_spec(config, spec)),
        layout_(parameter_layout(mlp_)),
        settings_{.discount = static_cast<float>(config.discount),
                  .loss = {.entropy_coefficient = static_cast<float>(config.entropy_coefficient),
                           .value_coefficient = static_cast<float>(config.value_coefficient),
                           .policy = distribution_of(mlp_.head)}} {}

  const ParameterLayout& layout() const noexcept override { return layout_; }
  std::string description() const override { return describe(mlp_); }
  std::string backend() const override { return backend_.name; }
  std::vector<float> initial_parameters(std::uint64_t seed) const override {
    return sounder::initial_parameters(mlp_, seed);
  }
  std::unique_ptr<Agent> make(std::span<float> parameters, const AgentCapacity& capacity) const override {
    return std::make_unique<A3c>(backend_.make(mlp_, parameters, A3c::network_rows(capacity)), capacity, settings_);
  }
  void prepare_thread() const override { backend_.prepare_thread(); }

 private:
  Backend backend_;
  MlpSpec mlp_;
  ParameterLayout layout_;
  A3c::Settings settings_;
};

std::unique_ptr<AgentFactory> make_a3c(const TrainConfig& config, const EnvironmentSpec& spec) {
  if (!std::holds_alternative<Discrete>(spec.action_space) && !std::holds_alternative<Box>(spec.action_space)) {
    throw UsageError(fmt::format("algorithm 'a3c' takes Discrete or Box actions; {} has {}", config.environment,
                                 describe(spec.action_space)));
  }
  if (config.network != "mlp") {
    throw UsageError(unknown_name("network", config.network, std::vector<std::string>{"mlp"}));
  }
  return std::make_unique<A3cFactory>(config, spec);
}

using MakeAgents = std::unique_ptr<AgentFactory> (*)(const TrainConfig&, const EnvironmentSpec&);

const Named<MakeAgents>& algorithms() {
  static const Named<MakeAgents> list{{"a3c", make_a3c}};
  return list;
}

}  // namespace

std::vector<std::string> backend_names() {
  std::vector<std::string> names;
  for (const auto& [name, backend] : backends()) {
    if (name == backend.name) names.push_back(name);
  }
  return names;
}

std::unique_ptr<AgentFactory> make_agent_factory(const TrainConfig& config, const EnvironmentSpec& spec) {
  return find(algorithms(), "algorithm", config.algorithm)(config, spec);
}

}  // namespace sounder
