#include "core/sharing/store/shared_moments.h"

#include <algorithm>
#include <array>
#include <functional>
#include <span>
#include <vector>

#include "core/sharing/store/parameter_store.h"
#include "core/sharing/store/target_parameters.h"
#include "tests/catch.h"
#include "tests/core/sharing/store/interrupted_rule.h"

using namespace sounder;
using namespace sounder::fakes;

namespace {

using Floats = std::vector<float>;

constexpr std::size_t kSize = 100;
constexpr std::size_t kWidth = 20;
// Over four cache lines, from the middle of a word.
constexpr MomentsBlock kBlock{.offset = 13, .width = kWidth};

Floats fresh() {
  Floats parameters(kSize, 5.0F);
  std::fill_n(parameters.begin() + 13, kWidth, 0.0F);
  std::fill_n(parameters.begin() + 13 + kWidth, kWidth, 1.0F);
  parameters[13 + 2 * kWidth] = 0;
  return parameters;
}

void begin(ParameterStore& store) {
  store.restore({.parameters = fresh(), .statistics = {Floats(kSize)}});
}

/// Merges so many vectors: of x, of x + 1, ...
void merge(ParameterStore& store, float x, int vectors) {
  MomentsBatch batch(kWidth);
  for (int n = 0; n < vectors; ++n) batch.add(Floats(kWidth, x + static_cast<float>(n)));
  store.merge(kBlock, batch);
}

Floats pulled(const ParameterStore& store) {
  Floats parameters(kSize);
  store.pull(parameters);
  return parameters;
}

/// The moments of 2, 3, 4, whole.
bool are_of_three(std::span<const float> parameters) {
  const Moments moments = Moments::of(kBlock, parameters);
  const auto variance = static_cast<float>(2 / 3.0);
  return std::ranges::count(moments.mean, 3.0F) == kWidth && std::ranges::count(moments.variance, variance) == kWidth &&
         moments.count == 3;
}

}  // namespace

TEST_CASE("moments are merged, and read as they are after the last merge") {
  SharedMoments moments(kBlock);
  Floats floats(kBlock.size());
  moments.store(std::span<const float>(fresh()).subspan(13, kBlock.size()));
  MomentsBatch batch(kWidth);
  for (int n = 1; n <= 5; ++n) {
    batch.add(Floats(kWidth, static_cast<float>(n)));
    moments.merge(batch);
    moments.load(floats);
    CHECK(floats.back() == static_cast<float>(n));
    CHECK(floats[7] == Approx(0.5 * (n + 1)));
    CHECK(batch.empty());
  }
  moments.store(Floats(kBlock.size(), 8.0F));
  moments.load(floats);
  CHECK(floats == Floats(kBlock.size(), 8.0F));
}

TEST_CASE("of several running moments, those are merged whose block is named, and all are copied to their places") {
  const std::array<MomentsBlock, 2> blocks{{{.offset = 1, .width = 1}, {.offset = 5, .width = 1}}};
  RunningMoments moments(blocks);
  CHECK(moments.places() == std::vector<UpdateRange>{{.begin = 1, .end = 4}, {.begin = 5, .end = 8}});
  moments.store(Floats{9, 0, 1, 0, 9, 0, 1, 0, 9});
  MomentsBatch batch(1);
  for (const float x : {2.0F, 4.0F}) batch.add({&x, 1});
  moments.merge(blocks[1], batch);
  Floats parameters(9, 7.0F);
  moments.load(parameters);
  CHECK(parameters == Floats{7, 0, 1, 0, 7, 3, 1, 2, 7});  // mean, variance and count of 2 and 4
}

TEST_CASE("constants stay to the last bit where updates and averages write all parameters") {
  const ParameterLayout layout{.blocks = {{.name = "weight", .shape = {2}, .offset = 0, .size = 2},
                                          {.name = "table", .shape = {3}, .offset = 2, .size = 3, .constant = true}},
                               .size = 5};
  const WriteMode mode = GENERATE(WriteMode::relaxed, WriteMode::atomic_add, WriteMode::locked);
  ParameterStore store(5, 1, mode, std::make_shared<RunningMoments>(layout));
  const Floats table{0.1F, 1.0F / 3, 16'777'215};
  store.restore({.parameters = {1, 2, table[0], table[1], table[2]}, .statistics = {Floats(5)}});
  const auto now = [&] {
    Floats all(5);
    store.pull(all);
    return all;
  };
  const Floats message = now();
  Floats third(5);
  for (int round = 0; round < 1'000; ++round) {
    // The mean of three equal arrays, as peers compute it, moves a float to another one.
    for (std::size_t i = 0; i < third.size(); ++i) third[i] = (message[i] + message[i]) * (1.0F / 3);
    store.mix(1.0F / 3, third);
    store.push({.gradient = Floats{1, 1, 0, 0, 0}, .learning_rate = 0.01F, .steps = 1, .version = 0},
               MomentumSgd{.momentum = 0});
  }
  const auto constants = [](const Floats& all) { return Floats(all.begin() + 2, all.end()); };
  CHECK(constants(now()) == table);
  CHECK(constants(store.snapshot().parameters) == table);
  const std::span<float> view = store.quiescent_view();
  CHECK(constants({view.begin(), view.end()}) == table);
  CHECK(now()[0] != 1);

  store.replace(Floats{1, 2, 3, 4, 5});
  CHECK(now() == Floats{1, 2, 3, 4, 5});
}

TEST_CASE("an update leaves the moments alone that were merged while it was under way, all of them") {
  ParameterStore store(kSize, 1, GENERATE(WriteMode::relaxed, WriteMode::atomic_add), std::span(&kBlock, 1));
  begin(store);
  Floats replica(kSize);
  Floats gradient(kSize, -1.0F);
  std::fill_n(gradient.begin() + 13, kBlock.size(), 0.0F);
  std::function<void()> interruption = [&] { merge(store, 2, 3); };
  store.push({.gradient = gradient,
              .learning_rate = 1,
              .steps = 1,
              .version = 0,
              .first_block = GENERATE(0U, 1U, 2U, 3U),
              .replica = replica},
             Interrupted<MomentumSgd>{.rule = {.momentum = 0}, .interruption = interruption});
  CHECK(are_of_three(pulled(store)));
  CHECK(are_of_three(replica));  // which it receives as they are at its end
  CHECK(pulled(store)[0] == 6);
  CHECK(pulled(store).back() == 6);
}

TEST_CASE("whoever copies the parameters has the moments of one merge") {
  ParameterStore store(kSize, 1, GENERATE(WriteMode::relaxed, WriteMode::locked), std::span(&kBlock, 1));
  begin(store);
  merge(store, 2, 3);
  CHECK(are_of_three(pulled(store)));
  CHECK(are_of_three(store.snapshot().parameters));
  TargetParameters target(kSize, 10);
  target.refresh(0, store);
  CHECK(are_of_three(target.snapshot().parameters));
  const std::span<float> view = store.quiescent_view();
  CHECK(are_of_three(view));
  CHECK(view[12] == 5);
  CHECK(view[13 + kBlock.size()] == 5);

  ParameterStore other(kSize, 1, WriteMode::relaxed, std::span(&kBlock, 1));
  other.restore(store.snapshot());
  CHECK(are_of_three(pulled(other)));
}
