// Tests a run if the system cannot start a thread. Not with sanitizers, which also replace pthread_create.
#include <dlfcn.h>
#include <pthread.h>

#include <atomic>
#include <cerrno>
#include <limits>

#include "envs/error.h"
#include "tests/catch.h"
#include "tests/core/running/trainer_bench.h"

using namespace sounder;
using namespace sounder::fakes;

namespace {

std::atomic<int> threads_left{std::numeric_limits<int>::max()};  // threads that the system can still start

}  // namespace

/// Replaces the C library's function in the whole program.
extern "C" int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*run)(void*),
                              void* argument) noexcept {
  static const auto real = reinterpret_cast<decltype(&pthread_create)>(dlsym(RTLD_NEXT, "pthread_create"));
  if (threads_left.fetch_sub(1) <= 0) return EAGAIN;
  return real(thread, attributes, run, argument);
}

TEST_CASE("a thread that cannot start ends the run after the started ones have ended") {
  TrainerBench bench;
  bench.config.workers = 4;
  bench.config.steps = 1'000'000'000'000;
  bench.behaviour.synchronous = GENERATE(false, true);
  const int started = GENERATE(0, 1, 2, 3, 5);  // the first receives signals, the second serves sinks
  INFO((bench.behaviour.synchronous ? "synchronous, " : "asynchronous, ") << started << " threads started");
  threads_left = started;
  std::string failure = "no failure";
  try {
    bench.run();
  } catch (const Error& error) {
    failure = error.what();
  }
  threads_left = std::numeric_limits<int>::max();
  CHECK(failure == "trainer: Resource temporarily unavailable");
  REQUIRE(bench.saved.size() == 1);
  if (bench.behaviour.synchronous) CHECK(bench.saved[0].checkpoint.progress.step == 0);  // no round was complete
}
