#include "core/sharing/store/target_parameters.h"

#include <numeric>
#include <vector>

#include "tests/catch.h"

using namespace sounder;

namespace {

/// A store whose parameters count from `first` on.
class CountingStore {
 public:
  explicit CountingStore(std::size_t size) : store_(size, 0, WriteMode::relaxed) {}

  const ParameterStore& from(float first) {
    std::iota(store_.quiescent_view().begin(), store_.quiescent_view().end(), first);
    return store_;
  }

 private:
  ParameterStore store_;
};

std::vector<float> counting(std::size_t size, float first) {
  std::vector<float> values(size);
  std::iota(values.begin(), values.end(), first);
  return values;
}

}  // namespace

TEST_CASE("target parameters are copied at first, and then once an interval") {
  const auto size = GENERATE(std::size_t{1}, std::size_t{16}, std::size_t{17}, std::size_t{1001});
  CountingStore store(size);
  TargetParameters target(size, 100);
  CHECK(target.size() == size);
  std::vector<float> replica(size, -1.0F);
  CHECK(target.pull(0, replica) == 0);  // nothing yet
  CHECK(replica == std::vector<float>(size, -1.0F));

  CHECK(target.refresh(0, store.from(1)));
  CHECK(target.pull(0, replica) == 1);
  CHECK(replica == counting(size, 1));

  std::int64_t copies = 0;
  for (std::int64_t step = 0; step < 1'000; ++step) {
    const bool copied = target.refresh(step, store.from(static_cast<float>(step)));
    CHECK(copied == (step > 0 && step % 100 == 0));
    copies += copied ? 1 : 0;
    CHECK_FALSE(target.refresh(step, store.from(-7)));  // another caller at the same step
  }
  CHECK(copies == 9);
  CHECK(target.version() == 10);
  CHECK(target.pull(1, replica) == 10);
  CHECK(replica == counting(size, 900));
}

TEST_CASE("a copy is due where steps jump over a multiple of the interval, one where they jump over several") {
  CountingStore store(3);
  TargetParameters target(3, 10);
  CHECK(target.refresh(0, store.from(0)));
  const std::vector<std::int64_t> steps{7, 13, 14, 19, 27, 65, 69, 71, 79, 80};
  const std::vector<std::int64_t> expected{13, 27, 65, 71, 80};
  std::vector<std::int64_t> copied;
  for (const std::int64_t step : steps) {
    if (target.refresh(step, store.from(0))) copied.push_back(step);
  }
  CHECK(copied == expected);
}

TEST_CASE("a pull leaves a replica alone that has the newest copy") {
  CountingStore store(20);
  TargetParameters target(20, 10);
  target.refresh(0, store.from(5));
  std::vector<float> replica(20);
  const std::uint64_t version = target.pull(0, replica);
  replica[3] = -1;
  CHECK(target.pull(version, replica) == version);
  CHECK(replica[3] == -1);
  target.refresh(10, store.from(6));
  CHECK(target.pull(version, replica) == version + 1);
  CHECK(replica == counting(20, 6));
}

TEST_CASE("a worker's replica receives every copy once, and nothing where there are no target parameters") {
  CountingStore store(20);
  TargetParameters target(20, 10);
  std::vector<float> floats(20, -1.0F);
  TargetReplica replica(&target, floats);
  CHECK(replica.fetch() == 0);  // nothing yet
  CHECK(floats == std::vector<float>(20, -1.0F));
  target.refresh(0, store.from(5));
  CHECK(replica.fetch() == 80);
  CHECK(floats == counting(20, 5));
  CHECK(replica.fetch() == 0);
  target.refresh(10, store.from(6));
  target.refresh(20, store.from(7));
  CHECK(replica.fetch() == 80);
  CHECK(floats == counting(20, 7));
  CHECK(replica.fetch() == 0);
  CHECK(TargetReplica(nullptr, {}).fetch() == 0);
}

TEST_CASE("the first copy may be at any step, as of a run that goes on without target parameters of its own") {
  CountingStore store(2);
  TargetParameters target(2, 10);
  CHECK(target.refresh(34, store.from(0)));
  CHECK_FALSE(target.refresh(39, store.from(0)));
  CHECK(target.refresh(40, store.from(0)));
}

TEST_CASE("target parameters go on from a snapshot: with its floats, until its next step") {
  CountingStore store(37);
  TargetParameters before(37, 10);
  before.refresh(0, store.from(1));
  before.refresh(25, store.from(2));
  const TargetParameters::Snapshot snapshot = before.snapshot();
  CHECK(snapshot.parameters == counting(37, 2));
  CHECK(snapshot.next_step == 30);

  TargetParameters after(37, 10);
  after.refresh(0, store.from(3));  // of the start that a checkpoint replaces
  std::vector<float> replica(37);
  const std::uint64_t version = after.pull(0, replica);
  after.restore(snapshot);
  CHECK(after.pull(version, replica) == version + 1);
  CHECK(replica == counting(37, 2));
  CHECK_FALSE(after.refresh(29, store.from(4)));
  CHECK(after.refresh(30, store.from(4)));
  CHECK(after.pull(version + 1, replica) == version + 2);
  CHECK(replica == counting(37, 4));
}
