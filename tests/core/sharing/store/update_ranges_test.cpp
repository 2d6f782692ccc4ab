// Updates of ranges of the parameters: ParameterStore::Push::ranges.
#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "core/sharing/store/parameter_store.h"
#include "envs/random.h"
#include "tests/catch.h"
#include "tests/core/sharing/store/interrupted_rule.h"

using namespace sounder;
using namespace sounder::fakes;

namespace {

using Floats = std::vector<float>;
using Ranges = std::vector<UpdateRange>;

/// Adds 1 to every parameter with each update of a gradient of -1 at rate 1.
constexpr MomentumSgd kCount{.momentum = 0};

WriteMode any_mode() {
  return GENERATE(WriteMode::relaxed, WriteMode::atomic_add, WriteMode::locked);
}

Floats pulled(const ParameterStore& store) {
  Floats parameters(store.size());
  store.pull(parameters);
  return parameters;
}

/// Pushes a gradient that is the same number everywhere.
template <UpdateRuleModel Rule>
void push(ParameterStore& store, const Rule& rule, float gradient, const Ranges& ranges, std::size_t first_block = 0) {
  store.push({.gradient = Floats(store.size(), gradient),
              .learning_rate = 1,
              .steps = 1,
              .version = store.updates(),
              .first_block = first_block,
              .ranges = ranges},
             rule);
}

/// Numbers of very different sizes.
Floats numbers(std::size_t count, Rng& rng) {
  Floats numbers(count);
  for (float& x : numbers) x = static_cast<float>(rng.normal() * std::pow(10.0, 12 * rng.uniform() - 6));
  return numbers;
}

/// Draws ascending ranges, without floats in common, of any alignment and at rates of their own.
Ranges draw_ranges(std::size_t size, Rng& rng) {
  Ranges ranges;
  for (std::size_t i = 0; i < size;) {
    const std::size_t begin = i + static_cast<std::size_t>(rng.below(rng.below(2) == 0 ? 3 : 40));
    const std::size_t end = begin + 1 + static_cast<std::size_t>(rng.below(rng.below(2) == 0 ? 4 : 80));
    if (end > size) break;
    ranges.push_back({.begin = begin, .end = end, .rate = rng.below(2) == 0 ? 1.0F : 4 * rng.uniform()});
    i = end;
  }
  if (ranges.empty()) ranges.push_back({.begin = size - 1, .end = size});
  return ranges;
}

/// Updates of drawn ranges, and the same float by float, must not differ in a bit.
template <UpdateRuleModel Rule>
void check_ranges(const Rule& rule, WriteMode mode) {
  Rng rng(4);
  for (const std::size_t size : {1U, 2U, 15U, 16U, 17U, 100U, 333U}) {
    INFO(size << " parameters, mode " << static_cast<int>(mode));
    ParameterStore store(size, Rule::kStatistics, mode);
    Floats expected = numbers(size, rng);
    std::vector<Floats> running(Rule::kStatistics, Floats(size));
    store.restore({.parameters = expected, .statistics = running});
    for (std::uint64_t n = 1; n <= 40; ++n) {
      const Floats gradient = numbers(size, rng);
      const Ranges ranges = draw_ranges(size, rng);
      store.push({.gradient = gradient,
                  .scale = 0.7F,
                  .learning_rate = 0.01F,
                  .steps = 3,
                  .version = 0,
                  .first_block = n % store.block_count(),
                  .ranges = ranges},
                 rule);
      for (const UpdateRange& range : ranges) {
        const float rate = rule.rate(0.01F, n) * range.rate;
        for (std::size_t i = range.begin; i < range.end; ++i) {
          const float d = gradient[i] * 0.7F;
          std::array<float, Rule::kStatistics> s;
          for (std::size_t k = 0; k < s.size(); ++k) s[k] = rule.accumulate(k, running[k][i], d);
          rule.settle(s);
          for (std::size_t k = 0; k < s.size(); ++k) running[k][i] = s[k];
          expected[i] += rule.step(s, d, rate);
        }
      }
      const ParameterStore::Snapshot snapshot = store.snapshot();
      REQUIRE(snapshot.consistent);
      REQUIRE(snapshot.parameters == expected);
      REQUIRE(snapshot.statistics == running);
      REQUIRE(snapshot.updates == n);
      REQUIRE(snapshot.steps == static_cast<std::int64_t>(3 * n));
    }
    CHECK(store.lost_updates() == 0);
  }
}

}  // namespace

TEST_CASE("an update of ranges is the rule's there, float by float, and touches nothing else, in every write mode",
          "[levels]") {
  const WriteMode mode = any_mode();
  check_ranges(RmsProp{.decay = 0.99F, .epsilon = 0.1F}, mode);
  check_ranges(MomentumSgd{.momentum = 0.9F}, mode);
  check_ranges(Adagrad{.epsilon = 0.1F}, mode);
  check_ranges(Adam{.beta1 = 0.9F, .beta2 = 0.999F, .epsilon = 1e-8F}, mode);
}

TEST_CASE("an update of one range that has everything is a plain one, bit for bit", "[levels]") {
  const WriteMode mode = any_mode();
  const RmsProp rule{.decay = 0.9F, .epsilon = 0.1F};
  const auto run = [&](const Ranges& ranges) {
    ParameterStore store(77, 1, mode);
    Rng rng(5);
    for (int n = 0; n < 50; ++n) {
      store.push({.gradient = numbers(77, rng), .learning_rate = 0.01F, .steps = 1, .version = 0, .ranges = ranges},
                 rule);
    }
    return store.snapshot();
  };
  const ParameterStore::Snapshot plain = run({});
  const ParameterStore::Snapshot whole = run({{.begin = 0, .end = 77}});
  CHECK(whole.parameters == plain.parameters);
  CHECK(whole.statistics == plain.statistics);
}

TEST_CASE("what another thread writes to the other float of a word meanwhile survives, and its statistics") {
  const std::size_t mine = GENERATE(as<std::size_t>(), 4, 5);  // the two of one word
  const std::size_t others = mine == 4 ? 5 : 4;
  ParameterStore store(8, 1, GENERATE(WriteMode::relaxed, WriteMode::atomic_add));
  const MomentumSgd sgd{.momentum = 0.5F};
  std::function<void()> interruption = [&] { push(store, sgd, -10, {{.begin = others, .end = others + 1}}); };
  push(store, Interrupted<MomentumSgd>{.rule = sgd, .interruption = interruption}, -2,
       {{.begin = mine, .end = mine + 1}});
  Floats parameters(8), momentum(8);  // m = half of the gradient, which is subtracted
  parameters[mine] = 1;
  parameters[others] = 5;
  momentum[mine] = -1;
  momentum[others] = -5;
  CHECK(pulled(store) == parameters);
  CHECK(store.snapshot().statistics[0] == momentum);
}

TEST_CASE("a worker's own statistics are touched in its ranges only") {
  ParameterStore store(40, 1, any_mode());
  std::vector<SharedArray> own(1, SharedArray(40));
  const Ranges ranges{{.begin = 3, .end = 37}};
  store.push({.gradient = Floats(40, -2.0F),
              .learning_rate = 1,
              .steps = 1,
              .version = 0,
              .own_statistics = own,
              .ranges = ranges},
             MomentumSgd{.momentum = 0.5F});
  Floats momentum(40), expected(40);
  own[0].load(momentum);
  std::fill(expected.begin() + 3, expected.begin() + 37, -1.0F);
  CHECK(momentum == expected);
  CHECK(store.snapshot().statistics[0] == Floats(40));
}

TEST_CASE("an update of ranges begins at the first that reaches beyond the block it is told to begin at") {
  ParameterStore store(4 * 16, 1, WriteMode::relaxed);
  const Ranges ranges{{.begin = 0, .end = 16}, {.begin = 16, .end = 32}, {.begin = 32, .end = 48}};
  std::function<void()> interruption = [&] { push(store, kCount, -10, {}); };
  push(store, Interrupted<MomentumSgd>{.rule = kCount, .interruption = interruption}, -2, ranges, 1);
  // The other update, of everything, is lost in the block that was under way.
  const Floats parameters = pulled(store);
  CHECK(parameters[15] == 12);
  CHECK(parameters[16] == 2);
  CHECK(parameters[31] == 2);
  CHECK(parameters[32] == 12);
  CHECK(parameters[48] == 10);
}

TEST_CASE("blocks that an update does not write, or not as a whole, are not lost") {
  const WriteMode mode = any_mode();
  ParameterStore store(16 * 64, 1, mode);                               // the blocks 0 and 32 are counted
  for (const UpdateRange& range : Ranges{{.begin = 16, .end = 32},      // neither
                                         {.begin = 1, .end = 512},      // a part of block 0
                                         {.begin = 500, .end = 520},    // a part of block 32
                                         {.begin = 500, .end = 600},    // block 32
                                         {.begin = 0, .end = 1024}}) {  // both
    push(store, kCount, -1, {range});
    CHECK(store.lost_updates() == 0);
  }
  push(store, kCount, -1, {});
  CHECK(store.lost_updates() == 0);
}

TEST_CASE("of updates of ranges, those of whole blocks that were lost are measured") {
  ParameterStore store(16 * 64, 1, WriteMode::relaxed);
  push(store, kCount, -1, {{.begin = 32, .end = 48}});
  CHECK(store.lost_updates() == 0);
  std::function<void()> interruption = [&] { push(store, kCount, -10, {{.begin = 0, .end = 16}}); };
  push(store, Interrupted<MomentumSgd>{.rule = kCount, .interruption = interruption}, -2, {{.begin = 0, .end = 512}});
  CHECK(pulled(store)[0] == 2);
  CHECK(store.lost_updates() == 0.5);  // of the two of block 0; nobody wrote block 32
  for (int n = 0; n < 8; ++n) push(store, kCount, -1, {{.begin = 32, .end = 48}});
  CHECK(store.lost_updates() == 0.5);
  for (int n = 0; n < 4; ++n) push(store, kCount, -1, {});
  CHECK(store.lost_updates() == Approx(0.1));  // 5 of 6, and 4 of 4
  store.restore(store.snapshot());
  CHECK(store.lost_updates() == 0);
  interruption = [&] { push(store, kCount, -10, {}); };
  push(store, Interrupted<MomentumSgd>{.rule = kCount, .interruption = interruption}, -2, {});
  CHECK(store.lost_updates() == 0.25);  // what was left out before counts no more
}

TEST_CASE("a snapshot that is taken during an update of ranges says that it is not consistent") {
  ParameterStore store(64, 1, GENERATE(WriteMode::relaxed, WriteMode::atomic_add));
  const Ranges ranges{GENERATE(UpdateRange{.begin = 3, .end = 5}, UpdateRange{.begin = 16, .end = 64})};
  bool consistent = true;
  std::function<void()> interruption = [&] { consistent = store.snapshot().consistent; };
  push(store, Interrupted<MomentumSgd>{.rule = kCount, .interruption = interruption}, -1, ranges);
  CHECK_FALSE(consistent);
  CHECK(store.snapshot().consistent);
}
