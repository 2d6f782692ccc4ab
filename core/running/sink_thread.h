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

/// Delivers a run's records to its sinks, on a thread of its own and in the order of the calls. At most kMostWaiting
/// records wait. Beyond that the caller waits, because no record may be lost, except progress: only the newest progress
/// waits, beside the records, and sending it never waits. One thread may call, and `Hooks` must not wait for it.
class SinkThread {
 public:
  /// Delivers one record to one sink.
  using Tell = std::function<void(MetricsSink&)>;

  /// The most records that may wait.
  static constexpr std::size_t kMostWaiting = 64;

  /// Called on the sinks' thread.
  struct Hooks {
    /// Called with an Error of a sink, once per cause; with failures to handle a warning, only once.
    std::function<void(const std::string&)> warn;
    /// Called in a catch block for any other exception of a sink.
    std::function<void()> fail;
  };
  explicit SinkThread(Hooks hooks) : hooks_(std::move(hooks)) {}
  SinkThread(const SinkThread&) = delete;
  SinkThread& operator=(const SinkThread&) = delete;
  /// Waits until everything has been delivered.
  ~SinkThread();

  /// Adds a sink. Call it before the first record.
  void add(MetricsSink& sink) { sinks_.push_back({.sink = &sink}); }
  bool empty() const noexcept { return sinks_.empty(); }

  /// Delivers a record to all sinks. Waits while kMostWaiting records wait. Throws std::system_error if no thread can
  /// be started.
  void tell(Tell record) { enqueue({.tell = std::move(record)}); }
  void warning(std::string message);
  /// Delivers the current numbers to all sinks. Replaces an earlier call that still waits. Does not wait.
  void progress(Report report);

  /// Waits until everything has been delivered. What the sinks wrote so far outlives the process, and no sink is being
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
    std::set<std::string> warned = {};  // failures that were reported
  };

  void enqueue(Record record);
  std::size_t count_waiting() const SOUNDER_THREADS(requires_capability(mutex_));
  Record take();
  void serve();
  void deliver(const Record& record, Sink& sink) const noexcept;

  Hooks hooks_;
  std::vector<Sink> sinks_;  // used by the sinks' thread while it runs
  Mutex mutex_;
  std::condition_variable_any given_;  // a new record, or the end
  std::condition_variable_any taken_;  // a record was taken, so there is room or everything has been delivered
  std::deque<Record> waiting_ SOUNDER_THREADS(guarded_by(mutex_));
  bool telling_ SOUNDER_THREADS(guarded_by(mutex_)) = false;
  bool over_ SOUNDER_THREADS(guarded_by(mutex_)) = false;
  std::jthread thread_;  // starts with the first record
};

}  // namespace sounder
