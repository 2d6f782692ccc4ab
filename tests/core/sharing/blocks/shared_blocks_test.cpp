// Blocks through the schemes that know them: Hogwild and its averages.
#include "core/sharing/blocks/shared_blocks.h"

#include <algorithm>
#include <string>
#include <vector>

#include "core/sharing/hogwild/hogwild.h"
#include "core/sharing/sharing.h"
#include "envs/error.h"
#include "tests/catch.h"
#include "tests/core/running/trainer_bench.h"
#include "tests/core/sharing/blocks/layouts.h"

using namespace sounder;
using namespace sounder::fakes;

namespace {

using Floats = std::vector<float>;

/// A run of one worker, whose parameters are a tensor "first" of one float and a tensor "rest" of 39.
TrainerBench bench_of(const std::string& blocks, const std::string& choice = "all", const std::string& rates = "") {
  TrainerBench bench;
  bench.behaviour.size = 40;
  bench.behaviour.initial = 0.5F;
  bench.environment.length = [](std::uint64_t) { return 4; };  // as a rollout: a run can be taken up at each
  bench.config.blocks = blocks;
  bench.config.block_choice = choice;
  bench.config.block_rates = rates;
  bench.config.optimizer = GENERATE("shared_rmsprop", "adam", "momentum_sgd");
  bench.config.write_mode = GENERATE("relaxed", "atomic_add", "locked");
  return bench;
}

const Checkpoint& last(const TrainerBench& bench) {
  REQUIRE_FALSE(bench.saved.empty());
  return bench.saved.back().checkpoint;
}

/// The port of a worker, and what it fetches.
struct Client {
  Client(Sharing& sharing, std::size_t index, std::size_t size)
      : replica(size), gradient(size, -1.0F), port(sharing.port(index, {.parameters = replica})) {}

  Floats fetched() {
    port->fetch();
    return replica;
  }
  Given give() { return port->give({.gradient = gradient, .norm = 1, .steps = 4, .usable = true}); }

  Floats replica;
  Floats gradient;
  std::unique_ptr<Port> port;
};

/// Adds 1 to every parameter that an update of a gradient of -1 writes.
TrainConfig counting(std::int64_t workers) {
  return {.environment = "Fake-v0",
          .workers = workers,
          .optimizer = "momentum_sgd",
          .learning_rate = 1,
          .learning_rate_schedule = "constant",
          .momentum = 0};
}

}  // namespace

TEST_CASE("a run whose blocks all have rate 1 is a run without blocks, bit for bit") {
  TrainerBench plain = bench_of("none");
  TrainerBench blocks = plain;
  blocks.config.blocks = GENERATE("tensor", "layer", "neuron");
  const auto parameters = plain.run().parameters;
  CHECK(blocks.run().parameters == parameters);
  CHECK(parameters != Floats(40, 0.5F));
  auto tensors = last(blocks).statistics;
  std::erase_if(tensors, [](const Tensor& tensor) { return tensor.name.starts_with("blocks/"); });
  CHECK(tensors == last(plain).statistics);
  CHECK(last(blocks).statistics.size() == tensors.size() + 2);
}

TEST_CASE("a block of rate 0 never changes, nor do its statistics") {
  TrainerBench bench = bench_of("tensor", GENERATE("all", "random", "cyclic", "greedy"), "rest=0");
  const Floats parameters = bench.run().parameters;
  CHECK(parameters[0] != 0.5F);
  CHECK(Floats(parameters.begin() + 1, parameters.end()) == Floats(39, 0.5F));
  std::size_t checked = 0;
  for (const Tensor& tensor : last(bench).statistics) {
    if (tensor.name.starts_with("blocks/")) continue;
    CHECK(tensor.values[0] != 0);
    CHECK(Floats(tensor.values.begin() + 1, tensor.values.end()) == Floats(39));
    ++checked;
  }
  CHECK(checked > 0);
}

TEST_CASE("a run with blocks that is resumed goes on as if it had never stopped") {
  const auto make = [choice = GENERATE("all", "random", "cyclic", "greedy", "owner"), count = GENERATE(0, 3)] {
    TrainerBench bench = bench_of("neuron", choice, "first=0.3;rest=0.7");
    bench.config.blocks_per_update = count;
    return bench;
  };
  TrainerBench whole = make();
  TrainerBench part = whole, rest = whole;
  whole.config.steps = rest.config.steps = 400;
  part.config.steps = 180;
  const Floats parameters = whole.run().parameters;
  part.run();
  rest.resumed = last(part);
  CHECK(rest.run().parameters == parameters);
  CHECK(last(rest).statistics == last(whole).statistics);
}

TEST_CASE("a port fetches what others wrote beside the blocks of its own update") {
  TrainConfig config = counting(2);
  config.blocks = "tensor";
  config.block_choice = "owner";
  const FakeAgents agents({.size = 20});
  const auto sharing = make_sharing(config, agents);
  Client first(*sharing, 0, 20), second(*sharing, 1, 20);
  CHECK(first.fetched() == Floats(20));
  CHECK(second.fetched() == Floats(20));
  CHECK(first.give().updates == 1);
  const Given given = second.give();
  CHECK(given.updates == 1);
  CHECK(given.staleness == 1);
  CHECK(given.step == 8);
  Floats both(20, 1.0F);
  CHECK(first.fetched() == both);
  CHECK(second.fetched() == both);
  first.give();
  both[0] = 2;
  CHECK(second.fetched() == both);
}

TEST_CASE("where no block has an update due, none is made, and the steps count") {
  TrainConfig config = counting(1);
  config.blocks = "tensor";
  config.block_rates = "*=0.5";
  const FakeAgents agents({.size = 20});
  const auto sharing = make_sharing(config, agents);
  Client worker(*sharing, 0, 20);
  worker.fetched();
  Given given = worker.give();
  CHECK(given.updates == 0);
  CHECK(given.step == 4);
  CHECK(sharing->updates() == 0);
  CHECK(worker.fetched() == Floats(20));
  given = worker.give();
  CHECK(given.updates == 1);
  CHECK(given.step == 8);
  CHECK(worker.fetched() == Floats(20, 1.0F));
}

TEST_CASE("averages of gradients are given to blocks, too") {
  TrainConfig config = counting(2);
  config.gradients_per_update = 2;
  config.blocks = "tensor";
  config.block_choice = "cyclic";
  const FakeAgents agents({.size = 20});
  const auto sharing = make_sharing(config, agents);
  Client first(*sharing, 0, 20), second(*sharing, 1, 20);
  first.fetched();
  second.fetched();
  CHECK(first.give().updates == 0);
  CHECK(second.give().updates == 1);
  Floats parameters(20);
  parameters[0] = 1;
  CHECK(first.fetched() == parameters);
  CHECK(second.fetched() == parameters);
}

TEST_CASE("averages belong to no worker: blocks cannot") {
  TrainConfig config = counting(2);
  config.blocks = "tensor";
  config.block_choice = "owner";
  const std::string refusal =
      "block_choice 'owner' takes updates that are a worker's own; these are averages of several workers' gradients; "
      "try block_choice = cyclic";
  CHECK_THROWS_WITH(make_sharing(config, FakeAgents({.synchronous = true})), refusal);
  config.gradients_per_update = 2;
  CHECK_THROWS_AS(make_sharing(config, FakeAgents()), UsageError);
  CHECK_THROWS_WITH(make_sharing(config, FakeAgents()), refusal);
  config.blocks = "none";
  CHECK_NOTHROW(make_sharing(config, FakeAgents()));
}

TEST_CASE("reports tell how often blocks were updated, and how much an update writes") {
  const BlockSettings settings{.partition = BlockPartition::tensor, .rates = "0=1;1=0.5;2=0.25"};
  const ParameterLayout layout = layout_of_sizes({1, 2, 5});
  SharedBlocks blocks(settings, layout, {.seed = 1, .first = 0, .count = 2});
  Measures measures;
  blocks.measure(measures);
  CHECK(std::isnan(measured(measures, "train/block_share")));
  const auto check = [&](const SharedBlocks& of) {
    Measures now;
    of.measure(now);
    REQUIRE(now.size() == 4);
    CHECK(measured(now, "train/block_updates_min") == 3);  // of 8 and 4 updates: 12, 6 and 3
    CHECK(measured(now, "train/block_updates_mean") == 7);
    CHECK(measured(now, "train/block_updates_max") == 12);
    CHECK(measured(now, "train/block_share") == (12 * 1 + 6 * 2 + 3 * 5) / (12.0 * 8));
  };
  for (int n = 0; n < 8; ++n) blocks.schedule(0).select({});
  for (int n = 0; n < 4; ++n) blocks.schedule(1).select({});
  check(blocks);

  // A part of the run that has one worker keeps what the other one was at, for a later part.
  std::vector<Tensor> tensors, again;
  blocks.save("peer1/", tensors);
  CHECK(tensors == std::vector<Tensor>{{.name = "peer1/blocks/updates", .shape = {3}, .doubles = {12, 6, 3}},
                                       {.name = "peer1/blocks/selections", .shape = {2}, .doubles = {8, 4}}});
  SharedBlocks fewer(settings, layout, {.seed = 1, .first = 0, .count = 1});
  fewer.restore("peer1/", tensors, 2);
  check(fewer);
  CHECK(fewer.schedule(0).selections() == 8);
  fewer.save("peer1/", again);
  CHECK(again == tensors);
  SharedBlocks more(settings, layout, {.seed = 1, .first = 0, .count = 3});
  more.restore("peer1/", tensors, 2);
  check(more);
  CHECK(more.schedule(1).selections() == 4);
  CHECK(more.schedule(2).selections() == 0);
}

TEST_CASE("counts beyond what a float can count are saved exactly, and what is no count is refused") {
  const ParameterLayout layout = layout_of_sizes({1, 2});
  SharedBlocks blocks({.partition = BlockPartition::tensor}, layout, {.seed = 1, .first = 0, .count = 1});
  std::vector<Tensor> tensors{{.name = "blocks/updates", .shape = {2}, .doubles = {9'007'199'254'740'990, 1}},
                              {.name = "blocks/selections", .shape = {1}, .doubles = {16'777'217}}};
  blocks.restore("", tensors, 1);
  CHECK(blocks.schedule(0).selections() == 16'777'217);
  blocks.schedule(0).select({});
  std::vector<Tensor> again;
  blocks.save("", again);
  CHECK(again[0].doubles == std::vector<double>{9'007'199'254'740'991, 2});
  CHECK(again[1].doubles == std::vector<double>{16'777'218});
  for (const double count : {-1.0, 0.5, 1e16}) {
    tensors[0].doubles[1] = count;
    CHECK_THROWS_WITH(blocks.restore("", tensors, 1), Catch::Contains("tensor 'blocks/updates': expected counts"));
  }
}

TEST_CASE("a checkpoint of other blocks is refused") {
  const ParameterLayout layout = layout_of_sizes({1, 2, 5});
  SharedBlocks tensor({.partition = BlockPartition::tensor}, layout, {.seed = 1, .first = 0, .count = 1});
  SharedBlocks neuron({.partition = BlockPartition::neuron}, layout, {.seed = 1, .first = 0, .count = 1});
  std::vector<Tensor> tensors;
  tensor.save("", tensors);
  CHECK_THROWS_WITH(neuron.restore("", tensors, 1),
                    Catch::Contains("no tensor 'blocks/updates' of doubles of shape [8]"));
  CHECK_THROWS_AS(tensor.restore("peer0/", tensors, 1), Error);
}
