#include "tests/race/memory_model.h"

#include <algorithm>
#include <cassert>
#include <optional>
#include <stdexcept>
#include <utility>

#include "tests/race/executions.h"

namespace sounder::memory_model {
namespace {

using Values = std::vector<std::uint64_t>;

/// What a program does if its loads see certain values.
struct Run {
  std::vector<Values> loaded;  ///< [threads + 1, events]: the initial values' thread is the first; 0 beyond the last
  std::vector<Event> events = {};
  Values written = {};                                   ///< [events]
  std::vector<std::vector<std::size_t>> of_thread = {};  ///< [threads + 1, events], which of all events they are
  std::size_t locations = 0;
  std::vector<std::uint64_t> result = {};
};

/// Runs a program that is being explored.
struct Recorder {
  const Weakening* weakening;
  std::set<Weakening>& weakenings;
  Run run;
  int thread = kInitial;
  int threads = 0;

  std::vector<std::size_t>& own_events() {
    const auto at = static_cast<std::size_t>(thread + 1);
    if (run.of_thread.size() <= at) run.of_thread.resize(at + 1);
    return run.of_thread[at];
  }

  std::uint64_t next_loaded() {
    const std::size_t before = own_events().size();
    const auto at = static_cast<std::size_t>(thread + 1);
    return at < run.loaded.size() && before < run.loaded[at].size() ? run.loaded[at][before] : 0;
  }

  void add(Event event, std::uint64_t value = 0) {
    if (run.events.size() == 64) throw std::logic_error("a program of more than 64 operations");
    event.thread = thread;
    own_events().push_back(run.events.size());
    run.events.push_back(event);
    run.written.push_back(value);
  }

  /// Tells whether an order has this half, with the weakening applied.
  bool has(Half half, std::memory_order order, Site site) {
    const auto strong = half == Half::acquire ? std::memory_order_acquire : std::memory_order_release;
    if (order == std::memory_order_seq_cst || order == std::memory_order_consume) {
      throw std::logic_error("an order that is not explored");
    }
    if (order != strong && order != std::memory_order_acq_rel) return false;
    const Weakening removed{.site = site, .half = half};
    weakenings.insert(removed);
    return weakening == nullptr || *weakening != removed;
  }
};

Recorder* current = nullptr;

}  // namespace

std::string describe(const Weakening& weakening) {
  return std::string(weakening.site.file.substr(weakening.site.file.rfind('/') + 1)) + ':' +
         std::to_string(weakening.site.line) + " without " + (weakening.half == Half::acquire ? "acquire" : "release");
}

std::size_t add_location(std::uint64_t initial) {
  assert(current->thread == kInitial);
  current->add({.kind = Kind::store, .location = current->run.locations}, initial);
  return current->run.locations++;
}

std::uint64_t record_load(std::size_t location, std::memory_order order, Site site) {
  const std::uint64_t value = current->next_loaded();
  current->add({.kind = Kind::load, .location = location, .acquire = current->has(Half::acquire, order, site)});
  return value;
}

void record_store(std::size_t location, std::uint64_t value, std::memory_order order, Site site) {
  current->add({.kind = Kind::store, .location = location, .release = current->has(Half::release, order, site)}, value);
}

std::uint64_t record_update(std::size_t location, const Change& change, Site site) {
  const std::uint64_t value = current->next_loaded();
  if (!change.succeeds(value)) return record_load(location, change.failure, site);
  current->add({.kind = Kind::update,
                .location = location,
                .acquire = current->has(Half::acquire, change.success, site),
                .release = current->has(Half::release, change.success, site)},
               change.change(value));
  return value;
}

void record_fence(std::memory_order order, Site site) {
  current->add({.kind = Kind::fence,
                .acquire = current->has(Half::acquire, order, site),
                .release = current->has(Half::release, order, site)});
}

std::uint64_t record_plain_load(std::size_t location) {
  const std::uint64_t value = current->next_loaded();
  current->add({.kind = Kind::load, .location = location, .plain = true});
  return value;
}

void record_plain_store(std::size_t location, std::uint64_t value) {
  current->add({.kind = Kind::store, .location = location, .plain = true}, value);
}

void thread(const std::function<void()>& body) {
  current->thread = current->threads++;
  body();
  current->thread = kInitial;
}

namespace {

/// Explores a program, list of events by list of events.
class Exploration {
 public:
  Exploration(const Program& program, const Options& options) : program_(program), options_(options) {
    add_list(run({}));
    for (std::size_t n = 0; n < lists_.size() && !stopped_; ++n) {
      const Run list = lists_[n];
      const auto visit = [&](const Executions& execution, Executions::Chosen chosen) {
        return !stopped_ && follow(list, execution, chosen) && !stopped_;
      };
      Executions(list.events, list.locations, visit).explore();
    }
  }

  Explored explored;

 private:
  Run run(std::vector<Values> loaded) {
    Recorder recorder{
        .weakening = options_.weakening, .weakenings = explored.weakenings, .run = {.loaded = std::move(loaded)}};
    current = &recorder;
    recorder.run.result = program_();
    current = nullptr;
    return std::move(recorder.run);
  }

  void add_list(const Run& run) {
    if (std::ranges::find(lists_, run.events, &Run::events) == lists_.end()) lists_.push_back(run);
  }

  static std::vector<Values> zeros_of(const Run& list) {
    std::vector<Values> loaded;
    for (const auto& own : list.of_thread) loaded.emplace_back(own.size());
    return loaded;
  }

  /// Follows the values from stores to loads, as far as sources have been chosen. Returns false if the program then
  /// does something else than in this list of events; what it does is a list of its own.
  bool follow(const Run& list, const Executions& execution, Executions::Chosen chosen) {
    std::vector<Values> loaded = zeros_of(list);
    std::vector<std::size_t> known(list.of_thread.size());  // [threads + 1], events of which all is known
    std::vector<std::pair<std::size_t, std::size_t>> places(list.events.size());  // [events], thread + 1 and number
    for (std::size_t t = 0; t < list.of_thread.size(); ++t) {
      for (std::size_t n = 0; n < list.of_thread[t].size(); ++n) places[list.of_thread[t][n]] = {t, n};
    }
    while (true) {
      const Run now = run(loaded);
      bool progress = false;
      bool complete = true;
      bool another = false;
      for (std::size_t t = 0; t < list.of_thread.size(); ++t) {
        const std::vector<std::size_t>& own = list.of_thread[t];
        static const std::vector<std::size_t> kNone;
        const std::vector<std::size_t>& does = t < now.of_thread.size() ? now.of_thread[t] : kNone;
        for (std::size_t& n = known[t]; n < own.size(); ++n, progress = true) {
          if (list.events[own[n]].reads()) {
            const std::optional<std::size_t> source = execution.source(own[n]);
            if (!source) break;
            const auto [thread, number] = places[*source];
            if (number >= known[thread]) break;
            const std::uint64_t value = now.written[now.of_thread[thread][number]];
            if (loaded[t][n] != value) {
              loaded[t][n] = value;  // what the thread does with it, the next run shows
              progress = true;
              break;
            }
          }
          if (n >= does.size() || now.events[does[n]] != list.events[own[n]]) {
            another = true;
            break;
          }
        }
        if (known[t] < own.size()) complete = false;
        if (known[t] == own.size() && does.size() > own.size()) another = true;
      }
      if (complete && !another) {
        if (chosen == Executions::Chosen::all) add_outcome(now, execution);
        return true;
      }
      if (progress) continue;
      if (another) add_list(now);
      if (another || chosen == Executions::Chosen::some) return !another;
      return follow_circle(list, execution, std::move(loaded), known);
    }
  }

  /// The same where threads load what comes of each other's later stores: values that they suit are looked for.
  bool follow_circle(const Run& list, const Executions& execution, std::vector<Values> loaded,
                     const std::vector<std::size_t>& known) {
    for (std::size_t t = 0; t < loaded.size() && t < list.loaded.size(); ++t) {
      for (std::size_t n = known[t]; n < loaded[t].size() && n < list.loaded[t].size(); ++n) {
        loaded[t][n] = list.loaded[t][n];
      }
    }
    for (std::size_t round = 0; round <= list.events.size(); ++round) {
      const Run now = run(loaded);
      if (now.events != list.events) {
        add_list(now);
        return false;
      }
      std::vector<Values> next = loaded;
      for (std::size_t t = 0; t < loaded.size(); ++t) {
        for (std::size_t n = 0; n < loaded[t].size(); ++n) {
          const std::size_t event = list.of_thread[t][n];
          if (list.events[event].reads()) next[t][n] = now.written[*execution.source(event)];
        }
      }
      if (next == loaded) {
        add_outcome(now, execution);
        return true;
      }
      loaded = std::move(next);
    }
    throw std::logic_error("a value that depends on itself");
  }

  void add_outcome(const Run& run, const Executions& execution) {
    ++explored.executions;
    const Outcome outcome{.values = run.result, .data_race = execution.has_data_race()};
    explored.outcomes.insert(outcome);
    stopped_ = options_.until && options_.until(outcome);
  }

  const Program& program_;
  const Options& options_;
  std::vector<Run> lists_;
  bool stopped_ = false;
};

}  // namespace

Explored explore(const Program& program, const Options& options) {
  return std::move(Exploration(program, options).explored);
}

}  // namespace sounder::memory_model
