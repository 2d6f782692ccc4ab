// The queue between the trainer's thread and the sinks', where both are as fast as they can.
#include <atomic>
#include <string>
#include <vector>

#include "core/running/sink_thread.h"
#include "envs/error.h"
#include "tests/catch.h"

using namespace sounder;

TEST_CASE("records, progress and waits for the end meet sinks that fail now and then") {
  struct Counting : MetricsSink {
    void report(const Report& report) override {
      if (report.step != told) ++out_of_order;
      if (++told % 7 == 0) throw Error("every seventh");
    }
    void progress(const Report& report) override {
      if (report.step < newest) ++out_of_order;
      newest = report.step;
    }
    std::int64_t told = 0;  // read by the caller, too: after drain
    std::int64_t newest = -1;
    int out_of_order = 0;
  } first, second;
  std::atomic<int> warnings{0};
  SinkThread thread({.warn = [&](const std::string&) { ++warnings; }, .fail = [] {}});
  for (Counting* sink : {&first, &second}) thread.add(*sink);
  constexpr std::int64_t kRecords = 20'000;
  std::int64_t behind = 0;
  for (std::int64_t i = 0; i < kRecords; ++i) {
    thread.tell([i, text = std::vector<std::int64_t>(3, i)](MetricsSink& sink) { sink.report({.step = text[1]}); });
    thread.progress({.step = i});
    if (i % 100 != 0) continue;
    thread.drain();
    if (first.told != i + 1 || second.told != i + 1 || second.newest != i) ++behind;
  }
  thread.drain();
  CHECK(behind == 0);
  for (const Counting* sink : {&first, &second}) {
    CHECK(sink->told == kRecords);
    CHECK(sink->newest == kRecords - 1);
    CHECK(sink->out_of_order == 0);
  }
  CHECK(warnings == 2);
}
