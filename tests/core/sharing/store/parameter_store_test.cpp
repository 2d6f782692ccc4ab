#include "core/sharing/store/parameter_store.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "envs/random.h"
#include "tests/catch.h"
#include "tests/core/sharing/store/interrupted_rule.h"

using namespace sounder;
using namespace sounder::fakes;

namespace {

/// Adds 1 to every parameter with each update of a gradient of -1 at rate 1.
constexpr MomentumSgd kCount{.momentum = 0};

WriteMode any_mode() {
  return GENERATE(WriteMode::relaxed, WriteMode::atomic_add, WriteMode::locked);
}

std::vector<float> pulled(const ParameterStore& store) {
  std::vector<float> parameters(store.size());
  store.pull(parameters);
  return parameters;
}

template <UpdateRuleModel Rule>
std::uint64_t push(ParameterStore& store, const Rule& rule, std::vector<float> gradient, float learning_rate = 1) {
  return store
      .push({.gradient = gradient, .learning_rate = learning_rate, .steps = 1, .version = store.updates()}, rule)
      .staleness;
}

/// Parameters that are all 1, with statistics of zeros.
ParameterStore::Snapshot ones(std::size_t size, std::size_t statistics) {
  return {.parameters = std::vector<float>(size, 1.0F), .statistics = {statistics, std::vector<float>(size)}};
}

/// Applies the gradients of update_rule_test.cpp to parameters that start at 1, odd ones with the sign turned.
template <UpdateRuleModel Rule>
void check_path(const Rule& rule, float learning_rate, const std::vector<float>& gradients,
                const std::vector<double>& expected) {
  const WriteMode mode = any_mode();
  const auto size =
      GENERATE(std::size_t{1}, std::size_t{2}, std::size_t{63}, std::size_t{64}, std::size_t{129}, std::size_t{1000});
  INFO("mode " << static_cast<int>(mode) << ", " << size << " parameters");
  ParameterStore store(size, Rule::kStatistics, mode);
  store.restore(ones(size, Rule::kStatistics));
  for (std::size_t n = 0; n < gradients.size(); ++n) {
    std::vector<float> gradient(size);
    for (std::size_t i = 0; i < size; ++i) gradient[i] = i % 2 == 0 ? gradients[n] : -gradients[n];
    push(store, rule, gradient, learning_rate);
    const std::vector<float> parameters = pulled(store);
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < size; ++i) {
      const double value = i % 2 == 0 ? expected[n] : 2 - expected[n];
      if (static_cast<double>(parameters[i]) != Approx(value).epsilon(1e-6)) ++wrong;
    }
    INFO("update " << n + 1);
    CHECK(wrong == 0);
  }
}

/// Pushes one update while another one is under way; returns the staleness of that other one. Of a gradient of -10
/// within one of -2, at momentum 0.5, both kept: m = -5, theta = 5, then m = -2.5 - 1 = -3.5, theta = 8.5. The one
/// within lost: m = -1, theta = 1.
std::uint64_t push_one_within_another(ParameterStore& store) {
  const MomentumSgd sgd{.momentum = 0.5F};
  std::function<void()> interruption = [&] { push(store, sgd, std::vector<float>(store.size(), -10.0F)); };
  return push(store, Interrupted<MomentumSgd>{.rule = sgd, .interruption = interruption},
              std::vector<float>(store.size(), -2.0F));
}

}  // namespace

TEST_CASE("mixing brings each parameter to a share of itself and what is added, and is no update") {
  const WriteMode mode = any_mode();
  const auto size = GENERATE(std::size_t{1}, std::size_t{15}, std::size_t{16}, std::size_t{17}, std::size_t{1000});
  ParameterStore store(size, kCount.kStatistics, mode);
  std::vector<float> parameters(size), others(size), expected(size);
  for (std::size_t i = 0; i < size; ++i) {
    parameters[i] = static_cast<float>(i);
    others[i] = 3 - static_cast<float>(2 * i);
    expected[i] = 3 - static_cast<float>(1.75 * static_cast<double>(i));  // i / 4 + 3 - 2 i
  }
  const std::vector<float> momentum(size, 7.0F);
  store.restore({.parameters = parameters, .statistics = {momentum}, .steps = 5, .updates = 2});
  store.mix(0.25F, others);
  const ParameterStore::Snapshot copy = store.snapshot();
  CHECK(copy.parameters == expected);
  CHECK(copy.statistics == std::vector<std::vector<float>>{momentum});
  CHECK((copy.updates == 2 && copy.steps == 5 && copy.consistent));
}

TEST_CASE("stores that share running moments merge into the same ones") {
  const MomentsBlock block{.offset = 1, .width = 1};
  const auto moments = std::make_shared<RunningMoments>(std::vector{block});
  ParameterStore one(4, 0, WriteMode::relaxed, moments);
  ParameterStore other(4, 0, WriteMode::relaxed, moments);
  MomentsBatch batch(1);
  for (const float x : {1.0F, 3.0F}) batch.add({&x, 1});
  one.merge(block, batch);
  CHECK(pulled(other) == std::vector<float>{0, 2, 1, 2});  // mean, variance, count
}

TEST_CASE("a store applies RMSProp to every parameter, in every write mode", "[levels]") {
  check_path(RmsProp{.decay = 0.5F, .epsilon = 1}, 0.1F, {2, -1, 3}, {0.8845299462, 0.9477755015, 0.8277755015});
}

TEST_CASE("a store applies Adagrad to every parameter, in every write mode", "[levels]") {
  check_path(Adagrad{.epsilon = 5}, 0.1F, {2, 4, 0, -12}, {0.9333333333, 0.8533333333, 0.8533333333, 0.9456410256});
}

TEST_CASE("a store applies momentum SGD to every parameter, in every write mode", "[levels]") {
  check_path(MomentumSgd{.momentum = 0.75F}, 0.5F, {4, -2, 0}, {0.5, 0.375, 0.28125});
}

TEST_CASE("a store applies Adam to every parameter, in every write mode", "[levels]") {
  check_path(Adam{.beta1 = 0.5F, .beta2 = 0.75F, .epsilon = 0.5F}, 0.1F, {2, -2, 1},
             {0.9333333333, 0.9575235865, 0.9451097852});
}

TEST_CASE("in one thread the write modes give the same numbers, bit for bit", "[levels]") {
  const auto run = [](WriteMode mode) {
    ParameterStore store(77, 1, mode);
    Rng rng(5);
    for (int n = 0; n < 50; ++n) {
      std::vector<float> gradient(77);
      for (float& g : gradient) g = rng.uniform() - 0.5F;
      push(store, RmsProp{.decay = 0.9F, .epsilon = 0.1F}, gradient, 0.01F);
    }
    return pulled(store);
  };
  const std::vector<float> relaxed = run(WriteMode::relaxed);
  CHECK(run(WriteMode::atomic_add) == relaxed);
  CHECK(run(WriteMode::locked) == relaxed);
}

TEST_CASE("a worker's own statistics are its own; shared ones are everybody's") {
  ParameterStore store(1, 1, any_mode());
  const MomentumSgd rule{.momentum = 0.75F};
  const std::vector<float> gradient{4};
  std::vector<std::vector<SharedArray>> own(2, std::vector<SharedArray>(1, SharedArray(1)));
  const auto push_with = [&](std::span<SharedArray> statistics) {
    store.push({.gradient = gradient, .learning_rate = 1, .steps = 1, .version = 0, .own_statistics = statistics},
               rule);
    return pulled(store)[0];
  };
  CHECK(push_with(own[0]) == -1);      // m = 1
  CHECK(push_with(own[1]) == -2);      // m = 1: it knows nothing of the other's
  CHECK(push_with(own[0]) == -3.75F);  // m = 0.75 + 1
  CHECK(store.snapshot().statistics[0][0] == 0);
  CHECK(push_with({}) == -4.75F);  // shared, m = 1
  CHECK(push_with({}) == -6.5F);   // shared, m = 1.75
  CHECK(store.snapshot().statistics[0][0] == 1.75F);
}

TEST_CASE("staleness counts the updates that others completed between a pull and its push") {
  ParameterStore store(3, 1, any_mode());
  std::vector<float> replica(3);
  const std::vector<float> gradient(3, -1.0F);
  const auto push_at = [&](std::uint64_t version) {
    return store.push({.gradient = gradient, .learning_rate = 1, .steps = 4, .version = version}, kCount).staleness;
  };
  const std::uint64_t slow = store.pull(replica);
  CHECK(slow == 0);
  CHECK(push_at(store.pull(replica)) == 0);
  const std::uint64_t middle = store.pull(replica);
  CHECK(middle == 1);
  CHECK(replica == std::vector<float>{1, 1, 1});
  CHECK(push_at(store.pull(replica)) == 0);
  CHECK(push_at(slow) == 2);
  CHECK(push_at(middle) == 2);
  CHECK(store.updates() == 4);
  CHECK(store.pull(replica) == 4);
  CHECK(replica == std::vector<float>{4, 4, 4});
}

TEST_CASE("the global step counts the steps of updates, and those that no update was made of") {
  ParameterStore store(1, 1, WriteMode::relaxed);
  const std::vector<float> gradient{0};
  store.push({.gradient = gradient, .learning_rate = 1, .steps = 5, .version = 0}, kCount);
  store.skip(3);
  store.push({.gradient = gradient, .learning_rate = 1, .steps = 2, .version = 1}, kCount);
  CHECK(store.steps() == 10);
  CHECK(store.updates() == 2);
}

TEST_CASE("a store that was restored goes on from the snapshot") {
  const WriteMode mode = any_mode();
  const Adam rule{.beta1 = 0.5F, .beta2 = 0.75F, .epsilon = 0.5F};
  ParameterStore store(65, 2, mode);
  store.restore(ones(65, 2));
  push(store, rule, std::vector<float>(65, 2.0F), 0.1F);
  push(store, rule, std::vector<float>(65, -2.0F), 0.1F);
  const ParameterStore::Snapshot snapshot = store.snapshot();
  CHECK(snapshot.consistent);
  CHECK(snapshot.steps == 2);
  CHECK(snapshot.updates == 2);
  CHECK(snapshot.statistics[0] == std::vector<float>(65, -0.5F));
  CHECK(snapshot.statistics[1] == std::vector<float>(65, 1.75F));

  ParameterStore other(65, 2, mode);
  other.restore(snapshot);
  CHECK(other.steps() == 2);
  CHECK(other.updates() == 2);
  CHECK(pulled(other) == pulled(store));
  CHECK(other.lost_updates() == 0);
  // The third of the updates above: Adam's bias correction goes on counting.
  push(other, rule, std::vector<float>(65, 1.0F), 0.1F);
  CHECK(static_cast<double>(pulled(other)[64]) == Approx(0.9451097852).epsilon(1e-6));
  CHECK(other.lost_updates() == 0);  // of one, not of three
}

TEST_CASE("the quiescent view is the parameters themselves") {
  ParameterStore store(70, 1, WriteMode::relaxed);
  push(store, kCount, std::vector<float>(70, -1.0F));
  const std::span<float> view = store.quiescent_view();
  CHECK(std::vector<float>(view.begin(), view.end()) == std::vector<float>(70, 1.0F));
}

TEST_CASE("one thread loses no update") {
  ParameterStore store(1000, 1, any_mode());
  CHECK(store.lost_updates() == 0);
  for (int n = 0; n < 100; ++n) push(store, kCount, std::vector<float>(1000, -1.0F));
  CHECK(store.lost_updates() == 0);
  CHECK(pulled(store) == std::vector<float>(1000, 100.0F));
}

TEST_CASE("in relaxed mode an update within another one is lost in the block where they meet, and measured") {
  ParameterStore store(16 * 64, 1, WriteMode::relaxed);
  CHECK(push_one_within_another(store) == 1);
  const std::vector<float> parameters = pulled(store);
  CHECK(std::vector<float>(parameters.begin(), parameters.begin() + 16) == std::vector<float>(16, 1.0F));
  CHECK(std::vector<float>(parameters.begin() + 16, parameters.end()) == std::vector<float>(63 * 16, 8.5F));
  const std::vector<float> momentum = store.snapshot().statistics[0];
  CHECK(momentum.front() == -1);
  CHECK(momentum.back() == -3.5F);
  // Two of the blocks are counted, the first and the 33rd: they kept 1 and 2 of 2 updates.
  CHECK(store.lost_updates() == 0.25);
  for (int n = 0; n < 8; ++n) push(store, kCount, std::vector<float>(store.size(), -1.0F));
  CHECK(store.lost_updates() == Approx(0.05));  // 9 and 10 of 10
  store.restore(store.snapshot());              // what is restored counts anew
  push_one_within_another(store);
  CHECK(store.lost_updates() == 0.25);
}

TEST_CASE("with atomic additions no update is lost, and none measured as such") {
  ParameterStore store(16 * 64, 1, WriteMode::atomic_add);
  CHECK(push_one_within_another(store) == 1);
  CHECK(pulled(store) == std::vector<float>(16 * 64, 8.5F));
  CHECK(store.snapshot().statistics[0] == std::vector<float>(16 * 64, -3.5F));
  CHECK(store.lost_updates() == 0);
}

TEST_CASE("a step of Adam is bounded where it meets another update between that one's two means") {
  // The other one's gradient, 0.01, is in m and not yet in v when one of zero gradients comes: at the hundredth update
  // its step would be 1e-3 * 0.308 * 0.0009 / 1e-8 = 28.
  ParameterStore store(33, 2, WriteMode::atomic_add);
  store.restore({.parameters = std::vector<float>(33), .statistics = {2, std::vector<float>(33)}, .updates = 98});
  const Adam adam{.beta1 = 0.9F, .beta2 = 0.999F, .epsilon = 1e-8F};
  float met = 0;
  std::function<void()> interruption = [&] {
    push(store, adam, std::vector<float>(33), 1e-3F);
    met = pulled(store)[0];
  };
  push(store, Interrupted<Adam>{.rule = adam, .interruption = interruption, .at = 1}, std::vector<float>(33, 0.01F),
       1e-3F);
  const float bound = adam.rate(1e-3F, 100) * adam.largest_ratio;
  CHECK(bound < 0.0023F);
  CHECK(std::abs(met) <= bound);
  // What it would have been alone: 1e-3 * 0.307 * 0.001 / sqrt(1e-7).
  CHECK(static_cast<double>(pulled(store)[0]) == Approx(-0.000971).epsilon(0.01));
  const std::vector<float> m = store.snapshot().statistics[0];
  CHECK(static_cast<double>(m.front()) == Approx(0.0009));  // where they met: nothing is lost
  CHECK(static_cast<double>(m.back()) == Approx(0.001));
}

TEST_CASE("from Adam's m of one update and v of another go bounded steps, in every write mode") {
  ParameterStore store(33, 2, any_mode());
  // What two that store at the same time can leave: m of one whose gradient was 0.01, v of one whose gradient was zero.
  store.restore({.parameters = std::vector<float>(33),
                 .statistics = {std::vector<float>(33, 0.001F), std::vector<float>(33)},
                 .updates = 99});
  const Adam adam{.beta1 = 0.9F, .beta2 = 0.999F, .epsilon = 1e-8F};
  float farthest = 0;
  for (int n = 0; n < 200; ++n) {
    push(store, adam, std::vector<float>(33), 1e-3F);
    farthest = std::max(farthest, std::abs(pulled(store)[32]));
  }
  CHECK(farthest <= 10 * 1e-3F * adam.largest_ratio);  // as far as m, which falls by a tenth, can carry it
}

TEST_CASE("a snapshot that is taken during an update says that it is not consistent") {
  ParameterStore store(64, 1, GENERATE(WriteMode::relaxed, WriteMode::atomic_add));
  bool consistent = true;
  std::function<void()> interruption = [&] { consistent = store.snapshot().consistent; };
  push(store, Interrupted<MomentumSgd>{.rule = kCount, .interruption = interruption}, std::vector<float>(64, -1.0F));
  CHECK_FALSE(consistent);
  CHECK(store.snapshot().consistent);
}

TEST_CASE("a push with a replica pulls: it receives the parameters as the update leaves them, in every write mode",
          "[levels]") {
  // 37: whole blocks, whole words, and half a word.
  ParameterStore store(37, 1, any_mode());
  push(store, kCount, std::vector<float>(37, -3.0F));  // somebody else's: all parameters are 3
  std::vector<float> gradient(37);
  for (std::size_t i = 0; i < 37; ++i) gradient[i] = -static_cast<float>(i);
  std::vector<float> replica(37);
  const auto pushed =
      store.push({.gradient = gradient, .learning_rate = 1, .steps = 1, .version = 0, .replica = replica}, kCount);
  CHECK(pushed.staleness == 1);
  CHECK(pushed.version == 2);  // that one, and this
  for (std::size_t i = 0; i < 37; ++i) CHECK(replica[i] == 3 + static_cast<float>(i));
  CHECK(pulled(store) == replica);

  const auto next = store.push(
      {.gradient = gradient, .learning_rate = 1, .steps = 1, .version = pushed.version, .replica = replica}, kCount);
  CHECK(next.staleness == 0);
  CHECK(next.version == 3);
}

TEST_CASE("updates that complete during a push with a replica count as staleness of the next one") {
  ParameterStore store(64, 1, GENERATE(WriteMode::relaxed, WriteMode::atomic_add));
  std::function<void()> interruption = [&] { push(store, kCount, std::vector<float>(64, -1.0F)); };
  std::vector<float> replica(64);
  const std::vector<float> gradient(64, -1.0F);
  const auto pushed =
      store.push({.gradient = gradient, .learning_rate = 1, .steps = 1, .version = 0, .replica = replica},
                 Interrupted<MomentumSgd>{.rule = kCount, .interruption = interruption});
  CHECK(pushed.staleness == 1);
  CHECK(pushed.version == 1);  // some blocks have the other update, too: it is not promised
  CHECK(
      store.push({.gradient = gradient, .learning_rate = 1, .steps = 1, .version = pushed.version}, kCount).staleness ==
      1);
}

TEST_CASE("a push scales its gradient before the rule sees it, in every write mode") {
  ParameterStore store(35, 1, any_mode());
  store.restore(ones(35, 1));
  // g = 0.5 * 0 + 0.5 * (0.25 * 8)^2 = 2: a step of -0.1 * 2 / sqrt(2 + 2)
  store.push(
      {.gradient = std::vector<float>(35, 8.0F), .scale = 0.25F, .learning_rate = 0.1F, .steps = 1, .version = 0},
      RmsProp{.decay = 0.5F, .epsilon = 2});
  CHECK(pulled(store) == std::vector<float>(35, 0.9F));
}

TEST_CASE("an update that begins at any block reaches all of them") {
  const std::size_t first_block = GENERATE(as<std::size_t>(), 0, 1, 2);
  ParameterStore store(37, 1, any_mode());
  std::vector<float> replica(37);
  store.push({.gradient = std::vector<float>(37, -1.0F),
              .learning_rate = 1,
              .steps = 1,
              .version = 0,
              .first_block = first_block,
              .replica = replica},
             kCount);
  CHECK(pulled(store) == std::vector<float>(37, 1.0F));
  CHECK(replica == pulled(store));
}

TEST_CASE("an update begins where it is told to") {
  ParameterStore store(3 * 16, 1, WriteMode::relaxed);
  std::function<void()> interruption = [&] { push(store, kCount, std::vector<float>(48, -10.0F)); };
  store.push(
      {.gradient = std::vector<float>(48, -2.0F), .learning_rate = 1, .steps = 1, .version = 0, .first_block = 1},
      Interrupted<MomentumSgd>{.rule = kCount, .interruption = interruption});
  // The other update is lost in the block that was under way.
  const std::vector<float> parameters = pulled(store);
  CHECK(parameters[15] == 12);
  CHECK(parameters[16] == 2);
  CHECK(parameters[31] == 2);
  CHECK(parameters[32] == 12);
}
