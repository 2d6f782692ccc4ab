// Checkpoints that earlier programs wrote, stored as files: they can still be read, evaluated and resumed, whatever has
// changed since.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <vector>

#include "agents/factory.h"
#include "core/checkpoint/checkpoint.h"
#include "core/checkpoint/contents.h"
#include "core/checkpoint/safetensors.h"
#include "core/running/evaluator.h"
#include "core/running/trainer.h"
#include "envs/registry.h"
#include "tests/catch.h"

namespace sounder {
namespace {

/// One number of a tensor.
struct Number {
  std::string tensor;
  std::size_t index;
  float value;
};

/// A stored checkpoint of CartPole-v1 with 16 hidden units and seed 1, and its contents.
struct Stored {
  std::string file;
  std::string format;  ///< version
  std::string algorithm;
  std::string network;
  double learning_rate;
  std::int64_t step;
  std::int64_t updates;
  std::int64_t episodes;
  std::int64_t solved_step;
  std::vector<WorkerCount> workers;
  double latest_return;
  std::vector<Number> parameters;
  std::vector<Number> statistics;
};

/// All stored checkpoints; none is ever removed. Those of version 1 were written at commit ddbc7c5; "2-a3c" by
/// `sounder train CartPole-v1 --hidden 16 --workers 1 --seed 1 --steps 200000`.
std::vector<Stored> stored() {
  return {
      {.file = "1-a3c.safetensors",
       .format = "1",
       .algorithm = "a3c",
       .network = "mlp 4-16-(2+1) tanh",
       .learning_rate = 0.01,
       .step = 90'011,
       .updates = 4'906,
       .episodes = 897,
       .solved_step = 50'013,
       .workers = {{90'011, 898}},
       .latest_return = 31,
       .parameters = {{"body.0.weight", 1, 0.030120553448796272F},
                      {"body.0.bias", 15, -2.7294249534606934F},
                      {"head.weight", 0, -2.105489730834961F},
                      {"head.bias", 2, 2.6767423152923584F}},
       .statistics = {{"square_average", 130, 15.966867446899414F}}},
      {.file = "1-n_step_q.safetensors",
       .format = "1",
       .algorithm = "n_step_q",
       .network = "mlp 4-16-2 relu, normalized observations",
       .learning_rate = 0.003,
       .step = 180'001,
       .updates = 19'319,
       .episodes = 2'995,
       .solved_step = 180'001,
       .workers = {{113'625, 1'883}, {66'376, 1'114}},
       .latest_return = 41,
       .parameters = {{"body.0.weight", 1, 0.11484577506780624F},
                      {"body.0.bias", 15, 4.40524435043335F},
                      {"head.weight", 0, 0.4743061363697052F},
                      {"head.bias", 1, 3.35353422164917F},
                      {"moments.observation_mean", 3, -0.0169241800904274F},
                      {"moments.observation_variance", 0, 0.4605764150619507F},
                      {"moments.observation_count", 0, 180'001}},
       .statistics = {{"worker0/momentum", 0, 0.049282170832157135F},
                      {"worker1/momentum", 1, -0.2625964879989624F},
                      {"target", 122, 180'001}}},
      {.file = "2-a3c.safetensors",
       .format = "2",
       .algorithm = "a3c",
       .network = "mlp 4-16-(2+1) tanh",
       .learning_rate = 0.01,
       .step = 200'000,
       .updates = 10'527,
       .episodes = 1'273,
       .solved_step = 40'013,
       .workers = {{200'000, 1'274}},
       .latest_return = 500,
       .parameters = {{"body.0.weight", 1, -0.10676683485507965F},
                      {"body.0.bias", 15, -2.734499216079712F},
                      {"head.weight", 0, -2.308215618133545F},
                      {"head.bias", 2, 2.7079455852508545F}},
       .statistics = {{"square_average", 130, 6.461943626403809F}}},
  };
}

std::filesystem::path path_of(const Stored& stored) {
  return std::filesystem::path(SOUNDER_TEST_DATA) / "checkpoints" / stored.file;
}

void check_numbers(const std::vector<Tensor>& tensors, const std::vector<Number>& expected) {
  for (const Number& number : expected) {
    INFO(number.tensor);
    const auto tensor = std::ranges::find(tensors, number.tensor, &Tensor::name);
    REQUIRE(tensor != tensors.end());
    REQUIRE(tensor->values.size() > number.index);
    CHECK(tensor->values[number.index] == number.value);
  }
  CHECK(tensors.size() == expected.size());
}

TEST_CASE("there is a stored checkpoint of every format version") {
  for (int version = 1; version <= kCheckpointFormatVersion; ++version) {
    INFO("version " << version);
    const std::vector<Stored> all = stored();
    CHECK(std::ranges::find(all, std::to_string(version), &Stored::format) != all.end());
  }
  for (const Stored& one : stored()) {
    INFO(one.file);
    std::ifstream file(path_of(one), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    CHECK(decode_safetensors_metadata(std::as_bytes(std::span(bytes))).at("sounder_format") == one.format);
  }
}

TEST_CASE("a stored checkpoint is read, its policy still solves the task, and training resumes from it") {
  const Stored expected = GENERATE(from_range(stored()));
  INFO(expected.file);
  const Checkpoint checkpoint = load_checkpoint(path_of(expected));
  CHECK(checkpoint.environment == "CartPole-v1");
  CHECK(checkpoint.network == expected.network);
  CHECK(checkpoint.spaces.empty() == (expected.format == "1"));
  CHECK(checkpoint.seed == 1);
  const TrainingProgress& progress = checkpoint.progress;
  CHECK(progress.step == expected.step);
  CHECK(progress.updates == expected.updates);
  CHECK(progress.episodes == expected.episodes);
  CHECK(progress.solved_step == expected.solved_step);
  CHECK(progress.workers == expected.workers);
  REQUIRE_FALSE(progress.recent_returns.empty());
  CHECK(progress.recent_returns.back() == expected.latest_return);
  check_numbers(checkpoint.parameters, expected.parameters);
  check_numbers(checkpoint.statistics, expected.statistics);

  TrainConfig config;
  apply_toml(config, checkpoint.config, "configuration");
  CHECK(config.algorithm == expected.algorithm);
  CHECK(config.environment == "CartPole-v1");
  CHECK(config.hidden == std::vector<std::int64_t>{16});
  CHECK(config.learning_rate == expected.learning_rate);

  const Registry registry = Registry::with_builtins();
  const auto make_environment = [&] { return registry.make_for_policy(config.environment); };
  const auto agents = make_agent_factory(config, make_environment().spec());
  check_suits(checkpoint, make_environment().spec(), *agents);
  const Evaluator::Result result =
      Evaluator({.make_environment = make_environment, .agents = *agents, .episodes = 20})
          .evaluate({.parameters = flat_parameters(checkpoint, agents->layout()), .seed = 1});
  CHECK(result.returns == std::vector<double>(20, 500.0));  // the maximum, whatever the rounding of this processor

  config.steps = progress.step + 1'000;
  config.until_return.reset();
  Checkpoint last;
  Trainer trainer({.config = config,
                   .make_environment = make_environment,
                   .agents = *agents,
                   .save = [&](const Checkpoint& saved, CheckpointMark) {
                     last = saved;
                     return std::filesystem::path();
                   }});
  trainer.restore(checkpoint);
  const TrainReport report = trainer.run();
  CHECK(report.progress.step >= progress.step + 1'000);
  CHECK(report.progress.updates > progress.updates);
  CHECK(report.progress.episodes >= progress.episodes);
  CHECK(report.progress.seconds > progress.seconds);
  CHECK(last.parameters.size() == checkpoint.parameters.size());
  REQUIRE(last.statistics.size() == checkpoint.statistics.size());
  for (std::size_t i = 0; i < last.statistics.size(); ++i) {
    CHECK(last.statistics[i].name == checkpoint.statistics[i].name);
  }
}

}  // namespace
}  // namespace sounder
