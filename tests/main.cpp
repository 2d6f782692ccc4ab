// The main function of every test program. Catch2 2 makes it from a macro, Catch2 3 brings its own in a library.
#if !__has_include(<catch2/catch_test_macros.hpp>)
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
using Listener = Catch::TestEventListenerBase;
#else
#include <catch2/catch_session.hpp>
#include <catch2/catch_test_case_info.hpp>
#include <catch2/reporters/catch_reporter_event_listener.hpp>
#include <catch2/reporters/catch_reporter_registrars.hpp>
using Listener = Catch::EventListenerBase;
int main(int argc, char** argv) {
  return Catch::Session().run(argc, argv);
}
#endif

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <string>

namespace {

/// Keeps a journal of the cases in the file that SOUNDER_TEST_JOURNAL names, for tests/shard.sh: what began, and how it
/// ended. It is whole up to the moment at which a case ends the process.
class Journal : public Listener {
 public:
  using Listener::Listener;

  void testCaseStarting(const Catch::TestCaseInfo& test) override {
    Listener::testCaseStarting(test);
    began_ = std::chrono::steady_clock::now();
    name_ = test.name;
    if (file_.is_open()) file_ << "began\t0\t" << name_ << std::endl;
  }
  void testCaseEnded(const Catch::TestCaseStats& stats) override {
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - began_;
    if (file_.is_open()) {
      file_ << (stats.totals.testCases.allOk() ? "passed" : "failed") << '\t' << seconds.count() << '\t' << name_
            << std::endl;
    }
    Listener::testCaseEnded(stats);
  }

 private:
  static const char* path() {
    const char* const path = std::getenv("SOUNDER_TEST_JOURNAL");
    return path == nullptr ? "" : path;
  }

  std::ofstream file_{path(), std::ios::app};
  std::chrono::steady_clock::time_point began_;  // of the case that runs
  std::string name_;
};

}  // namespace

CATCH_REGISTER_LISTENER(Journal)
