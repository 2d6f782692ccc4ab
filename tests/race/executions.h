#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace sounder::memory_model {

/// The thread of initial values, which happen before everything else.
constexpr int kInitial = -1;

/// An update reads and writes in one step, as a fetch_add or a successful compare-exchange does.
enum class Kind { load, store, update, fence };

/// One operation of a thread.
struct Event {
  Kind kind;
  int thread = kInitial;
  std::size_t location = 0;
  bool acquire = false;
  bool release = false;
  bool plain = false;  ///< not atomic
  friend bool operator==(const Event&, const Event&) = default;

  bool reads() const { return kind == Kind::load || kind == Kind::update; }
  bool writes() const { return kind == Kind::store || kind == Kind::update; }
};

/// Enumerates the executions of a list of events that the memory model allows: for every location an order of its
/// stores, and for every load the store that it reads from.
class Executions {
 public:
  /// Called with the sources of all loads, or with those of the first locations; returns whether to continue from
  /// there.
  enum class Chosen { all, some };
  using Visit = std::function<bool(const Executions&, Chosen)>;

  /// At most 64 events, each thread's in program order. The first store to each location is its initial value.
  Executions(std::vector<Event> events, std::size_t locations, Visit visit);

  void explore() { order_stores(0); }

  /// The store that a load or update reads from; none: not chosen yet.
  std::optional<std::size_t> source(std::size_t event) const { return source_[event]; }

  /// Whether two operations conflict, one of them not atomic, and neither happens before the other.
  bool has_data_race() const;

 private:
  static std::uint64_t bit(std::size_t e) { return std::uint64_t{1} << e; }
  bool before(std::size_t e, std::size_t f) const { return (happens_before_[e] & bit(f)) != 0; }

  void order_stores(std::size_t location);
  void choose_sources(std::size_t location, std::size_t first);
  bool is_allowed();
  bool is_coherent(std::size_t e, std::size_t f) const;
  bool releases(std::size_t e, std::size_t store) const;
  bool acquires(std::size_t e, std::size_t load) const;
  void synchronize(std::size_t load);
  std::optional<std::size_t> seen(std::size_t load) const;

  const std::vector<Event> events_;
  const Visit visit_;
  std::vector<std::vector<std::size_t>> stores_;    // [locations], in the order that is tried
  std::vector<std::size_t> position_;               // [events], of a store in that order
  std::vector<std::optional<std::size_t>> source_;  // [events]
  std::size_t ordered_ = 0;                         // the number of locations whose stores have an order
  std::array<std::uint64_t, 64> sequenced_{};       // [events], bits of the events after each in program order
  std::array<std::uint64_t, 64> happens_before_{};  // [events], bits of the events after each
};

}  // namespace sounder::memory_model
