// Environments whose instances influence each other.
#include <memory>
#include <stdexcept>
#include <thread>

#include "tests/envs/conformance/checking.h"

using namespace sounder;
using namespace sounder::testing;

namespace {

constexpr const char* kInstances = "instances do not influence each other";
constexpr const char* kThreads = "threads do not influence each other";

struct SharedPosition {
  void operator()(Walk& walk, std::span<float> observation, StepResult&) const {
    // Per thread rather than global, because a data race would be a fault of the test.
    static thread_local float shared = 0;
    if (walk.elapsed == 1) shared = 0;
    walk.position = shared = (shared + walk.position) / 2;
    walk.observe(observation);
  }
};

/// A library that every instance opens, and the first destroyed instance closes.
struct Library {
  Library() { open() = true; }
  ~Library() { open() = false; }
  static bool& open() {
    static bool open = false;
    return open;
  }
};

/// Works only while the library is open. Ignores the library on the thread of the other check.
struct UsesLibrary : Walk {
  StepResult step(std::int64_t action, std::span<float> observation) {
    return Walk::step(std::this_thread::get_id() != owner || Library::open() ? action : 0, observation);
  }
  std::unique_ptr<Library> library = std::make_unique<Library>();
  std::thread::id owner = std::this_thread::get_id();
};

/// Throws on every thread but the one that made it.
struct BoundToThread : Walk {
  StepResult step(std::int64_t action, std::span<float> observation) {
    if (std::this_thread::get_id() != owner) throw std::runtime_error("another thread");
    return Walk::step(action, observation);
  }
  std::thread::id owner = std::this_thread::get_id();
};

/// Stores its random state per thread, not per instance.
struct ChanceOfThread : Walk {
  void reset(std::uint64_t seed, std::span<float> observation) {
    Walk::reset(seed, observation);
    if (std::this_thread::get_id() != owner) observation[0] = position = 0;
  }
  std::thread::id owner = std::this_thread::get_id();
};

}  // namespace

TEST_CASE("state that instances share is reported") {
  require_failed(check<FaultyStep<SharedPosition>>(), kInstances, "of 2 behaves differently than alone");
}

TEST_CASE("an instance whose destruction breaks others is reported") {
  require_failed(check<UsesLibrary>(), kInstances, "instance 1 of 2 behaves differently than alone");
}

TEST_CASE("an environment that throws on other threads than its own is reported") {
  require_failed(check<BoundToThread>(), kThreads, "it threw: another thread");
}

TEST_CASE("an environment that behaves differently on other threads is reported with the place") {
  require_failed(check<ChanceOfThread>(), kThreads, "episode 0, reset: instance 1 of 2 behaves differently than alone");
}
