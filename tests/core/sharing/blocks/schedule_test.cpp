#include "core/sharing/blocks/schedule.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <optional>
#include <vector>

#include "envs/error.h"
#include "tests/catch.h"
#include "tests/core/sharing/blocks/layouts.h"

using namespace sounder;
using namespace sounder::fakes;

namespace {

using Blocks = std::vector<std::size_t>;
using Floats = std::vector<float>;
using Ranges = std::vector<UpdateRange>;

/// One worker's schedule over tensors of so many floats each.
struct Bench {
  BlockSettings settings = {};
  std::vector<std::int64_t> sizes = {1, 1, 1, 1, 1};
  std::uint64_t seed = 1;
  std::size_t workers = 1;
  std::size_t worker = 0;

  void make() {
    if (settings.partition == BlockPartition::none) settings.partition = BlockPartition::tensor;
    plan.emplace(settings, layout_of_sizes(sizes), workers);
    schedule.emplace(*plan, BlockSchedule::Worker{.seed = seed, .number = worker, .index = worker});
  }
  std::optional<Ranges> ranges(const Floats& gradient = {}) {
    if (!schedule) make();
    const auto selected = schedule->select(gradient);
    if (!selected) return std::nullopt;
    return Ranges(selected->begin(), selected->end());
  }
  /// The factor of each block's step: 0 of those that are not selected. Each block is all or nothing.
  Floats factors(const Floats& gradient = {}) {
    const auto selected = ranges(gradient);
    const std::size_t blocks = plan->blocks().size();
    if (!selected) return Floats(blocks);
    if (selected->empty()) return Floats(blocks, 1.0F);
    Floats factors(blocks);
    for (std::size_t b = 0; b < blocks; ++b) {
      for (const UpdateRange& part : plan->blocks()[b].ranges) {
        for (const UpdateRange& range : *selected) {
          if (range.begin <= part.begin && part.end <= range.end) factors[b] = range.rate;
        }
      }
    }
    return factors;
  }
  Blocks blocks(const Floats& gradient = {}) {
    const Floats chosen = factors(gradient);
    Blocks blocks;
    for (std::size_t b = 0; b < chosen.size(); ++b) {
      if (chosen[b] != 0) blocks.push_back(b);
    }
    return blocks;
  }
  std::vector<Blocks> next(int updates, const Floats& gradient = {}) {
    std::vector<Blocks> next;
    for (int n = 0; n < updates; ++n) next.push_back(blocks(gradient));
    return next;
  }

  std::optional<BlockPlan> plan = {};
  std::optional<BlockSchedule> schedule = {};
};

/// Sum of squared deviations of counts of independent draws, in variances: chi-square, of as many degrees of freedom.
double chi_square(const std::vector<double>& counts, const std::vector<double>& probabilities, double draws) {
  double sum = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const double p = probabilities[i];
    sum += std::pow(counts[i] - draws * p, 2) / (draws * p * (1 - p));
  }
  return sum;
}

std::vector<double> counts_after(Bench& bench, int updates) {
  for (int n = 0; n < updates; ++n) bench.ranges();
  std::vector<double> counts;
  for (std::size_t b = 0; b < bench.sizes.size(); ++b) {
    counts.push_back(static_cast<double>(bench.schedule->updates(b)));
  }
  return counts;
}

}  // namespace

TEST_CASE("a block with a rate is updated at evenly spaced turns") {
  Bench bench{.settings = {.rates = "0=1;1=0.5;2=0.25;3=0.75;4=0"}};
  CHECK(bench.next(8) ==
        std::vector<Blocks>{{0}, {0, 1, 3}, {0, 3}, {0, 1, 2, 3}, {0}, {0, 1, 3}, {0, 3}, {0, 1, 2, 3}});
  CHECK(bench.schedule->selections() == 8);
  CHECK(bench.schedule->updates(0) == 8);
  CHECK(bench.schedule->updates(2) == 2);
  CHECK(bench.schedule->updates(4) == 0);
}

TEST_CASE("rates that binary numbers have not are exact, and do not drift") {
  Bench bench{.settings = {.rates = "0=0.3;1=0.1;2=0.7;3=0.001;4=0.000001"}};
  const auto in_ten = counts_after(bench, 10);
  CHECK(in_ten == std::vector<double>{3, 1, 7, 0, 0});
  CHECK(counts_after(bench, 999'990) == std::vector<double>{300'000, 100'000, 700'000, 1'000, 1});
  // As exact after very many updates as after few.
  bench.schedule->restore(1'000'000'000'000'000);
  CHECK(counts_after(bench, 10) == std::vector<double>{300'003, 100'001, 700'007, 1'000, 1});
}

TEST_CASE("blocks take turns in their order, and one with a rate is updated at some of its turns") {
  Bench bench{.settings = {.choice = BlockChoice::cyclic}};
  CHECK(bench.next(6) == std::vector<Blocks>{{0}, {1}, {2}, {3}, {4}, {0}});
  Bench two{.settings = {.choice = BlockChoice::cyclic, .blocks_per_update = 2}};
  CHECK(two.next(6) == std::vector<Blocks>{{0, 1}, {2, 3}, {0, 4}, {1, 2}, {3, 4}, {0, 1}});
  Bench rates{.settings = {.choice = BlockChoice::cyclic, .blocks_per_update = 1, .rates = "2=1;?=0.5"},
              .sizes = {1, 1, 1}};
  CHECK(rates.next(6) == std::vector<Blocks>{{}, {}, {2}, {0}, {1}, {2}});
}

TEST_CASE("a rate does not fall in step with the turns of cyclic blocks") {
  // Were the updates counted and not each block's turns, it would be block 3 every time.
  Bench bench{.settings = {.choice = BlockChoice::cyclic, .rates = "*=0.25"}, .sizes = {1, 1, 1, 1}};
  CHECK(counts_after(bench, 160) == std::vector<double>{10, 10, 10, 10});
}

TEST_CASE("the blocks with the largest gradients per parameter are chosen, the first of those that are alike") {
  // Roots of the mean square: 2.9, 2.83, 3, 0.71, 3. Norms: 2.9, 5.7, 4.2, 1, 3.
  const Floats gradient{2.9F, 4, -4, 0, 0, 3, -3, 1, 0, -3};
  const auto chosen = [&](std::size_t count) {
    Bench bench{.settings = {.choice = BlockChoice::greedy, .blocks_per_update = count}, .sizes = {1, 4, 2, 2, 1}};
    return bench.next(2, gradient);
  };
  CHECK(chosen(0) == std::vector<Blocks>(2, {2}));
  CHECK(chosen(1) == std::vector<Blocks>(2, {2}));
  CHECK(chosen(2) == std::vector<Blocks>(2, {2, 4}));
  CHECK(chosen(3) == std::vector<Blocks>(2, {0, 2, 4}));
  CHECK(chosen(4) == std::vector<Blocks>(2, {0, 1, 2, 4}));
  CHECK(chosen(5) == std::vector<Blocks>(2, {0, 1, 2, 3, 4}));
}

TEST_CASE("the largest gradients are looked for among the blocks that have an update due") {
  Bench bench{.settings = {.choice = BlockChoice::greedy, .blocks_per_update = 2, .rates = "4=0.5;3=0"}};
  CHECK(bench.next(4, {1, 2, 3, 4, 5}) == std::vector<Blocks>{{1, 2}, {2, 4}, {1, 2}, {2, 4}});
  Bench few{.settings = {.choice = BlockChoice::greedy, .blocks_per_update = 4, .rates = "0=1;*=0.5"}};
  CHECK(few.next(2, {1, 2, 3, 4, 5}) == std::vector<Blocks>{{0}, {1, 2, 3, 4}});
}

TEST_CASE("a worker updates the blocks that it owns, all of them or in turn") {
  const auto of_worker = [](std::size_t worker, const BlockSettings& settings) {
    Bench bench{.settings = settings, .workers = 2, .worker = worker};
    return bench.next(4);
  };
  CHECK(of_worker(0, {.choice = BlockChoice::owner}) == std::vector<Blocks>(4, {0, 2, 4}));
  CHECK(of_worker(1, {.choice = BlockChoice::owner}) == std::vector<Blocks>(4, {1, 3}));
  const BlockSettings in_turn{.choice = BlockChoice::owner, .blocks_per_update = 2};
  CHECK(of_worker(0, in_turn) == std::vector<Blocks>{{0, 2}, {0, 4}, {2, 4}, {0, 2}});
  CHECK(of_worker(1, in_turn) == std::vector<Blocks>(4, {1, 3}));
  const BlockSettings three{.choice = BlockChoice::owner, .blocks_per_update = 3, .rates = "3=0.5"};
  CHECK(of_worker(0, three) == std::vector<Blocks>(4, {0, 2, 4}));
  CHECK(of_worker(1, three) == std::vector<Blocks>{{1}, {1, 3}, {1}, {1, 3}});  // it owns two
}

TEST_CASE("drawn blocks are updated as often as their rates say") {
  // The quantiles of chi-square with 5 degrees of freedom at 0.001 and 0.999 are 0.21 and 20.5.
  const std::vector<double> rates{0.5, 0.1, 0.9, 0.25, 0.01};
  constexpr int kUpdates = 20'000;
  Bench bench{.settings = {.choice = BlockChoice::random, .rates = "0=0.5;1=0.1;2=0.9;3=0.25;4=0.01"}, .seed = 11};
  const double square = chi_square(counts_after(bench, kUpdates), rates, kUpdates);
  INFO(square);
  CHECK(square > 0.21);
  CHECK(square < 20.5);

  Bench two{
      .settings = {.choice = BlockChoice::random, .blocks_per_update = 2, .rates = "0=0.5;1=0.1;2=0.9;3=0.25;4=0.01"},
      .seed = 12};
  std::vector<double> probabilities = rates;
  for (double& p : probabilities) p *= 2.0 / 5;
  const double square_of_two = chi_square(counts_after(two, kUpdates), probabilities, kUpdates);
  INFO(square_of_two);
  CHECK(square_of_two > 0.1);  // the draws of one update are not quite independent
  CHECK(square_of_two < 20.5);
}

TEST_CASE("each set of blocks is drawn as often as any other") {
  const std::size_t count = GENERATE(as<std::size_t>(), 1, 2, 3);
  Bench bench{.settings = {.choice = BlockChoice::random, .blocks_per_update = count}, .seed = 3};
  constexpr int kUpdates = 10'000;
  std::map<Blocks, double> sets;
  for (int n = 0; n < kUpdates; ++n) ++sets[bench.blocks()];
  const std::size_t all = count == 1 ? 5 : 10;
  REQUIRE(sets.size() == all);
  double square = 0;
  for (const auto& [blocks, times] : sets) {
    CHECK(blocks.size() == count);
    const double expected = kUpdates / static_cast<double>(all);
    square += (times - expected) * (times - expected) / expected;
  }
  INFO(square);
  CHECK(square < (count == 1 ? 18.5 : 27.9));  // quantiles at 0.999, of 4 and 9 degrees of freedom
}

TEST_CASE("all blocks and none can be drawn") {
  Bench all{.settings = {.choice = BlockChoice::random, .blocks_per_update = 5}};
  CHECK(all.ranges() == Ranges{});
  Bench none{.settings = {.choice = BlockChoice::random, .blocks_per_update = 4, .rates = "0=1;*=0"}};
  const auto drawn = none.next(200);
  CHECK(std::ranges::count(drawn, Blocks{0}) + std::ranges::count(drawn, Blocks{}) == 200);
  CHECK(std::ranges::count(drawn, Blocks{}) > 10);
}

TEST_CASE("what is drawn depends on seed and worker alone") {
  const auto drawn = [](std::uint64_t seed, std::size_t worker) {
    Bench bench{
        .settings = {.choice = BlockChoice::random, .rates = "*=0.5"}, .seed = seed, .workers = 3, .worker = worker};
    return bench.next(50);
  };
  CHECK(drawn(1, 0) == drawn(1, 0));
  CHECK(drawn(1, 0) != drawn(2, 0));
  CHECK(drawn(1, 0) != drawn(1, 1));
  Bench bench{.settings = {.choice = BlockChoice::random, .rates = "*=0.5"}};
  const auto draws = bench.next(50);
  CHECK(std::ranges::count(draws, draws.front()) < 20);  // they are not all the same
}

TEST_CASE("where everything is selected, and nothing rescaled, the update is a plain one") {
  Bench all{.settings = {}};
  CHECK(all.ranges() == Ranges{});
  Bench half{.settings = {.rates = "*=0.5"}};
  CHECK(half.ranges() == std::nullopt);
  CHECK(half.ranges() == Ranges{});
  Bench rescaled{.settings = {.rates = "*=0.5", .rescale = true}};
  CHECK(rescaled.ranges() == std::nullopt);
  CHECK(rescaled.ranges() == Ranges{{.begin = 0, .end = 5, .rate = 2}});
}

TEST_CASE("selected ranges ascend, and adjacent ones of one rate are merged") {
  Bench bench{.settings = {.rates = "1=0.5;3=0.25"}, .sizes = {2, 3, 4, 5, 6}};
  CHECK(bench.ranges() == Ranges{{.begin = 0, .end = 2}, {.begin = 5, .end = 9}, {.begin = 14, .end = 20}});
  CHECK(bench.ranges() == Ranges{{.begin = 0, .end = 9}, {.begin = 14, .end = 20}});
  Bench rescaled{.settings = {.rates = "1=0.5;2=0.5;3=0.25", .rescale = true}, .sizes = {2, 3, 4, 5, 6}};
  rescaled.ranges();
  CHECK(rescaled.ranges() ==
        Ranges{{.begin = 0, .end = 2}, {.begin = 2, .end = 9, .rate = 2}, {.begin = 14, .end = 20}});

  // Rows of weights and biases of neurons: three rows of two weights, and then three biases.
  const BlockPlan plan({.partition = BlockPartition::neuron, .choice = BlockChoice::cyclic, .blocks_per_update = 2},
                       layout_of({{"body.weight", {3, 2}}, {"body.bias", {3}}}), 1);
  BlockSchedule schedule(plan, {.seed = 1, .number = 0, .index = 0});
  const auto ranges = [&] {
    const auto selected = schedule.select({});
    return Ranges(selected->begin(), selected->end());
  };
  CHECK(ranges() == Ranges{{.begin = 0, .end = 4}, {.begin = 6, .end = 8}});
  // The last row ends where the first bias begins.
  CHECK(ranges() == Ranges{{.begin = 0, .end = 2}, {.begin = 4, .end = 7}, {.begin = 8, .end = 9}});
}

TEST_CASE("rescaled steps add up to the full ones, where blocks take turns") {
  struct Case {
    BlockSettings settings;
    std::size_t workers;
    int updates;  // of each worker
  };
  const BlockSettings base{.rates = "0=0.5;1=0.25;2=0.125", .rescale = true};
  const auto with = [&](BlockChoice choice, std::size_t blocks_per_update) {
    BlockSettings settings = base;
    settings.choice = choice;
    settings.blocks_per_update = blocks_per_update;
    return settings;
  };
  for (const Case& each : {Case{with(BlockChoice::all, 0), 1, 8}, Case{with(BlockChoice::cyclic, 0), 1, 40},
                           Case{with(BlockChoice::cyclic, 2), 1, 20}, Case{with(BlockChoice::owner, 0), 2, 8},
                           Case{with(BlockChoice::owner, 1), 2, 48}, Case{with(BlockChoice::owner, 3), 2, 8}}) {
    INFO(static_cast<int>(each.settings.choice) << ", " << each.settings.blocks_per_update);
    std::vector<double> sums(5);
    for (std::size_t worker = 0; worker < each.workers; ++worker) {
      Bench bench{.settings = each.settings, .workers = each.workers, .worker = worker};
      for (int n = 0; n < each.updates; ++n) {
        const Floats factors = bench.factors();
        for (std::size_t b = 0; b < 5; ++b) sums[b] += static_cast<double>(factors[b]);
      }
    }
    for (const double sum : sums) {
      CHECK(sum == Approx(static_cast<double>(each.workers) * each.updates).epsilon(1e-6));
    }
  }
}

TEST_CASE("rescaled steps of drawn blocks are the full ones on average") {
  const std::size_t count = GENERATE(as<std::size_t>(), 0, 2);
  constexpr int kUpdates = 20'000;
  Bench bench{.settings = {.choice = BlockChoice::random,
                           .blocks_per_update = count,
                           .rates = "0=0.5;1=0.25;2=0.125;4=0",
                           .rescale = true},
              .seed = 5};
  std::vector<double> sums(5);
  for (int n = 0; n < kUpdates; ++n) {
    const Floats factors = bench.factors();
    for (std::size_t b = 0; b < 5; ++b) sums[b] += static_cast<double>(factors[b]);
  }
  const std::vector<double> rates{0.5, 0.25, 0.125, 1};
  for (std::size_t b = 0; b < 4; ++b) {
    const double p = rates[b] * (count == 0 ? 1 : 0.4);
    const double deviation = std::sqrt((1 / p - 1) / kUpdates);  // of the mean of 1/p with probability p, else 0
    INFO("block " << b << " of mean " << sums[b] / kUpdates << ", deviation " << deviation);
    CHECK(std::abs(sums[b] / kUpdates - 1) <= 4 * deviation + 1e-6);
  }
  CHECK(sums[4] == 0);
}

TEST_CASE("a schedule that is restored goes on as one that never stopped") {
  const BlockChoice choice =
      GENERATE(BlockChoice::all, BlockChoice::random, BlockChoice::cyclic, BlockChoice::greedy, BlockChoice::owner);
  const std::size_t count = GENERATE(as<std::size_t>(), 0, 1, 2);
  const int updates = GENERATE(1, 7, 500);
  INFO(static_cast<int>(choice) << ", " << count << " after " << updates);
  const auto bench = [&] {
    return Bench{.settings = {.choice = choice, .blocks_per_update = count, .rates = "0=0.3;1=0.1;2=0.7;3=0.01"},
                 .workers = 2,
                 .worker = 1};
  };
  const Floats gradient{1, 2, 3, 4, 5};
  Bench whole = bench(), rest = bench();
  whole.next(updates, gradient);
  rest.make();
  rest.schedule->restore(static_cast<std::uint64_t>(updates));
  CHECK(rest.schedule->selections() == static_cast<std::uint64_t>(updates));
  CHECK(rest.next(200, gradient) == whole.next(200, gradient));
}

TEST_CASE("settings that do not fit together are refused in one line") {
  const auto make = [](const BlockSettings& settings, std::size_t workers = 1) {
    Bench bench{.settings = settings, .workers = workers};
    bench.make();
  };
  CHECK_THROWS_AS(make({.choice = BlockChoice::random, .blocks_per_update = 6}), UsageError);
  CHECK_THROWS_WITH(make({.choice = BlockChoice::random, .blocks_per_update = 6}),
                    "blocks_per_update: expected at most 5, as many as there are with blocks = tensor; got 6");
  CHECK_THROWS_WITH(make({.choice = BlockChoice::owner, .blocks_per_update = 4}, 2),
                    "blocks_per_update: expected at most 3, as many as a worker owns with blocks = tensor; got 4");
  CHECK_THROWS_WITH(make({.choice = BlockChoice::owner}, 6),
                    "block_choice 'owner' takes a block for each worker; expected at most 5 workers, as many as there "
                    "are blocks with blocks = tensor, got 6; take fewer workers or smaller blocks");
  CHECK_THROWS_WITH(make({.choice = BlockChoice::greedy, .rescale = true}),
                    "block_rescale divides by the share of updates that write a block, which is not known where "
                    "gradients choose the blocks; expected block_rescale = false with block_choice = greedy, got true; "
                    "try block_choice = random");
  CHECK_THROWS_WITH(make({.rates = "9=1"}), Catch::Contains("unknown parameter in block_rates '9'"));
  CHECK_NOTHROW(make({.blocks_per_update = 9'999}));  // of all blocks it has no effect
}
