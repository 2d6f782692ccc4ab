// What a training starts from, and the view of its parameters.
#include <algorithm>
#include <cmath>
#include <span>
#include <string>
#include <vector>

#include "apps/library/training.h"
#include "envs/error.h"
#include "tests/apps/library/small_training.h"
#include "tests/apps/temporary_folder.h"
#include "tests/catch.h"

using namespace sounder;
using sounder::testing::small;
using sounder::testing::TemporaryFolder;

TEST_CASE("a training starts from another run's parameters and normalisation, with all counts at zero") {
  const TemporaryFolder folder;
  TrainConfig config = small("CartPole-v1");
  config.normalize_observations = true;
  config.sharing = GENERATE(as<std::string>{}, "hogwild", "server", "peers");
  const TrainingResult taught = Training(Registry::with_builtins(), config, {.run = folder.path() / "run"}).run();

  // One step at the smallest learning rate: what it began with is what it ends with, but for one more observation.
  TrainConfig next = config;
  next.seed = 2;
  next.steps = 1;
  next.rollout = 1;
  next.learning_rate = 1e-12;
  next.env_option = {"length=0.7"};
  next.algorithm = "a2c";
  next.sharing = "hogwild";
  const TrainingResult begun = Training(Registry::with_builtins(), next, {.init_from = folder.path() / "run"}).run();
  CHECK(begun.report.progress.step == 1);
  CHECK(begun.report.progress.updates == 1);
  REQUIRE(begun.best.parameters.size() == taught.best.parameters.size());
  for (std::size_t i = 0; i < begun.best.parameters.size(); ++i) {
    const Tensor& expected = taught.best.parameters[i];
    const Tensor& got = begun.best.parameters[i];
    REQUIRE(got.name == expected.name);
    INFO(got.name);
    if (got.name == "moments.observation_count") {
      CHECK(expected.values[0] >= 200);
      CHECK(got.values[0] == expected.values[0] + 1);
    } else if (!got.name.starts_with("moments.")) {
      for (std::size_t k = 0; k < got.values.size(); ++k)
        CHECK(got.values[k] == Approx(expected.values[k]).margin(1e-9));
    }
  }
  // The file is named by itself, too.
  CHECK_NOTHROW(Training(Registry::with_builtins(), next,
                         {.init_from = find_checkpoint(folder.path() / "run", WhichCheckpoint::best)}));
  // Drawn ones would be others.
  next.seed = 1;
  CHECK_FALSE(Training(Registry::with_builtins(), next).run().best.parameters[0].values ==
              begun.best.parameters[0].values);

  next.hidden = {9};
  try {
    Training(Registry::with_builtins(), next, {.init_from = folder.path() / "run"});
    FAIL("a network of another shape was accepted");
  } catch (const UsageError& error) {
    CHECK(std::string(error.what()).starts_with("init_from: expected the network of this training, "));
  }
  CHECK_THROWS_AS(Training(Registry::with_builtins(), config, {.init_from = folder.path() / "other"}), Error);
}

TEST_CASE("a training starts from the parameters that are written before it, under every sharing scheme") {
  // One step at the smallest learning rate: what it began with is what it ends with, but for one more observation.
  TrainConfig config = small("CartPole-v1");
  config.normalize_observations = true;
  config.steps = 1;
  config.rollout = 1;
  config.learning_rate = 1e-12;
  struct Scheme {
    const char* sharing;
    const char* tracking;
    const char* algorithm;
    int workers;
  };
  const Scheme scheme = GENERATE(Scheme{"hogwild", "none", "a3c", 1}, Scheme{"hogwild", "none", "a2c", 1},
                                 Scheme{"hogwild", "none", "n_step_q", 1}, Scheme{"server", "none", "n_step_q", 1},
                                 Scheme{"peers", "none", "a3c", 3}, Scheme{"peers", "gradient", "a3c", 3});
  INFO(scheme.sharing << ' ' << scheme.tracking << ' ' << scheme.algorithm);
  config.sharing = scheme.sharing;
  config.tracking = scheme.tracking;
  config.algorithm = scheme.algorithm;
  config.workers = scheme.workers;
  Training training(Registry::with_builtins(), config);
  const ParameterLayout& layout = training.agents().layout();
  const std::span<float> parameters = training.parameters();
  REQUIRE(parameters.size() == layout.size);
  for (std::size_t i = 0; i < parameters.size(); ++i) parameters[i] = 0.5F + 0.001F * static_cast<float>(i);
  parameters[layout.size - 1] = 1'000;  // observations counted
  const std::vector<float> given(parameters.begin(), parameters.end());
  CHECK(training.parameters().data() == parameters.data());
  CHECK(std::ranges::equal(training.parameters(), given));  // asking again does not undo it
  const TrainingResult result = training.run();

  REQUIRE(result.report.parameters.size() == given.size());
  const std::size_t learnt = layout.observation_moments->offset;
  for (std::size_t i = 0; i < learnt; ++i) CHECK(result.report.parameters[i] == Approx(given[i]).margin(1e-6));
  CHECK(result.report.parameters.back() > 1'000);
  CHECK(result.report.parameters.back() <= 1'000.0F + static_cast<float>(scheme.workers));
  CHECK(training.parameters().data() == parameters.data());
  CHECK(std::ranges::equal(parameters, result.report.parameters));  // the view has what was learnt
  const auto target =
      std::ranges::find_if(result.best.statistics, [](const Tensor& t) { return t.name.ends_with("target"); });
  if (scheme.algorithm == std::string("n_step_q")) {
    REQUIRE(target != result.best.statistics.end());
    CHECK(target->values[0] == given[0]);
  }
}

TEST_CASE("the parameters of a training that runs are not shown, and those that are not finite are refused") {
  TrainConfig config = small("CartPole-v1");
  Training training(Registry::with_builtins(), config);
  std::string refused;
  training.on_evaluation([&](const Evaluation&) {
    try {
      training.parameters();
    } catch (const UsageError& error) {
      refused = error.what();
    }
    return true;
  });
  training.run();
  CHECK(refused == "the parameters are the workers' while the training runs; look at them before or after run()");
  CHECK(std::ranges::all_of(training.parameters(), [](float x) { return std::isfinite(x); }));

  Training other(Registry::with_builtins(), config);
  other.parameters()[0] = std::nanf("");
  CHECK_THROWS_WITH(other.run(), "parameters: expected finite numbers to start from; 'body.0.weight' was set to nan");
}

TEST_CASE("peers that go on from a checkpoint stay apart where their parameters were only looked at") {
  const TemporaryFolder folder;
  TrainConfig config = small("CartPole-v1");
  config.sharing = "peers";
  config.workers = 2;
  Training(Registry::with_builtins(), config, {.run = folder.path() / "run"}).run();
  config.steps = load_resume_point(folder.path() / "run").checkpoint.progress.step + 10;
  config.learning_rate = 1e-12;
  const bool changes = GENERATE(false, true);
  Training training(Registry::with_builtins(), config,
                    {.run = folder.path() / "run", .resume = load_resume_point(folder.path() / "run")});
  const std::vector<float> mean(training.parameters().begin(), training.parameters().end());
  if (changes) training.parameters()[0] += 1;
  const TrainingResult result = training.run();
  const Checkpoint last = load_checkpoint(find_checkpoint(folder.path() / "run", WhichCheckpoint::last));
  const auto peer = [&](const char* name) { return std::ranges::find(last.statistics, name, &Tensor::name)->values; };
  float apart = 0;
  for (std::size_t i = 0; i < mean.size(); ++i) {
    apart = std::max(apart, std::abs(peer("peer0/parameters")[i] - peer("peer1/parameters")[i]));
  }
  CHECK((apart < 1e-6F) == changes);
  // Peers that mix move their mean a little.
  CHECK(result.report.parameters[0] == Approx(mean[0] + (changes ? 1.0F : 0.0F)).margin(0.2));
}
