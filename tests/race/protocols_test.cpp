// The protocols between threads, through every execution that the language allows: as they are, and with each of their
// orders and fences taken away, which must be noticed.
#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "core/sharing/hogwild/merge_count.h"
#include "core/sharing/peers/peer_link.h"
#include "core/sharing/store/target_claims.h"
#include "core/sharing/store/update_counts.h"
#include "tests/catch.h"
#include "tests/race/memory_model.h"

using namespace sounder;
using memory_model::Program;
using memory_model::thread;

namespace {

using Number = memory_model::Atomics::Atomic<std::uint64_t>;
using memory_model::Plain;

/// What a program returns in each of its executions.
std::vector<std::uint64_t> verdict(bool holds) {
  return {holds ? std::uint64_t{1} : 0};
}

bool is_broken(const memory_model::Outcome& outcome) {
  return outcome.data_race || outcome.values != verdict(true);
}

/// Checks that all programs hold in all executions, and that each weakening of their operations is noticed by one of
/// them. Returns how many weakenings there are.
std::size_t check_orders(const std::vector<Program>& programs) {
  std::set<memory_model::Weakening> weakenings;
  for (std::size_t n = 0; n < programs.size(); ++n) {
    memory_model::Explored explored = memory_model::explore(programs[n]);
    INFO("program " << n << " of " << explored.executions << " executions");
    CHECK(explored.executions > 20);
    CHECK(std::ranges::none_of(explored.outcomes, is_broken));
    weakenings.merge(explored.weakenings);
  }
  for (const memory_model::Weakening& weakening : weakenings) {
    INFO(describe(weakening));
    CHECK(std::ranges::any_of(programs, [&](const Program& program) {
      const auto explored = memory_model::explore(program, {.weakening = &weakening, .until = is_broken});
      return std::ranges::any_of(explored.outcomes, is_broken);
    }));
  }
  return weakenings.size();
}

// Updates: of each, a bit in the words that it writes. A word has the bits of all updates that it was made from.

using Counts = UpdateCounts<memory_model::Atomics>;

constexpr auto kRelaxed = std::memory_order_relaxed;

enum class Writing { load_and_store, change };  // as of WriteMode::relaxed and WriteMode::atomic_add

/// Two updates of one word, and what each knows of the other one.
class Updates {
 public:
  explicit Updates(Writing writing) : writing_(writing) {}

  static constexpr std::int64_t steps_of(std::size_t n) { return n == 0 ? 10 : 100; }

  void update(std::size_t n) {
    const Counts::Begun begun = counts.begin();
    const std::uint64_t bit = std::uint64_t{1} << n;
    std::uint64_t seen = 0;
    if (writing_ == Writing::load_and_store) {
      seen = word.load(kRelaxed);
      word.store(seen | bit, kRelaxed);
    } else {
      seen = word.fetch_or(bit, kRelaxed);
    }
    // What was complete when it began, its replica has.
    if (begun.complete > 0 && seen == 0) lacks_a_complete_one = true;
    position_[n] = counts.end(steps_of(n));
  }

  /// The bits and the steps of the first so many updates, in the order in which they were completed.
  std::uint64_t bits(std::uint64_t updates) const {
    return (updates > position_[0] ? 1U : 0U) | (updates > position_[1] ? 2U : 0U);
  }
  std::int64_t steps(std::uint64_t updates) const {
    return (updates > position_[0] ? steps_of(0) : 0) + (updates > position_[1] ? steps_of(1) : 0);
  }

  Counts counts;
  Number word;
  bool lacks_a_complete_one = false;

 private:
  Writing writing_;
  std::array<std::uint64_t, 2> position_{};  // of each update, among those that are complete
};

/// Two updates while a third thread copies.
Program updates_and_copy(Writing writing) {
  return [writing] {
    Updates updates(writing);
    std::uint64_t word = 0;
    Counts::Copied copied{};
    for (const std::size_t n : {0U, 1U}) thread([&] { updates.update(n); });
    thread([&] { copied = updates.counts.copy([&] { word = updates.word.load(Counts::kCopyOrder); }); });
    if (updates.lacks_a_complete_one) return verdict(false);
    if (!copied.consistent) return verdict(true);
    const std::uint64_t expected = updates.bits(copied.updates);
    // Of two that are complete one may have overwritten the other, where they do not change the word at once.
    const bool whole = writing == Writing::change || copied.updates < 2 ? word == expected : word != 0;
    return verdict(whole && copied.steps == updates.steps(copied.updates));
  };
}

/// Two updates while a third thread pulls.
Program updates_and_pull(Writing writing) {
  return [writing] {
    Updates updates(writing);
    std::uint64_t version = 0;
    std::uint64_t word = 0;
    for (const std::size_t n : {0U, 1U}) thread([&] { updates.update(n); });
    thread([&] {
      version = updates.counts.completed();
      word = updates.word.load(kRelaxed);
    });
    const std::uint64_t expected = updates.bits(version);
    const bool has_all = writing == Writing::change ? (word & expected) == expected : version == 0 || word != 0;
    return verdict(has_all);
  };
}

// Copies to target parameters: of each, its number in the words that it writes.

using Claims = TargetClaims<memory_model::Atomics>;

constexpr std::int64_t kInterval = 10;

/// Target parameters of one word, and what copies pass through.
struct Target {
  Target() { claims.restore(kInterval); }

  /// Copies `value` if it is due at this step.
  void refresh(std::int64_t step, std::uint64_t value) {
    const std::optional<std::int64_t> following = claims.claim(step, kInterval);
    if (!following) return;
    staging.store(value);
    claims.publish(*following, [&] { word.store(staging.load(), kRelaxed); });
    copied[value] = true;
  }

  Claims claims;
  Plain staging;
  Number word;
  std::array<bool, 3> copied{true, false, false};  // by value: there is a copy of zeros at the start
};

/// Two threads that see two intervals pass, while a third one takes a snapshot.
std::vector<std::uint64_t> target_and_snapshot() {
  Target target;
  std::uint64_t word = 0;
  std::optional<std::int64_t> next;
  for (const std::uint64_t n : {1U, 2U}) {
    thread([&, n] { target.refresh(kInterval * static_cast<std::int64_t>(n), n); });
  }
  thread([&] { next = target.claims.try_snapshot([&] { word = target.word.load(Claims::kSnapshotOrder); }); });
  if (!next) return verdict(true);
  const auto expected = static_cast<std::uint64_t>(*next / kInterval - 1);
  return verdict(word == expected && target.copied[expected]);
}

/// Two threads that see two intervals pass, while a third one pulls.
std::vector<std::uint64_t> target_and_pull() {
  Target target;
  std::uint64_t version = 0;
  std::uint64_t word = 0;
  for (const std::uint64_t n : {1U, 2U}) {
    thread([&, n] { target.refresh(kInterval * static_cast<std::int64_t>(n), n); });
  }
  thread([&] {
    version = target.claims.version() - 1;  // that of the copy at the start is 1
    word = target.word.load(kRelaxed);
  });
  const std::uint64_t first = target.copied[1] ? 1 : 2;
  const std::uint64_t least = version == 0 ? 0 : version == 1 ? first : 2;
  return verdict(word >= least);
}

/// Three merges, in turns that a mutex orders as a thread does, while another one loads.
std::vector<std::uint64_t> merges_and_load() {
  MergeCount<memory_model::Atomics> count;
  std::array<std::array<Number, 2>, 2> copies;
  std::array<std::uint64_t, 2> loaded{};
  bool whole = false;
  bool lost = false;
  thread([&] {
    for (std::uint64_t n = 1; n <= 3; ++n) {
      count.merge([&](std::uint64_t copy) { lost |= copies[copy][0].load(kRelaxed) != n - 1; },
                  [&](std::uint64_t copy) {
                    for (Number& word : copies[copy]) word.store(n, kRelaxed);
                  });
    }
  });
  thread([&] {
    whole = count.try_load([&](std::uint64_t copy) {
      for (const std::size_t i : {0U, 1U}) {
        loaded[i] = copies[copy][i].load(MergeCount<memory_model::Atomics>::kLoadOrder);
      }
    });
  });
  return verdict(!lost && (!whole || loaded[0] == loaded[1]));
}

/// A peer that sends what it can, and another one that reads what it can.
std::vector<std::uint64_t> messages() {
  MessageFlag<memory_model::Atomics> flag;
  Plain message;
  std::uint64_t sent = 0;
  std::vector<std::uint64_t> read;
  thread([&] {
    for (int round = 0; round < 3; ++round) {
      if (!flag.has_room()) continue;
      message.store(++sent);
      flag.send(true);
    }
  });
  thread([&] {
    for (int round = 0; round < 4; ++round) {
      if (!flag.arrived()) continue;
      if (flag.is_message()) read.push_back(message.load());
      flag.take();
    }
  });
  // Each message once, in order.
  bool in_order = read.size() <= sent;
  for (std::size_t i = 0; i < read.size(); ++i) in_order = in_order && read[i] == i + 1;
  return verdict(in_order);
}

}  // namespace

TEST_CASE("a copy said to be consistent has the updates that it counts and no part of another, by the memory model") {
  CHECK(check_orders({updates_and_copy(Writing::load_and_store), updates_and_copy(Writing::change),
                      updates_and_pull(Writing::load_and_store), updates_and_pull(Writing::change)}) == 8);
}

TEST_CASE("target parameters are of one copy in a snapshot, and a version has all of its floats, by the memory model") {
  CHECK(check_orders({target_and_snapshot, target_and_pull}) == 7);
}

TEST_CASE("moments that are loaded are of one merge, by the memory model") {
  CHECK(check_orders({merges_and_load}) == 4);
}

TEST_CASE("a message between peers is read as it was sent, once, by the memory model") {
  CHECK(check_orders({messages}) == 4);
}
