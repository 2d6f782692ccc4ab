#include "core/running/sink_thread.h"

#include <atomic>
#include <latch>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "envs/error.h"
#include "tests/catch.h"

using namespace sounder;

namespace {

using Texts = std::vector<std::string>;

/// Stores everything that it receives. Its first record waits until it is released.
struct Notes : MetricsSink {
  void report(const Report& report) override { note("report " + std::to_string(report.step)); }
  void progress(const Report& report) override { note("progress " + std::to_string(report.step)); }
  void warning(std::string_view message) override { note("warning " + std::string(message)); }

  void note(std::string text) {
    begun.count_down(texts.empty() ? 1 : 0);
    released.wait();
    threads.push_back(std::this_thread::get_id());
    texts.push_back(std::move(text));
  }

  Texts texts;
  std::vector<std::thread::id> threads;
  std::latch begun{1};
  std::latch released{1};
};

/// A sink thread and its reports of failures.
struct Bench {
  explicit Bench(std::vector<MetricsSink*> sinks) {
    for (MetricsSink* sink : sinks) thread.add(*sink);
  }
  void report(std::int64_t step) {
    thread.tell([step](MetricsSink& sink) { sink.report({.step = step}); });
  }

  Texts warnings;  // about failures
  std::atomic<int> failures{0};
  SinkThread thread{
      {.warn = [this](const std::string& message) { warnings.push_back(message); }, .fail = [this] { ++failures; }}};
};

}  // namespace

TEST_CASE("sinks receive all records in order, on one thread that is not the caller's") {
  Notes first, second;
  Bench bench({&first, &second});
  for (Notes* notes : {&first, &second}) notes->released.count_down();
  bench.report(1);
  bench.thread.warning("careful");
  bench.report(2);
  bench.thread.drain();
  const Texts expected{"report 1", "warning careful", "report 2"};
  CHECK(first.texts == expected);
  CHECK(second.texts == expected);
  CHECK(first.threads == std::vector(3, first.threads[0]));
  CHECK(second.threads == first.threads);
  CHECK(first.threads[0] != std::this_thread::get_id());
}

TEST_CASE("if sinks are slow, only the newest progress is kept, in its place, but every record") {
  Notes slow;
  Bench bench({&slow});
  bench.report(1);
  slow.begun.wait();
  Texts expected{"report 1"};
  bench.thread.progress({.step = 10});
  for (std::int64_t step = 2; step < 40; ++step) {
    bench.report(step);
    expected.push_back("report " + std::to_string(step));
  }
  bench.thread.progress({.step = 20});
  bench.thread.progress({.step = 30});
  expected.emplace_back("progress 30");
  bench.thread.warning("careful");
  expected.emplace_back("warning careful");
  slow.released.count_down();
  bench.thread.drain();
  CHECK(slow.texts == expected);
}

TEST_CASE("sending progress does not wait, however many records wait") {
  Notes slow;
  Bench bench({&slow});
  bench.report(0);
  slow.begun.wait();
  for (std::size_t i = 1; i <= SinkThread::kMostWaiting; ++i) bench.report(static_cast<std::int64_t>(i));
  bench.thread.progress({.step = 1'000});  // would otherwise wait for ever
  bench.thread.progress({.step = 1'001});
  slow.released.count_down();
  bench.thread.drain();
  REQUIRE(slow.texts.size() == SinkThread::kMostWaiting + 2);
  CHECK(slow.texts.back() == "progress 1001");
}

TEST_CASE("a caller waits while kMostWaiting records wait, and no record is lost") {
  constexpr std::int64_t kMost = SinkThread::kMostWaiting;
  struct Counting : MetricsSink {
    void report(const Report& report) override {
      if (report.step != told++) ++out_of_order;
      // Sends as many as there is room for, then allows time for one more, which must not arrive.
      while (told == 1 && given < 1 + kMost) std::this_thread::yield();
      for (int i = 0; told == 1 && i < 100; ++i) std::this_thread::yield();
      if (given > told + kMost) ++too_many;
    }
    std::atomic<std::int64_t> given{0};
    std::int64_t told = 0;
    int out_of_order = 0;
    int too_many = 0;
  } counting;
  Bench bench({&counting});
  for (std::int64_t i = 0; i < 5 * kMost; ++i) {
    bench.report(i);
    ++counting.given;
  }
  bench.thread.drain();
  CHECK(counting.told == 5 * kMost);
  CHECK(counting.out_of_order == 0);
  CHECK(counting.too_many == 0);
}

TEST_CASE("a sink that fails causes a warning once per cause, and all sinks are still called") {
  struct Failing : MetricsSink {
    void report(const Report& report) override { throw Error(report.step % 2 == 0 ? "disk full" : "disk gone"); }
    void warning(std::string_view message) override { throw Error("no room for '" + std::string(message) + "'"); }
  } failing;
  Notes other;
  other.released.count_down();
  Bench bench({&failing, &other});
  for (std::int64_t step = 0; step < 5; ++step) bench.report(step);
  bench.thread.drain();
  CHECK(bench.warnings == Texts{"disk full; training goes on", "disk gone; training goes on"});
  CHECK(other.texts.size() == 5);

  // Otherwise there would be endless warnings, because each failure names another one.
  for (const char* message : {"one", "two", "three"}) bench.thread.warning(message);
  bench.thread.drain();
  CHECK(bench.warnings.size() == 3);
  CHECK(bench.warnings.back() == "no room for 'one'; training goes on");
  CHECK(other.texts.size() == 8);
  CHECK(bench.failures == 0);
}

TEST_CASE("a sink's exception other than Error is reported as a failure, and all sinks are still called") {
  struct Broken : MetricsSink {
    void report(const Report&) override { throw std::logic_error("broken"); }
  } broken;
  Notes other;
  other.released.count_down();
  Bench bench({&broken, &other});
  bench.report(1);
  bench.report(2);
  bench.thread.drain();
  CHECK(bench.failures == 2);
  CHECK(bench.warnings.empty());
  CHECK(other.texts == Texts{"report 1", "report 2"});
}

TEST_CASE("the destructor of a sink thread delivers the waiting records") {
  Notes slow;
  {
    Bench bench({&slow});
    bench.report(1);
    slow.begun.wait();
    bench.report(2);
    slow.released.count_down();
  }
  CHECK(slow.texts == Texts{"report 1", "report 2"});
}

TEST_CASE("without sinks, nothing waits") {
  Bench bench({});
  for (std::int64_t step = 0; step < 1'000; ++step) bench.report(step);
  bench.thread.progress({});
  bench.thread.drain();
  CHECK(bench.warnings.empty());
}
