#pragma once

#include <atomic>
#include <compare>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

/// Runs a few operations of a few threads through every execution that the language's memory model allows, those that
/// no processor shows included: what a test on one kind of processor cannot find.
///
/// An execution is, for every location, an order of its stores and, for every load, the store that it reads from.
/// Allowed are those with an irreflexive happens-before (C++20 [intro.races], [atomics.order], [atomics.fences]:
/// release sequences and fences included) and coherence. Among them are those in which two threads each load what the
/// other one stores afterwards. Orders are relaxed, acquire, release and acq_rel.
namespace sounder::memory_model {

/// Where an operation stands in the source.
struct Site {
  unsigned line;
  std::string_view file;

  static constexpr Site here(unsigned line = __builtin_LINE(), const char* file = __builtin_FILE()) {
    return {line, file};
  }
  friend auto operator<=>(const Site&, const Site&) = default;
};

enum class Half { acquire, release };

/// One operation made weaker: without its acquire or release half, and a fence that has no other half is gone.
struct Weakening {
  Site site;
  Half half;
  friend auto operator<=>(const Weakening&, const Weakening&) = default;
};
std::string describe(const Weakening& weakening);

/// Records the operations of the program that is being explored. `order` is what the source asks for.
std::size_t add_location(std::uint64_t initial);
std::uint64_t record_load(std::size_t location, std::memory_order order, Site site);
void record_store(std::size_t location, std::uint64_t value, std::memory_order order, Site site);
/// Stores change(what is read); of a change that is none, it is a load with the other order.
struct Change {
  std::function<std::uint64_t(std::uint64_t)> change;
  std::function<bool(std::uint64_t)> succeeds;
  std::memory_order success;
  std::memory_order failure;
};
std::uint64_t record_update(std::size_t location, const Change& change, Site site);
void record_fence(std::memory_order order, Site site);
std::uint64_t record_plain_load(std::size_t location);
void record_plain_store(std::size_t location, std::uint64_t value);

/// What protocols take in place of sounder::Atomics.
struct Atomics {
  template <class T>
  class Atomic {
   public:
    Atomic(T initial = 0) : location_(add_location(static_cast<std::uint64_t>(initial))) {}
    Atomic(const Atomic&) = delete;
    Atomic& operator=(const Atomic&) = delete;

    T load(std::memory_order order, Site site = Site::here()) const {
      return static_cast<T>(record_load(location_, order, site));
    }
    void store(T value, std::memory_order order, Site site = Site::here()) {
      record_store(location_, static_cast<std::uint64_t>(value), order, site);
    }
    T fetch_add(T addend, std::memory_order order, Site site = Site::here()) {
      return update([=](std::uint64_t seen) { return seen + static_cast<std::uint64_t>(addend); }, order, site);
    }
    T fetch_or(T bits, std::memory_order order, Site site = Site::here()) {
      return update([=](std::uint64_t seen) { return seen | static_cast<std::uint64_t>(bits); }, order, site);
    }
    bool compare_exchange_strong(T& expected, T desired, std::memory_order success, std::memory_order failure,
                                 Site site = Site::here()) {
      const T before = expected;
      expected =
          static_cast<T>(record_update(location_,
                                       {.change = [=](std::uint64_t) { return static_cast<std::uint64_t>(desired); },
                                        .succeeds = [=](std::uint64_t seen) { return static_cast<T>(seen) == before; },
                                        .success = success,
                                        .failure = failure},
                                       site));
      return expected == before;
    }

   private:
    T update(const std::function<std::uint64_t(std::uint64_t)>& change, std::memory_order order, Site site) {
      return static_cast<T>(record_update(
          location_,
          {.change = change, .succeeds = [](std::uint64_t) { return true; }, .success = order, .failure = order},
          site));
    }

    std::size_t location_;
  };

  static void fence(std::memory_order order, Site site = Site::here()) { record_fence(order, site); }
};

/// A number that is not atomic: two threads that use it at once, one of them to write it, are a data race.
class Plain {
 public:
  Plain() : location_(add_location(0)) {}
  std::uint64_t load() const { return record_plain_load(location_); }
  void store(std::uint64_t value) { record_plain_store(location_, value); }

 private:
  std::size_t location_;
};

/// What a program came to in one execution.
struct Outcome {
  std::vector<std::uint64_t> values;  ///< as the program returned them
  bool data_race = false;
  friend auto operator<=>(const Outcome&, const Outcome&) = default;
};

/// Makes what its threads share, calls thread() with what each does, and returns what they came to. It depends on
/// nothing but what is loaded.
using Program = std::function<std::vector<std::uint64_t>()>;

/// Says what one more thread of the program does: called by a Program, the threads one after the other.
void thread(const std::function<void()>& body);

struct Options {
  const Weakening* weakening = nullptr;                 ///< to be applied; null: none
  std::function<bool(const Outcome&)> until = nullptr;  ///< ends the exploration; empty: it goes through all
};
struct Explored {
  std::set<Outcome> outcomes;
  std::size_t executions = 0;
  std::set<Weakening> weakenings;  ///< that there are of the program's operations
};
/// Runs a program of at most 64 operations through every allowed execution. Not for two threads at a time.
Explored explore(const Program& program, const Options& options = {});

}  // namespace sounder::memory_model
