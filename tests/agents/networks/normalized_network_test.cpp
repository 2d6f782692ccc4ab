#include "agents/networks/normalized_network.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "agents/factory.h"
#include "core/learning/rollout.h"
#include "core/running/evaluator.h"
#include "core/running/trainer.h"
#include "envs/random.h"
#include "envs/registry.h"
#include "tests/catch.h"

namespace sounder {
namespace {

using Floats = std::vector<float>;

constexpr std::size_t kWidth = 4;  // of CartPole-v1's observations
constexpr std::size_t kRows = 6;

TrainConfig config_of(const std::string& backend) {
  return {.environment = "CartPole-v1",
          .workers = 1,
          .steps = 2'000,
          .seed = 3,
          .backend = backend,
          .hidden = {8},
          .evaluation_interval = 1'000'000,
          .evaluation_episodes = 3};
}

std::unique_ptr<Architecture> architecture(const TrainConfig& config) {
  return Networks::with_builtins().make(
      {.config = config, .environment = Registry::with_builtins().make(config.environment).spec(), .outputs = 2});
}

Floats draw(Rng& rng, std::size_t count, double deviation = 1) {
  Floats numbers(count);
  for (float& x : numbers) x = static_cast<float>(deviation * rng.normal());
  return numbers;
}

Floats copy(std::span<const float> numbers) {
  return {numbers.begin(), numbers.end()};
}

TEST_CASE("a normalised network equals the plain one on observations normalised by hand") {
  TrainConfig config = config_of(GENERATE(from_range(installed_backend_names())));
  INFO(config.backend);
  const auto plain = architecture(config);
  config.normalize_observations = true;
  const auto with = architecture(config);
  REQUIRE(with->layout().size == plain->layout().size + 2 * kWidth + 1);
  REQUIRE(with->layout().observation_moments);
  CHECK_FALSE(with->layout().return_moments);
  CHECK(with->layout().observation_moments->offset == plain->layout().size);

  Floats parameters = plain->initial_parameters(1);
  Floats more = with->initial_parameters(1);
  CHECK(Floats(more.begin(), more.begin() + static_cast<std::ptrdiff_t>(parameters.size())) == parameters);
  const auto network = plain->make(parameters, kRows);
  const auto normalised = with->make(more, kRows);

  Rng rng(2);
  const Floats observations = draw(rng, kRows * kWidth);
  const NetworkOutput before = normalised->forward(observations, 0, {});
  const NetworkOutput plain_before = network->forward(observations, 0, {});
  for (std::size_t i = 0; i < before.outputs.size(); ++i) CHECK(before.outputs[i] == Approx(plain_before.outputs[i]));

  const Floats mean{1, -2, 0.5F, 100};
  const Floats variance{4, 0.25F, 1, 1e-12F};
  std::ranges::copy(mean, more.begin() + static_cast<std::ptrdiff_t>(parameters.size()));
  std::ranges::copy(variance, more.begin() + static_cast<std::ptrdiff_t>(parameters.size() + kWidth));
  normalised->parameters_changed();
  Floats by_hand(observations.size());
  int clipped = 0;
  for (std::size_t i = 0; i < by_hand.size(); ++i) {
    const std::size_t d = i % kWidth;
    const float x = (observations[i] - mean[d]) / std::sqrt(variance[d] + 1e-8F);
    by_hand[i] = std::clamp(x, -10.0F, 10.0F);
    clipped += by_hand[i] != x ? 1 : 0;
  }
  CHECK(clipped >= static_cast<int>(kRows));  // the last number is far off
  // In two calls by rows, as an agent acts.
  for (std::size_t row = 0; row < kRows; row += kRows / 2) {
    normalised->forward(std::span(observations).subspan(row * kWidth, kRows / 2 * kWidth), row, {});
    network->forward(std::span(by_hand).subspan(row * kWidth, kRows / 2 * kWidth), row, {});
  }
  const NetworkOutput got = normalised->remembered(kRows);
  const NetworkOutput expected = network->remembered(kRows);
  REQUIRE(got.outputs.size() == 2 * kRows);
  for (std::size_t i = 0; i < got.outputs.size(); ++i) {
    CHECK(got.outputs[i] == Approx(expected.outputs[i]).epsilon(1e-5).margin(1e-6));
  }
  for (std::size_t i = 0; i < kRows; ++i) CHECK(got.values[i] == Approx(expected.values[i]).epsilon(1e-5).margin(1e-6));

  const Floats output_gradients = draw(rng, 2 * kRows);
  const Floats value_gradients = draw(rng, kRows);
  Floats gradient(parameters.size(), 77.0F);
  Floats more_gradient(more.size(), 77.0F);
  network->backward({.outputs = output_gradients, .values = value_gradients}, gradient);
  normalised->backward({.outputs = output_gradients, .values = value_gradients}, more_gradient);
  for (std::size_t i = 0; i < gradient.size(); ++i) {
    CHECK(more_gradient[i] == Approx(gradient[i]).epsilon(1e-4).margin(1e-5));
  }
  for (std::size_t i = gradient.size(); i < more.size(); ++i) CHECK(more_gradient[i] == 0);
}

TEST_CASE("normalisation appears in the layout and the description, and only if it is enabled") {
  TrainConfig config = config_of("auto");
  const std::string plain = architecture(config)->description();
  const std::size_t size = architecture(config)->layout().size;
  config.normalize_rewards = true;
  CHECK(architecture(config)->description() == plain + ", normalized rewards");
  CHECK(architecture(config)->layout().size == size + 3);
  CHECK_FALSE(architecture(config)->layout().observation_moments);
  config.normalize_observations = true;
  const auto both = architecture(config);
  CHECK(both->description() == plain + ", normalized observations, normalized rewards");
  CHECK(both->layout().size == size + 2 * kWidth + 1 + 3);
  REQUIRE(both->layout().return_moments);
  CHECK(both->layout().return_moments->offset == size + 2 * kWidth + 1);
  // Blocks lie one after the other, without gaps.
  std::size_t end = 0;
  for (const ParameterBlock& block : both->layout().blocks) {
    CHECK(block.offset == end);
    end += block.size;
  }
  CHECK(end == both->layout().size);
}

/// A run with moments, and its last checkpoint.
struct Run {
  explicit Run(TrainConfig c, const Checkpoint* from = nullptr) : config(std::move(c)) {
    agents = make_agent_factory(config, registry.make(config.environment).spec());
    Trainer trainer({.config = config,
                     .make_environment = [this] { return registry.make_for_policy(config.environment); },
                     .agents = *agents,
                     .save =
                         [this](const Checkpoint& checkpoint, CheckpointMark) {
                           last = checkpoint;
                           return std::filesystem::path();
                         }});
    if (from != nullptr) trainer.restore(*from);
    report = trainer.run();
  }
  Moments observations() const { return Moments::of(*agents->layout().observation_moments, report.parameters); }

  TrainConfig config;
  Registry registry = Registry::with_builtins();
  std::unique_ptr<AgentFactory> agents;
  Checkpoint last;
  TrainReport report;
};

TEST_CASE("training counts moments, evaluation does not, and a checkpoint carries them") {
  TrainConfig config = config_of("auto");
  config.algorithm = GENERATE(from_range(algorithm_names()));
  config.normalize_observations = config.normalize_rewards = true;
  INFO(config.algorithm);
  const Run run(config);
  const Moments moments = run.observations();
  CHECK(moments.count == 2'000);
  CHECK(Moments::of(*run.agents->layout().return_moments, run.report.parameters).count == 2'000);
  // A pole's angle and its speed, over random play and after.
  CHECK(std::abs(moments.mean[2]) < 0.1F);
  CHECK(moments.variance[2] > 1e-4F);
  CHECK(moments.variance[2] < 0.1F);
  CHECK(moments.variance[3] > moments.variance[2]);

  Evaluator evaluator({.make_environment = [&] { return run.registry.make_for_policy(config.environment); },
                       .agents = *run.agents,
                       .episodes = 5});
  const auto result = evaluator.evaluate({.parameters = run.report.parameters, .seed = 1});
  const auto again = evaluator.evaluate({.parameters = run.report.parameters, .seed = 1});
  CHECK(result.returns == again.returns);  // the first evaluation changed nothing

  const auto tensor = std::ranges::find(run.last.parameters, "moments.observation_mean", &Tensor::name);
  REQUIRE(tensor != run.last.parameters.end());
  CHECK(tensor->values == copy(moments.mean));

  TrainConfig longer = config;
  longer.steps = 3'000;
  const Run rest(longer, &run.last);
  CHECK(rest.observations().count == 3'000);
  CHECK(rest.observations().mean[0] != moments.mean[0]);
}

TEST_CASE("a checkpoint with moments cannot be resumed without them, nor the reverse") {
  const TrainConfig plain = config_of("auto");
  TrainConfig with = plain;
  with.normalize_observations = true;
  const Checkpoint of_plain = Run(plain).last;
  const Checkpoint of_with = Run(with).last;
  CHECK_THROWS_WITH(Run(with, &of_plain), Catch::Contains("expected") && Catch::Matchers::Contains("normalized obs"));
  CHECK_THROWS_WITH(Run(plain, &of_with), Catch::Contains("of the network") && Catch::Matchers::Contains("normalized"));
}

TEST_CASE("with every algorithm, one worker with normalisation gives the same numbers in every run") {
  TrainConfig config = config_of("auto");
  config.algorithm = GENERATE(from_range(algorithm_names()));
  config.normalize_observations = config.normalize_rewards = true;
  CHECK(Run(config).report.parameters == Run(config).report.parameters);
}

}  // namespace
}  // namespace sounder
