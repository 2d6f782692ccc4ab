#include "core/running/sink_thread.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "envs/error.h"

namespace sounder {

SinkThread::~SinkThread() {
  const MutexLock lock(mutex_);
  over_ = true;
  given_.notify_one();
}

void SinkThread::warning(std::string message) {
  enqueue(
      {.tell = [message = std::move(message)](MetricsSink& sink) { sink.warning(message); }, .kind = Kind::warning});
}

void SinkThread::progress(Report report) {
  enqueue({.tell = [report = std::move(report)](MetricsSink& sink) { sink.progress(report); }, .kind = Kind::progress});
}

void SinkThread::drain() {
  const MutexLock lock(mutex_);
  while (telling_ || !waiting_.empty()) taken_.wait(mutex_);
}

void SinkThread::enqueue(Record record) {
  if (sinks_.empty()) return;
  if (!thread_.joinable()) thread_ = std::jthread([this] { serve(); });
  const MutexLock lock(mutex_);
  if (record.kind == Kind::progress) {
    std::erase_if(waiting_, [](const Record& other) { return other.kind == Kind::progress; });
  } else {
    while (count_waiting() >= kMostWaiting) taken_.wait(mutex_);
  }
  waiting_.push_back(std::move(record));
  given_.notify_one();
}

std::size_t SinkThread::count_waiting() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(waiting_, [](const Record& record) { return record.kind != Kind::progress; }));
}

// ---- The sinks' thread

/// Waits for the next record. At the end, returns one without a function.
SinkThread::Record SinkThread::take() {
  const MutexLock lock(mutex_);
  telling_ = false;
  taken_.notify_one();
  while (waiting_.empty() && !over_) given_.wait(mutex_);
  if (waiting_.empty()) return {};
  Record record = std::move(waiting_.front());
  waiting_.pop_front();
  telling_ = true;
  taken_.notify_one();
  return record;
}

void SinkThread::serve() {
  for (Record record = take(); record.tell; record = take()) {
    for (Sink& sink : sinks_) deliver(record, sink);
  }
}

/// Keeps a sink that fails, because the cause may pass. Reports only its first failure to handle a warning: the message
/// may contain the warning, so that it differs each time.
void SinkThread::deliver(const Record& record, Sink& sink) const noexcept {
  try {
    record.tell(*sink.sink);
  } catch (const Error& error) {
    const bool news = sink.warned.insert(record.kind == Kind::warning ? std::string() : error.what()).second;
    if (news) hooks_.warn(fmt::format("{}; training goes on", error.what()));
  } catch (...) {
    hooks_.fail();
  }
}

}  // namespace sounder
