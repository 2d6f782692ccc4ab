#include "core/sharing/blocks/partition.h"

#include <algorithm>
#include <string>
#include <vector>

#include "tests/catch.h"
#include "tests/core/sharing/blocks/layouts.h"

using namespace sounder;
using namespace sounder::fakes;

namespace {

using Ranges = std::vector<UpdateRange>;
using Names = std::vector<std::string>;

Names names_of_blocks(const std::vector<UpdateBlock>& blocks) {
  Names names;
  for (const UpdateBlock& block : blocks) names.push_back(block.name);
  return names;
}

const UpdateBlock& find(const std::vector<UpdateBlock>& blocks, const std::string& name) {
  const auto found = std::ranges::find(blocks, name, &UpdateBlock::name);
  REQUIRE(found != blocks.end());
  return *found;
}

/// A multilayer perceptron with standard deviations: floats 0 to 12.
ParameterLayout perceptron() {
  return layout_of(
      {{"body.0.weight", {2, 3}}, {"body.0.bias", {2}}, {"head.weight", {1, 2}}, {"head.bias", {1}}, {"log_std", {2}}});
}

}  // namespace

TEST_CASE("without a partition there are no blocks") {
  CHECK(partition_parameters(perceptron(), BlockPartition::none).empty());
}

TEST_CASE("each tensor is a block") {
  const auto blocks = partition_parameters(perceptron(), BlockPartition::tensor);
  CHECK(names_of_blocks(blocks) == Names{"body.0.weight", "body.0.bias", "head.weight", "head.bias", "log_std"});
  CHECK(blocks[1].ranges == Ranges{{.begin = 6, .end = 8}});
  CHECK(blocks[1].size == 2);
  CHECK(blocks[1].tensors == Names{"body.0.bias"});
}

TEST_CASE("a layer has the parameters of a module, and one that is in none is a layer by itself") {
  const auto blocks = partition_parameters(perceptron(), BlockPartition::layer);
  CHECK(names_of_blocks(blocks) == Names{"body.0", "head", "log_std"});
  CHECK(blocks[0].ranges == Ranges{{.begin = 0, .end = 8}});
  CHECK(blocks[0].tensors == Names{"body.0.weight", "body.0.bias"});
  CHECK(blocks[1].ranges == Ranges{{.begin = 8, .end = 11}});
  CHECK(blocks[2].ranges == Ranges{{.begin = 11, .end = 13}});
}

TEST_CASE("constants are in no block") {
  ParameterLayout layout = perceptron();
  layout.blocks[1].constant = true;  // body.0.bias
  const BlockPartition partition = GENERATE(BlockPartition::tensor, BlockPartition::layer, BlockPartition::neuron);
  const std::vector<int> times = times_covered(layout, partition_parameters(layout, partition));
  for (std::size_t i = 0; i < times.size(); ++i) CHECK(times[i] == (i == 6 || i == 7 ? 0 : 1));
}

TEST_CASE("a module's tensors are one layer where others stand between them") {
  const auto blocks = partition_parameters(layout_of({{"a.weight", {2, 2}}, {"b.weight", {3}}, {"a.bias", {2}}}),
                                           BlockPartition::layer);
  CHECK(names_of_blocks(blocks) == Names{"a", "b"});
  CHECK(blocks[0].ranges == Ranges{{.begin = 0, .end = 4}, {.begin = 7, .end = 9}});
}

TEST_CASE("a neuron is a row of incoming weights and its bias, or an element of a vector") {
  const auto blocks = partition_parameters(perceptron(), BlockPartition::neuron);
  CHECK(names_of_blocks(blocks) == Names{"body.0:0", "body.0:1", "head:0", "log_std:0", "log_std:1"});
  CHECK(blocks[0].ranges == Ranges{{.begin = 0, .end = 3}, {.begin = 6, .end = 7}});
  CHECK(blocks[0].size == 4);
  CHECK(blocks[1].ranges == Ranges{{.begin = 3, .end = 6}, {.begin = 7, .end = 8}});
  CHECK(blocks[2].ranges == Ranges{{.begin = 8, .end = 11}});  // its weights end where its bias begins
  CHECK(blocks[4].ranges == Ranges{{.begin = 12, .end = 13}});
}

TEST_CASE("a neuron of a recurrent cell has the rows of all of its gates") {
  const std::int64_t gates = GENERATE(4, 3, 1);  // of an LSTM, a GRU, a plain one
  const ParameterLayout layout = layout_of({{"memory.weight_ih", {2 * gates, 3}},
                                            {"memory.weight_hh", {2 * gates, 2}},
                                            {"memory.bias_ih", {2 * gates}},
                                            {"memory.bias_hh", {2 * gates}}});
  const auto blocks = partition_parameters(layout, BlockPartition::neuron);
  CHECK(names_of_blocks(blocks) == Names{"memory:0", "memory:1"});
  std::vector<std::size_t> expected;  // floats of the second unit
  std::size_t offset = 0;
  for (const std::size_t width : {3U, 2U, 1U, 1U}) {
    for (std::size_t gate = 0; gate < static_cast<std::size_t>(gates); ++gate) {
      for (std::size_t i = 0; i < width; ++i) expected.push_back(offset + (2 * gate + 1) * width + i);
    }
    offset += 2 * static_cast<std::size_t>(gates) * width;
  }
  std::vector<std::size_t> floats;
  for (const UpdateRange& range : blocks[1].ranges) {
    for (std::size_t i = range.begin; i < range.end; ++i) floats.push_back(i);
  }
  CHECK(floats == expected);
  CHECK(times_covered(layout, blocks) == std::vector<int>(layout.size, 1));
}

TEST_CASE("the neurons of one of several cells in a module are its own, also where the cells are of one size") {
  const ParameterLayout layout = layout_of({{"lstm.weight_ih_l0", {8, 2}},
                                            {"lstm.weight_hh_l0", {8, 2}},
                                            {"lstm.bias_ih_l0", {8}},
                                            {"lstm.bias_hh_l0", {8}},
                                            {"lstm.weight_ih_l1", {8, 2}},
                                            {"lstm.weight_hh_l1", {8, 2}},
                                            {"lstm.bias_ih_l1", {8}},
                                            {"lstm.bias_hh_l1", {8}}});
  const auto blocks = partition_parameters(layout, BlockPartition::neuron);
  CHECK(names_of_blocks(blocks) ==
        Names{"lstm.weight_ih_l0:0", "lstm.weight_ih_l0:1", "lstm.weight_ih_l1:0", "lstm.weight_ih_l1:1"});
  CHECK(blocks[3].tensors == Names{"lstm.weight_ih_l1", "lstm.weight_hh_l1", "lstm.bias_ih_l1", "lstm.bias_hh_l1"});
  CHECK(partition_parameters(layout, BlockPartition::layer).size() == 1);
  CHECK(times_covered(layout, blocks) == std::vector<int>(layout.size, 1));
}

TEST_CASE("a neuron of a convolution is an output channel") {
  const auto blocks =
      partition_parameters(layout_of({{"conv.0.weight", {2, 3, 5, 5}}, {"conv.0.bias", {2}}}), BlockPartition::neuron);
  CHECK(names_of_blocks(blocks) == Names{"conv.0:0", "conv.0:1"});
  CHECK(blocks[1].ranges == Ranges{{.begin = 75, .end = 150}, {.begin = 151, .end = 152}});
}

TEST_CASE("tensors of a module that differ in their rows have neurons of their own") {
  const ParameterLayout layout = layout_of({{"up.weight", {3, 2, 2, 2}}, {"up.bias", {2}}});
  const auto blocks = partition_parameters(layout, BlockPartition::neuron);
  CHECK(names_of_blocks(blocks) == Names{"up.weight:0", "up.weight:1", "up.weight:2", "up.bias:0", "up.bias:1"});
  CHECK(find(blocks, "up.weight:2").ranges == Ranges{{.begin = 16, .end = 24}});
  CHECK(times_covered(layout, blocks) == std::vector<int>(layout.size, 1));
}

TEST_CASE("a cell whose tensors do not go together is partitioned all the same") {
  const ParameterLayout layout = layout_of(
      {{"odd.weight_ih", {7, 2}}, {"odd.weight_hh", {8, 2}}, {"odd.bias_ih", {3}}, {"odd.weight_ih_l1", {6, 2}}});
  const auto blocks = partition_parameters(layout, BlockPartition::neuron);
  CHECK(times_covered(layout, blocks) == std::vector<int>(layout.size, 1));
}

TEST_CASE("a tensor without dimensions is one block of every partition, and one without floats none") {
  const ParameterLayout layout = layout_of({{"scale.factor", {}}, {"empty", {0, 4}}});
  for (const BlockPartition partition : {BlockPartition::tensor, BlockPartition::layer, BlockPartition::neuron}) {
    const auto blocks = partition_parameters(layout, partition);
    REQUIRE(blocks.size() == 1);
    CHECK(blocks[0].ranges == Ranges{{.begin = 0, .end = 1}});
  }
}

TEST_CASE("running moments are in no block") {
  ParameterLayout layout = layout_of({{"weight", {2, 2}},
                                      {"moments.observation_mean", {2}},
                                      {"moments.observation_variance", {2}},
                                      {"moments.observation_count", {1}},
                                      {"moments.return_mean", {1}},
                                      {"moments.return_variance", {1}},
                                      {"moments.return_count", {1}}});
  layout.observation_moments = MomentsBlock{.offset = 4, .width = 2};
  layout.return_moments = MomentsBlock{.offset = 9, .width = 1};
  for (const BlockPartition partition : {BlockPartition::tensor, BlockPartition::layer, BlockPartition::neuron}) {
    CHECK(times_covered(layout, partition_parameters(layout, partition)) ==
          std::vector<int>{1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0});
  }
}
