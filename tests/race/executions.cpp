#include "tests/race/executions.h"

#include <algorithm>
#include <utility>

namespace sounder::memory_model {

Executions::Executions(std::vector<Event> events, std::size_t locations, Visit visit)
    : events_(std::move(events)),
      visit_(std::move(visit)),
      stores_(locations),
      position_(events_.size()),
      source_(events_.size()) {
  for (std::size_t e = 0; e < events_.size(); ++e) {
    for (std::size_t f = 0; f < events_.size(); ++f) {
      const bool initial = events_[e].thread == kInitial && events_[f].thread != kInitial;
      const bool sequenced = events_[e].thread == events_[f].thread && e < f;
      if (initial || sequenced) sequenced_[e] |= bit(f);
    }
    if (events_[e].writes()) stores_[events_[e].location].push_back(e);
  }
}

bool Executions::has_data_race() const {
  for (std::size_t e = 0; e < events_.size(); ++e) {
    for (std::size_t f = e + 1; f < events_.size(); ++f) {
      const bool conflict = events_[e].kind != Kind::fence && events_[f].kind != Kind::fence &&
                            events_[e].location == events_[f].location && (events_[e].writes() || events_[f].writes());
      if (conflict && (events_[e].plain || events_[f].plain) && !before(e, f) && !before(f, e)) return true;
    }
  }
  return false;
}

/// Tries every order of a location's stores, with the initial value first, then goes to the next location.
void Executions::order_stores(std::size_t location) {
  const bool all = location == stores_.size();
  if (!visit_(*this, all ? Chosen::all : Chosen::some) || all) return;
  std::vector<std::size_t>& order = stores_[location];
  do {
    for (std::size_t n = 0; n < order.size(); ++n) {
      position_[order[n]] = n;
      // An update reads from the store just before its own.
      if (events_[order[n]].kind == Kind::update) source_[order[n]] = order[n - 1];
    }
    ordered_ = location + 1;
    if (is_allowed()) choose_sources(location, 0);
    ordered_ = location;
    for (const std::size_t e : order) source_[e].reset();
  } while (std::next_permutation(order.begin() + 1, order.end()));
}

/// Tries every store for each of a location's loads, from event `first` on.
void Executions::choose_sources(std::size_t location, std::size_t first) {
  std::size_t load = first;
  while (load < events_.size() && (events_[load].kind != Kind::load || events_[load].location != location)) ++load;
  if (load == events_.size()) return order_stores(location + 1);
  for (std::size_t n = 0; n < stores_[location].size(); ++n) {
    source_[load] = stores_[location][n];
    if (is_allowed()) choose_sources(location, load + 1);
  }
  source_[load].reset();
}

/// Whether e, a store or a fence before it, is the release side of what reads from the store.
bool Executions::releases(std::size_t e, std::size_t store) const {
  if (!events_[e].release || events_[store].plain) return false;
  return e == store || (events_[e].kind == Kind::fence && (sequenced_[e] & bit(store)) != 0);
}

/// Whether e, a load or a fence after it, is the acquire side of the load.
bool Executions::acquires(std::size_t e, std::size_t load) const {
  if (!events_[e].acquire || events_[load].plain) return false;
  return e == load || (events_[e].kind == Kind::fence && (sequenced_[load] & bit(e)) != 0);
}

/// Adds to happens-before what a load synchronizes with.
void Executions::synchronize(std::size_t load) {
  std::uint64_t after = 0;
  for (std::size_t e = 0; e < events_.size(); ++e) {
    if (acquires(e, load)) after |= bit(e);
  }
  if (after == 0) return;
  for (std::size_t head = *source_[load];; head = *source_[head]) {
    for (std::size_t e = 0; e < events_.size(); ++e) {
      if (releases(e, head)) happens_before_[e] |= after;
    }
    // An update continues the release sequence of the store that it reads from, whatever its thread.
    if (events_[head].kind != Kind::update) return;
  }
}

/// Whether the choices so far are allowed. Further choices only add to happens-before: what is forbidden remains so.
bool Executions::is_allowed() {
  happens_before_ = sequenced_;
  for (std::size_t load = 0; load < events_.size(); ++load) {
    if (source_[load]) synchronize(load);
  }
  for (std::size_t via = 0; via < events_.size(); ++via) {
    for (std::size_t e = 0; e < events_.size(); ++e) {
      if (before(e, via)) happens_before_[e] |= happens_before_[via];
    }
  }
  for (std::size_t e = 0; e < events_.size(); ++e) {
    if (before(e, e)) return false;
    for (std::size_t f = 0; f < events_.size(); ++f) {
      if (before(e, f) && !is_coherent(e, f)) return false;
    }
  }
  return true;
}

/// Whether two operations on one location agree with the order of its stores, e happening before f: [intro.races],
/// 15 to 18. An update reads from the position just before its own.
bool Executions::is_coherent(std::size_t e, std::size_t f) const {
  if (events_[e].kind == Kind::fence || events_[f].kind == Kind::fence) return true;
  if (events_[e].location != events_[f].location || events_[e].location >= ordered_) return true;
  const auto first = events_[e].writes() ? position_[e] : seen(e);
  const auto second = events_[f].writes() ? position_[f] : seen(f);
  if (!first || !second) return true;
  // A load may see the same store as a load before it, or the store itself; a store comes after both.
  return events_[f].writes() ? *first < *second : *first <= *second;
}

std::optional<std::size_t> Executions::seen(std::size_t load) const {
  return source_[load] ? std::optional(position_[*source_[load]]) : std::nullopt;
}

}  // namespace sounder::memory_model
