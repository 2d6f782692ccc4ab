#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "core/metrics/sink.h"
#include "core/mutex.h"

namespace sounder {

/// Tells sinks what a run reports, on a thread of its own and in the order of the calls. So many records may wait for
/// it; beyond that the caller waits, since no record is ever left out, but for progress: of that, only the newest
/// waits, it takes no record's place, and giving it never waits. To be used by one thread, which `Hooks` must not wait
/// for.
class SinkThread {
 public:
  /// Tells one sink one record.
  using Tell = std::function<void(MetricsSink&)>;

  /// How many records may wait.
  static constexpr std::size_t kMostWaiting = 64;

  /// Called on the sinks' thread.
  struct Hooks {
    /// Told of an Error of a sink, once for each cause; of those at being told a warning, once.
    std::function<void(const std::string&)> warn;
    /// Called in a catch block for anything else that a sink threw.
    std::function<void()> fail;
  };
  explicit SinkThread(Hooks hooks) : hooks_(std::move(hooks)) {}
  SinkThread(const SinkThread&) = delete;
  SinkThread& operator=(const SinkThread&) = delete;
  /// Waits until all has been told.
  ~SinkThread();

  /// Adds a sink, which is told from the next record on. Before the first record.
  void add(MetricsSink& sink) { sinks_.push_back({.sink = &sink}); }
  bool empty() const noexcept { return sinks_.empty(); }

  /// Has all sinks told a record; waits while kMostWaiting of them wait. Throws std::system_error if there is no thread
  /// to be had.
  void tell(Tell record) { enqueue({.tell = std::move(record)}); }
  void warning(std::string message);
  /// Calls all sinks with the current numbers; replaces an older call that still waits. Does not wait.
  void progress(Report report);

  /// Waits until all has been told: what the sinks wrote by then outlives the process, and none of them is being
  /// called.
  void drain();

 private:
  enum class Kind : std::uint8_t { record, warning, progress };
  struct Record {
    Tell tell;
    Kind kind = Kind::record;
  };
  struct Sink {
    MetricsSink* sink;
    std::set<std::string> warned = {};  // of these failures
  };

  void enqueue(Record record);
  std::size_t count_waiting() const SOUNDER_THREADS(requires_capability(mutex_));
  Record take();
  void serve();
  void deliver(const Record& record, Sink& sink) const noexcept;

  Hooks hooks_;
  std::vector<Sink> sinks_;  // the thread's, once it runs
  Mutex mutex_;
  std::condition_variable_any given_;  // a record, or the end
  std::condition_variable_any taken_;  // a record: there is room, or all has been told
  std::deque<Record> waiting_ SOUNDER_THREADS(guarded_by(mutex_));
  bool telling_ SOUNDER_THREADS(guarded_by(mutex_)) = false;
  bool over_ SOUNDER_THREADS(guarded_by(mutex_)) = false;
  std::jthread thread_;  // begun with the first record
};

}  // namespace sounder
