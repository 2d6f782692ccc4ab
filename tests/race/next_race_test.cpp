// Workers of peers that learn in rounds while a run is evaluated, reported and saved. Run under ThreadSanitizer, too.
#include <algorithm>
#include <span>
#include <vector>

#include "core/checkpoint/contents.h"
#include "core/sharing/peers/next.h"
#include "tests/catch.h"
#include "tests/core/running/trainer_bench.h"

using namespace sounder;
using namespace sounder::fakes;

TEST_CASE("peers in rounds are evaluated, reported and saved while their workers go on") {
  constexpr std::size_t kSize = 300;
  TrainerBench bench;
  bench.config.workers = 4;
  bench.config.threads = GENERATE(2, 4);
  bench.config.steps = 10'000;
  bench.config.evaluation_interval = 500;
  bench.config.report_interval = 50;
  bench.config.checkpoint_interval = 0.005;
  bench.config.target_interval = 100;
  bench.config.peers = 2;
  bench.config.link_probability = 0.5;
  bench.config.mixing = "metropolis";
  bench.behaviour.size = kSize;
  bench.behaviour.has_target = true;
  bench.behaviour.observation_moments = MomentsBlock{.offset = 101, .width = 2};
  bench.make_sharing = make_next;
  const TrainReport report = bench.run();
  CHECK(report.steps >= 10'000);
  CHECK(bench.warnings.empty());
  CHECK_FALSE(bench.evaluations.empty());
  CHECK(std::ranges::is_sorted(bench.report_steps(), std::less_equal<>{}));
  CHECK(bench.saved.back().checkpoint.progress == report.progress);
  // Every save is of one round's end: what the peers track sums to their gradients.
  const Shape flat{static_cast<std::int64_t>(kSize)};
  for (const auto& [checkpoint, mark] : bench.saved) {
    const auto of_peers = [&](const std::string& what, std::size_t i) {
      return find_doubles(checkpoint.statistics, "peer0/" + what, flat).doubles[i] +
             find_doubles(checkpoint.statistics, "peer1/" + what, flat).doubles[i];
    };
    for (const std::size_t i : {0U, 100U, 299U}) {
      CHECK(of_peers("tracker", i) == Approx(of_peers("gradient", i)).margin(1e-9));
    }
  }
}
