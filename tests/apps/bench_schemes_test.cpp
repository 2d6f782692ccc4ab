#include <vector>

#include "apps/bench/schemes.h"
#include "tests/catch.h"
#include "tests/core/learning/fake_agents.h"

using namespace sounder;
using namespace sounder::benchmark;

namespace {

/// A scheme with workers that learn the fakes' three parameters.
struct Bench {
  explicit Bench(std::string_view scheme) : workers(config_of(scheme), agents) {}

  static TrainConfig config_of(std::string_view scheme) {
    TrainConfig config;
    apply_scheme(scheme, config);
    return config;
  }

  /// Everyone gives in turn, and fetches; returns what became of each contribution.
  std::vector<Given> turn() {
    std::vector<Given> given;
    for (std::size_t i = 0; i < workers.size(); ++i) {
      given.push_back(workers.give(i));
      workers.fetch(i);
    }
    return given;
  }

  fakes::FakeAgents agents{{}};
  SchemeWorkers workers;
};

// Of three floats.
constexpr std::int64_t kAll = 3 * sizeof(float);

}  // namespace

TEST_CASE("a scheme of the bench fetches everything anew, though its worker has it") {
  Bench bench("hogwild");
  REQUIRE(bench.workers.size() == 1);
  bench.turn();
  CHECK(bench.workers.fetch(0).bytes == 0);
  CHECK(bench.workers.fetch_anew(0).bytes == kAll);
  CHECK(bench.workers.fetch_anew(0).bytes == kAll);
}

TEST_CASE("every update of a peer in the bench mixes with a neighbour's message and sends one") {
  Bench bench("gala ring");
  REQUIRE(bench.workers.size() == 4);
  bench.turn();
  bench.turn();
  for (int i = 0; i < 3; ++i) {
    for (const Given& given : bench.turn()) {
      CHECK(given.updates == 1);
      CHECK(given.bytes == 3 * kAll);  // a gradient, the parameters back, and a message
    }
  }
}

TEST_CASE("peers that track gradients give whole rounds in the bench, over all links of a ring") {
  Bench bench("next ring");
  REQUIRE(bench.workers.size() == 4);
  for (int i = 0; i < 3; ++i) {
    const std::vector<Given> round = bench.turn();
    for (std::size_t worker = 0; worker < 3; ++worker) CHECK(round[worker].updates == 0);
    CHECK(round[3].updates == 1);
    CHECK(round[3].bytes == kAll + 4 * 2 * 2 * 3 * 8);  // its gradient; each of 4 sends two arrays of 3 doubles to 2
  }
}

TEST_CASE("a server's client in the bench pushes after every fourth rollout, and fetches then") {
  Bench bench("server every 4");
  REQUIRE(bench.workers.size() == 1);
  CHECK(bench.workers.fetch(0).bytes == kAll);
  for (int i = 0; i < 3; ++i) {
    for (int rollout = 1; rollout <= 4; ++rollout) {
      CHECK(bench.workers.give(0).updates == (rollout == 4 ? 1 : 0));
      CHECK(bench.workers.fetch(0).bytes == (rollout == 4 ? kAll : 0));
    }
  }
}
