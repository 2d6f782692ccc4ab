// The partition of real networks' parameters into blocks: core/sharing/blocks/partition.h.
#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "agents/factory.h"
#include "core/sharing/blocks/partition.h"
#include "envs/registry.h"
#include "tests/agents/algorithms.h"
#include "tests/catch.h"
#include "tests/core/config/choices.h"
#include "tests/core/sharing/blocks/layouts.h"

namespace sounder {
namespace {

/// Returns the floats of a block, in order.
std::vector<std::size_t> floats_of(const UpdateBlock& block) {
  std::vector<std::size_t> floats;
  for (const UpdateRange& range : block.ranges) {
    for (std::size_t i = range.begin; i < range.end; ++i) floats.push_back(i);
  }
  CHECK(std::ranges::is_sorted(floats));
  CHECK(floats.size() == block.size);
  return floats;
}

/// Returns the floats of the blocks that are parts of each layer: those with names "layer:...".
std::map<std::string, std::vector<std::size_t>> floats_by_layer(const std::vector<UpdateBlock>& blocks) {
  std::map<std::string, std::vector<std::size_t>> floats;
  for (const UpdateBlock& block : blocks) {
    const auto own = floats_of(block);
    auto& layer = floats[block.name.substr(0, block.name.find(':'))];
    layer.insert(layer.end(), own.begin(), own.end());
  }
  for (auto& [name, layer] : floats) std::ranges::sort(layer);
  return floats;
}

void check_partitions(const AgentFactory& agents) {
  const ParameterLayout& layout = agents.layout();
  INFO(agents.description());
  std::vector<int> expected(layout.size, 1);  // but for moments, which are no block's
  for (const auto& moments : {layout.observation_moments, layout.return_moments}) {
    if (moments) std::fill_n(expected.begin() + static_cast<std::ptrdiff_t>(moments->offset), moments->size(), 0);
  }
  for (const BlockPartition partition : {BlockPartition::tensor, BlockPartition::layer, BlockPartition::neuron}) {
    const auto blocks = partition_parameters(layout, partition);
    CHECK(fakes::times_covered(layout, blocks) == expected);
    std::vector<std::string> names;
    for (const UpdateBlock& block : blocks) names.push_back(block.name);
    std::ranges::sort(names);
    CHECK(std::ranges::adjacent_find(names) == names.end());
  }
  // The neurons of a layer have what the layer has.
  CHECK(floats_by_layer(partition_parameters(layout, BlockPartition::neuron)) ==
        floats_by_layer(partition_parameters(layout, BlockPartition::layer)));
}

std::size_t neurons(const TrainConfig& config) {
  const auto agents = make_agent_factory(config, Registry::with_builtins().make(config.environment).spec());
  return partition_parameters(agents->layout(), BlockPartition::neuron).size();
}

TEST_CASE("the blocks of every network have each parameter once, and neurons partition layers exactly") {
  TrainConfig config;
  config.algorithm = GENERATE(from_range(algorithm_names()));
  config.trunks = GENERATE(from_range(test::choices_of("trunks", known_fields())));
  config.memory = GENERATE(from_range(test::choices_of("memory", known_fields())));
  config.hidden = {5, 3};
  config.memory_units = 4;
  config.normalize_observations = config.normalize_rewards = GENERATE(false, true);
  config.environment = "Thing-v0";
  for (const Space& actions : {Space(Discrete{3}), Space(Box::uniform(-1, 1, {2}))}) {
    for (const std::string network : {"mlp", "cnn"}) {
      if (network == "cnn" && installed_backend_names() == std::vector<std::string>{"fused"}) continue;
      config.network = network;
      config.channels = {2, 3};
      const EnvironmentSpec spec{.observation_space = Box::uniform(-1, 1, {2, 4, 3}), .action_space = actions};
      const auto agents = test::make_unless_refused(config, spec);
      if (agents) check_partitions(*agents);
    }
  }
}

TEST_CASE("units are counted as neurons") {
  TrainConfig config{.environment = "CartPole-v1"};
  CHECK(neurons(config) == 64 + 64 + 2 + 1);
  config.trunks = "separate";
  CHECK(neurons(config) == 2 * (64 + 64) + 2 + 1);
  config.memory = "lstm";
  config.memory_units = 32;
  CHECK(neurons(config) == 2 * (64 + 64 + 32) + 2 + 1);
  config.environment = "Pendulum-v1";
  CHECK(neurons(config) == 2 * (64 + 64 + 32) + 1 + 1 + 1);  // and the standard deviation
}

}  // namespace
}  // namespace sounder
