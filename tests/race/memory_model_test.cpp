// The explorer of executions itself, by the litmus tests whose answers are known.
#include "tests/race/memory_model.h"

#include <memory>
#include <vector>

#include "tests/catch.h"

using namespace sounder::memory_model;

namespace {

using Values = std::vector<std::uint64_t>;
using Number = Atomics::Atomic<std::uint64_t>;

constexpr auto kRelaxed = std::memory_order_relaxed;
constexpr auto kAcquire = std::memory_order_acquire;
constexpr auto kRelease = std::memory_order_release;

bool allows(const Program& program, const Values& values) {
  const Explored explored = explore(program);
  return explored.outcomes.contains({.values = values}) ||
         explored.outcomes.contains({.values = values, .data_race = true});
}

/// How one thread hands a message over to another.
struct Handover {
  std::memory_order store = kRelaxed;
  std::memory_order load = kRelaxed;
  bool release_fence = false;
  bool acquire_fence = false;
};

/// The message is written, then the flag; the other thread reads the flag, then the message. Returns both.
Program message(const Handover& handover) {
  return [handover] {
    Number data, flag;
    Values seen(2);
    thread([&] {
      data.store(1, kRelaxed);
      if (handover.release_fence) Atomics::fence(kRelease);
      flag.store(1, handover.store);
    });
    thread([&] {
      seen[0] = flag.load(handover.load);
      if (handover.acquire_fence) Atomics::fence(kAcquire);
      seen[1] = data.load(kRelaxed);
    });
    return seen;
  };
}

}  // namespace

TEST_CASE("a message is received whole if a release and an acquire, of operations or fences, hand it over") {
  const Values stale{1, 0};
  CHECK(allows(message({}), stale));
  CHECK(allows(message({.store = kRelease}), stale));
  CHECK(allows(message({.load = kAcquire}), stale));
  CHECK(allows(message({.release_fence = true}), stale));
  CHECK(allows(message({.acquire_fence = true}), stale));
  CHECK(allows(message({.store = kRelease, .release_fence = true}), stale));
  for (const Handover& handover :
       {Handover{.store = kRelease, .load = kAcquire}, Handover{.store = kRelease, .acquire_fence = true},
        Handover{.load = kAcquire, .release_fence = true}, Handover{.release_fence = true, .acquire_fence = true}}) {
    CHECK_FALSE(allows(message(handover), stale));
    CHECK(explore(message(handover)).outcomes.size() == 3);  // (0, 0), (0, 1), (1, 1)
  }
}

TEST_CASE(
    "a fence orders what is on its two sides only: after a release fence's store, before an acquire fence's load") {
  const auto program = [](bool release_first) {
    return [release_first] {
      Number data, flag;
      Values seen(2);
      thread([&] {
        if (release_first) Atomics::fence(kRelease);
        data.store(1, kRelaxed);
        if (!release_first) Atomics::fence(kRelease);
        flag.store(1, kRelaxed);
      });
      thread([&] {
        if (!release_first) Atomics::fence(kAcquire);
        seen[0] = flag.load(kRelaxed);
        if (release_first) Atomics::fence(kAcquire);
        seen[1] = data.load(kRelaxed);
      });
      return seen;
    };
  };
  CHECK(allows(program(true), {1, 0}));
  CHECK(allows(program(false), {1, 0}));
}

TEST_CASE("stores are delayed past loads, whatever their release and acquire; loads past stores only where relaxed") {
  const auto two_and_two = [](bool stores_first, std::memory_order store, std::memory_order load) {
    return [=] {
      Number x, y;
      Values seen(2);
      const auto body = [&](Number& own, Number& other, std::uint64_t& value) {
        thread([&] {
          if (stores_first) own.store(1, store);
          value = other.load(load);
          if (!stores_first) own.store(1, store);
        });
      };
      body(x, y, seen[0]);
      body(y, x, seen[1]);
      return seen;
    };
  };
  CHECK(allows(two_and_two(true, kRelaxed, kRelaxed), {0, 0}));
  CHECK(allows(two_and_two(true, kRelease, kAcquire), {0, 0}));
  CHECK(explore(two_and_two(true, kRelaxed, kRelaxed)).executions == 4);
  CHECK(allows(two_and_two(false, kRelaxed, kRelaxed), {1, 1}));
  CHECK_FALSE(allows(two_and_two(false, kRelease, kAcquire), {1, 1}));
  CHECK(explore(two_and_two(false, kRelease, kAcquire)).executions == 3);
}

TEST_CASE("all threads see one location's stores in one order") {
  const Program program = [] {
    Number x;
    Values seen(4);
    thread([&] { x.store(1, kRelaxed); });
    thread([&] { x.store(2, kRelaxed); });
    for (std::size_t reader : {std::size_t{0}, std::size_t{2}}) {
      thread([&] {
        seen[reader] = x.load(kRelaxed);
        seen[reader + 1] = x.load(kRelaxed);
      });
    }
    return seen;
  };
  CHECK(allows(program, {1, 2, 1, 2}));
  CHECK(allows(program, {2, 1, 2, 1}));
  CHECK_FALSE(allows(program, {1, 2, 2, 1}));
  CHECK_FALSE(allows(program, {1, 0, 0, 0}));
}

TEST_CASE("threads may see two locations' stores in two orders, acquire or not") {
  const Program program = [] {
    Number x, y;
    Values seen(4);
    thread([&] { x.store(1, kRelease); });
    thread([&] { y.store(1, kRelease); });
    thread([&] {
      seen[0] = x.load(kAcquire);
      seen[1] = y.load(kAcquire);
    });
    thread([&] {
      seen[2] = y.load(kAcquire);
      seen[3] = x.load(kAcquire);
    });
    return seen;
  };
  CHECK(allows(program, {1, 0, 1, 0}));
}

TEST_CASE("what a thread has seen by acquire, its release passes on; what it has seen relaxed, it does not") {
  const auto passed_on = [](std::memory_order middle) {
    return [middle] {
      Number data, x, y;
      Values seen(3);
      thread([&] {
        data.store(1, kRelaxed);
        x.store(1, kRelease);
      });
      thread([&] {
        seen[0] = x.load(middle);
        y.store(1, kRelease);
      });
      thread([&] {
        seen[1] = y.load(kAcquire);
        seen[2] = data.load(kRelaxed);
      });
      return seen;
    };
  };
  CHECK(allows(passed_on(kRelaxed), {1, 1, 0}));
  CHECK_FALSE(allows(passed_on(kAcquire), {1, 1, 0}));
}

TEST_CASE("changes lose nothing to each other, and no store comes between what one reads and what it stores") {
  const Explored added = explore([] {
    Number x;
    Values seen(3);
    for (std::uint64_t& value : seen) {
      thread([&] { value = x.fetch_add(1, kRelaxed); });
    }
    return seen;
  });
  CHECK(added.outcomes.size() == 6);  // 0, 1 and 2 in every order
  for (Outcome outcome : added.outcomes) {
    std::sort(outcome.values.begin(), outcome.values.end());
    CHECK(outcome.values == Values{0, 1, 2});
  }
  const Program beside_a_store = [] {
    Number x;
    Values seen(3);
    thread([&] { seen[0] = x.fetch_or(1, kRelaxed); });
    thread([&] {
      x.store(4, kRelaxed);
      seen[1] = x.load(kRelaxed);
    });
    return seen;
  };
  CHECK(allows(beside_a_store, {0, 4, 0}));
  CHECK(allows(beside_a_store, {4, 5, 0}));
  CHECK_FALSE(allows(beside_a_store, {0, 1, 0}));
  CHECK_FALSE(allows(beside_a_store, {0, 5, 0}));
}

TEST_CASE("a release sequence goes on through changes of any thread, and ends at a store") {
  enum class Then { change, store_by_another, store_by_the_same };
  const auto program = [](Then then) {
    return [then] {
      Number data, x;
      Values seen(3);
      thread([&] {
        data.store(1, kRelaxed);
        x.store(1, kRelease);
        if (then == Then::store_by_the_same) x.store(2, kRelaxed);
      });
      thread([&] {
        if (then == Then::store_by_the_same) return;
        seen[0] = then == Then::change ? x.fetch_add(1, kRelaxed) : x.load(kRelaxed);
        if (then == Then::store_by_another) x.store(2, kRelaxed);
      });
      thread([&] {
        seen[1] = x.load(kAcquire);
        seen[2] = data.load(kRelaxed);
      });
      return seen;
    };
  };
  CHECK(allows(program(Then::change), {1, 2, 1}));
  CHECK_FALSE(allows(program(Then::change), {1, 2, 0}));
  CHECK(allows(program(Then::store_by_another), {1, 2, 0}));
  CHECK(allows(program(Then::store_by_the_same), {0, 2, 0}));  // since C++20
}

TEST_CASE("a plain number is a data race unless what orders its uses is seen, also where that decides on the use") {
  const auto races = [](std::memory_order load) {
    const Explored explored = explore([load] {
      Plain data;
      Number flag;
      Values seen(2);
      thread([&] {
        data.store(7);
        flag.store(1, kRelease);
      });
      thread([&] {
        seen[0] = flag.load(load);
        if (seen[0] == 1) seen[1] = data.load();
      });
      return seen;
    });
    bool found = false;
    for (const Outcome& outcome : explored.outcomes) {
      found |= outcome.data_race;
      if (load == kAcquire) CHECK(outcome.values == (outcome.values[0] == 1 ? Values{1, 7} : Values{0, 0}));
    }
    CHECK(explored.outcomes.size() >= 2);
    return found;
  };
  CHECK(races(kRelaxed));
  CHECK_FALSE(races(kAcquire));
}

TEST_CASE("a compare-exchange that succeeds is a change, and one that fails a load") {
  const Explored explored = explore([] {
    Number x;
    Values seen(2);
    for (std::uint64_t& value : seen) {
      thread([&] {
        std::uint64_t expected = 0;
        value = x.compare_exchange_strong(expected, 1, kAcquire, kRelaxed) ? 1 : 0;
      });
    }
    return seen;
  });
  CHECK(explored.outcomes == std::set<Outcome>{{.values = {0, 1}}, {.values = {1, 0}}});
}

TEST_CASE("a weakening takes one half of one operation away, wherever the program runs it") {
  const Program program = message({.store = kRelease, .load = kAcquire});
  const Explored whole = explore(program);
  REQUIRE(whole.weakenings.size() == 2);
  for (const Weakening& weakening : whole.weakenings) {
    INFO(describe(weakening));
    CHECK(explore(program, {.weakening = &weakening}).outcomes.contains({.values = {1, 0}}));
  }
}
