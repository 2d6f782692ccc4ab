// Tests what a resumed run knows about its previous part.
#include <string>
#include <vector>

#include "envs/error.h"
#include "tests/catch.h"
#include "tests/core/config/choices.h"
#include "tests/core/running/trainer_bench.h"

using namespace sounder;
using namespace sounder::fakes;

namespace {

std::vector<Report> after(std::int64_t step, std::vector<Report> reports) {
  std::erase_if(reports, [=](const Report& report) { return report.step <= step; });
  return reports;
}

/// Compares everything but the times. Means of sums with another start may differ by rounding.
void check_equal(std::vector<Report> got, std::vector<Report> expected) {
  REQUIRE(got.size() == expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    CHECK(got[i].gradient_norm == Approx(expected[i].gradient_norm).epsilon(1e-9));
    got[i].gradient_norm = expected[i].gradient_norm;
  }
  CHECK(words(got) == words(expected));
}

std::string failure_of(TrainerBench& bench) {
  try {
    bench.run();
  } catch (const Error& error) {
    return error.what();
  }
  return "no failure";
}

}  // namespace

TEST_CASE("one worker that is resumed where an episode ended continues as if never stopped, bit for bit") {
  const std::string optimizer = GENERATE(from_range(test::choices_of("optimizer")));
  INFO(optimizer);
  const auto configure = [&](TrainerBench& bench, std::int64_t steps) {
    bench.config.optimizer = optimizer;
    bench.config.evaluation_interval = 500;
    bench.config.steps = steps;
    bench.config.learning_rate_schedule = "linear";
    bench.config.anneal_steps = 4000;
  };
  TrainerBench whole, part, rest;
  configure(whole, 2000);
  configure(part, 1000);  // 200 episodes of 5 steps
  configure(rest, 2000);
  const TrainReport uninterrupted = whole.run();
  part.run();
  rest.resumed = part.saved.back().checkpoint;
  const TrainReport resumed = rest.run();

  CHECK(resumed.parameters == uninterrupted.parameters);
  CHECK(resumed.steps == 1000);
  CHECK(resumed.progress.seconds > rest.resumed->progress.seconds);
  check_equal(rest.reports, after(1000, whole.reports));
  TrainingProgress expected = uninterrupted.progress;
  expected.seconds = resumed.progress.seconds;
  CHECK(resumed.progress == expected);
  CHECK(rest.saved.back().checkpoint.statistics == whole.saved.back().checkpoint.statistics);
  CHECK(part.finished.size() + rest.finished.size() == whole.finished.size());
  CHECK(rest.evaluation_steps() == std::vector<std::int64_t>{1500, 2000});
  CHECK(words(rest.evaluations.back()) == words(whole.evaluations.back()));
}

TEST_CASE("a resumed run knows when it was solved and what its best evaluation was") {
  TrainerBench part, rest;
  for (TrainerBench* bench : {&part, &rest}) {
    bench->environment.reward_threshold = 5;
    bench->config.evaluation_interval = 300;
    bench->config.evaluation_episodes = 100;
  }
  part.run();
  rest.resumed = part.saved.back().checkpoint;
  rest.config.steps = 2000;
  const TrainReport report = rest.run();
  CHECK(report.progress.solved_step == 300);
  CHECK(report.progress.solved_seconds == part.saved.back().checkpoint.progress.solved_seconds);
  REQUIRE_FALSE(rest.evaluations.empty());
  for (const Evaluation& evaluation : rest.evaluations) CHECK_FALSE(evaluation.best);  // equal to the best, not better
}

TEST_CASE("a resumed run's speed is that of its own time") {
  TrainerBench part, rest;
  part.run();
  rest.resumed = part.saved.back().checkpoint;
  rest.resumed->progress.seconds = 1e9;
  rest.config.steps = 2000;
  const TrainReport report = rest.run();
  CHECK(report.progress.seconds >= 1e9);
  CHECK(report.seconds < 1e6);
  // 100 steps in a day, not in 30 years.
  CHECK(rest.reports.front().steps_per_second > 100.0 / 86'400);
}

TEST_CASE("workers that one part of a run lacked continue in a later part") {
  TrainerBench two, one, again;
  for (TrainerBench* bench : {&two, &one, &again}) bench->config.optimizer = "rmsprop";
  two.config.workers = again.config.workers = 2;
  two.run();
  one.resumed = two.saved.back().checkpoint;
  one.config.steps = 1500;
  one.run();
  const Checkpoint& checkpoint = one.saved.back().checkpoint;
  REQUIRE(checkpoint.progress.workers.size() == 2);
  CHECK(checkpoint.progress.workers[1] == one.resumed->progress.workers[1]);
  REQUIRE(checkpoint.statistics.size() == 2);
  CHECK(checkpoint.statistics[1] == one.resumed->statistics[1]);
  CHECK(checkpoint.statistics[0] != one.resumed->statistics[0]);

  again.resumed = checkpoint;
  again.config.steps = 2000;
  CHECK(again.run().progress.step >= 2000);
}

TEST_CASE("a resumed run may have more workers than before") {
  TrainerBench one, two;
  one.config.optimizer = two.config.optimizer = "momentum_sgd";
  one.run();
  two.resumed = one.saved.back().checkpoint;
  two.config.workers = 2;
  two.config.steps = 3000;
  const TrainReport report = two.run();
  CHECK(report.progress.workers.size() == 2);
  CHECK(report.progress.workers[0].steps + report.progress.workers[1].steps == report.progress.step);
}

TEST_CASE("a checkpoint of another environment or network is refused with the difference") {
  TrainerBench made;
  made.run();
  TrainerBench bench;
  bench.resumed = made.saved.back().checkpoint;
  std::string expected;
  SECTION("environment") {
    bench.config.environment = "Other-v0";
    expected = "of the environment Fake-v0; expected Other-v0";
  }
  SECTION("observation space") {
    bench.resumed->observation_space = "Discrete(3)";
    expected = "of the observation space Discrete(3); expected Box([0, 0], [1000000, 1])";
  }
  SECTION("action space") {
    bench.resumed->action_space = "Discrete(3)";
    expected = "of the action space Discrete(3); expected Discrete(2)";
  }
  SECTION("network") {
    bench.behaviour.size = 4;
    expected = "of the network fake of 3; expected fake of 4";
  }
  SECTION("optimizer") {
    bench.config.optimizer = "adam";
    expected = "no tensor 'average' of shape [3]";
  }
  SECTION("a parameter's size") {
    bench.resumed->parameters[1].shape = {1};
    bench.resumed->parameters[1].values.pop_back();
    expected = "no tensor 'rest' of shape [2]";
  }
  SECTION("a parameter's shape") {
    bench.resumed->parameters[1].shape = {2, 1};
    expected = "no tensor 'rest' of shape [2]";
  }
  const std::string failure = failure_of(bench);
  INFO(failure);
  CHECK(failure.find(expected) != std::string::npos);
  CHECK(bench.reports.empty());
}

TEST_CASE("a resumed run that stops at once does not report its first step again") {
  TrainerBench part, rest;
  part.run();
  rest.resumed = part.saved.back().checkpoint;
  rest.config.steps = 2000;
  std::stop_source stop;
  stop.request_stop();
  const TrainReport report = rest.run(stop.get_token());
  CHECK(report.steps == 0);
  CHECK(rest.reports.empty());
}

TEST_CASE("a key that would make per-worker statistics shared, or the reverse, is named") {
  const std::string optimizer = GENERATE("rmsprop", "momentum_sgd");
  const int before = GENERATE(1, 2);
  TrainerBench made;
  made.config.optimizer = optimizer;
  made.config.workers = 2;
  made.config.gradients_per_update = before;
  made.run();
  const auto failure_with = [&](int gradients_per_update) {
    TrainerBench bench;
    bench.config = made.config;
    bench.config.steps = 2000;
    bench.config.gradients_per_update = gradients_per_update;
    bench.resumed = made.saved.back().checkpoint;
    return failure_of(bench);
  };
  const std::string failure = failure_with(3 - before);
  INFO(failure);
  CHECK(failure.starts_with(before == 1 ? "gradients_per_update: expected 1, as in the run, whose '"
                                        : "gradients_per_update: expected more than 1, as in the run, whose '"));
  CHECK(failure_with(before == 1 ? 1 : 3) == "no failure");  // any number of them
}
