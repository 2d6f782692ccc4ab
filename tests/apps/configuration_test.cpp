// Every key of the configuration changes the output of a training, or is listed with a reason why it cannot. This
// detects keys that are parsed and ignored; other tests check the correctness of the change.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "agents/factory.h"
#include "apps/library/policy_environment.h"
#include "core/running/trainer.h"
#include "core/sharing/sharing.h"
#include "envs/error.h"
#include "envs/registry.h"
#include "tests/catch.h"

using namespace sounder;

namespace {

using Settings = std::vector<std::pair<std::string, std::string>>;

/// A key, its changed value, and the settings that it needs to have an effect.
struct Effect {
  std::string key;
  std::string value;
  Settings with = {};
};

const Settings kPendulum{{"environment", "Pendulum-v1"}};
const Settings kAdam{{"optimizer", "adam"}, {"learning_rate", "0.001"}};
const Settings kValues{{"algorithm", "n_step_q"}, {"target_interval", "100"}, {"exploration_steps", "200"}};
const Settings kPictures{{"environment", "Catch-v0"}, {"network", "cnn"}, {"channels", "4"}, {"steps", "30"}};
// Uses the same number of steps for one and two threads or workers, so that only the key makes a difference.
const Settings kRounds{{"algorithm", "a2c"}};
const Settings kTwo{{"workers", "2"}, {"threads", "1"}};
const Settings kServer{{"sharing", "server"}, {"workers", "2"}, {"threads", "1"}};
const Settings kPeers{{"sharing", "peers"}, {"workers", "4"}, {"threads", "1"}};
const Settings kNext{{"sharing", "peers"}, {"workers", "4"}, {"threads", "1"}, {"tracking", "gradient"}};
const Settings kRegularized{{"sharing", "peers"}, {"tracking", "gradient"}, {"regularization", "l2"}};
const Settings kDrawn{{"blocks", "neuron"}, {"block_choice", "random"}, {"blocks_per_update", "3"}};

const std::vector<Effect> kEffects{
    {"environment", "Acrobot-v1"},
    {"env_option", "length=0.7"},
    {"wrappers", "frame_stack=2"},
    {"algorithm", "n_step_q"},
    {"workers", "2", kRounds},
    {"threads", "1", {{"algorithm", "a2c"}, {"workers", "2"}}},
    {"envs_per_worker", "2"},
    {"steps", "200"},
    {"seed", "2"},
    {"network", "cnn"},  // CartPole-v1 has no images
    {"hidden", "9"},
    {"activation", "relu"},
    {"trunks", "separate"},
    {"memory", "gru"},
    {"memory_units", "4", {{"memory", "gru"}, {"memory_units", "8"}}},
    {"channels", "5", kPictures},
    {"kernel", "5", kPictures},
    {"stride", "2", kPictures},
    {"policy_std", "network", kPendulum},
    {"initial_log_std", "-1", kPendulum},
    {"squash_actions", "true", kPendulum},
    {"rollout", "5"},
    {"discount", "0.9"},
    {"gae_lambda", "0.9"},
    {"entropy_coefficient", "0.1"},
    {"value_coefficient", "0.1"},
    {"value_coefficient", "0.1", kValues},
    {"max_gradient_norm", "0.1"},
    {"reward_scale", "0.1"},
    {"reward_clip", "0.5"},
    {"normalize_observations", "true"},
    {"normalize_rewards", "true"},
    {"target_interval", "50", kValues},
    {"exploration_steps", "100", kValues},
    {"final_epsilon", "0.9", kValues},
    {"sharing", "peers", kTwo},
    {"fetch_every", "3", kServer},
    {"push_every", "3", kServer},
    {"warm_start", "200", kServer},
    {"peers", "2", kPeers},
    {"graph", "complete", kPeers},
    {"link_probability", "0.5", kPeers},
    {"tracking", "gradient", kPeers},
    {"mixing", "metropolis", kPeers},
    {"step_decay", "10", kNext},
    {"proximal", "2", kNext},
    {"regularization", "l2", {{"sharing", "peers"}, {"tracking", "gradient"}, {"regularization_weight", "0.1"}}},
    {"regularization_weight", "0.1", kRegularized},
    {"blocks", "layer", {{"block_choice", "cyclic"}}},
    {"block_choice", "greedy", kDrawn},
    {"blocks_per_update", "5", kDrawn},
    {"block_rates", "head.*=0.5", kDrawn},
    {"block_rescale", "true", kDrawn},
    {"gradients_per_update", "2"},
    {"optimizer", "momentum_sgd"},
    {"learning_rate", "0.001"},
    {"learning_rate_schedule", "constant"},
    {"anneal_steps", "1000"},
    {"rmsprop_decay", "0.9"},
    {"rmsprop_epsilon", "0.01"},
    {"rmsprop_epsilon", "0.01", {{"optimizer", "adagrad"}}},
    {"momentum", "0.5", {{"optimizer", "momentum_sgd"}, {"learning_rate", "0.0001"}}},
    {"adam_beta1", "0.8", kAdam},
    {"adam_beta2", "0.99", kAdam},
    {"adam_epsilon", "0.01", kAdam},
    {"until_solved", "true", {{"environment", "Solved-v0"}, {"evaluation_episodes", "100"}}},
    {"until_return", "1"},
    {"evaluation_interval", "150"},
    {"evaluation_episodes", "3"},
    {"evaluation_step_limit", "3", {{"environment", "Solved-v0"}}},
    {"report_interval", "50"},
};

/// Keys that a training of one process and one thread cannot show, and where they are tested.
const std::map<std::string, std::string> kNotShown{
    {"env_command", "of environments in other processes: below"},
    {"env_connect", "of environments in other processes: below"},
    {"env_timeout", "of environments in other processes: below"},
    {"env_restarts", "of environments in other processes: below"},
    {"env_pin", "the processor that a thread runs on shows in its speed alone"},
    {"backend", "all backends compute the same function; agents/factory_test.cpp has their names"},
    {"evaluation_environments", "results do not depend on it: core/running/evaluator_test.cpp"},
    {"shards", "one worker's updates are the same in any number of slices: core/sharing/server/shard_test.cpp"},
    {"max_lag", "peers of one thread take turns, so that none lags behind: core/sharing/peers/gala_test.cpp"},
    {"staleness_aware", "a single thread's gradients are never stale: core/running/worker_group_test.cpp"},
    {"write_mode", "a single thread's updates meet no others: core/running/worker_group_test.cpp"},
    {"straggler_delay", "costs time alone: core/learning/worker_environments_test.cpp"},
    {"evaluation_environments", "what comes of an evaluation does not depend on it: core/running/evaluator_test.cpp"},
    {"checkpoint_interval", "seconds on the clock: core/running/trainer_test.cpp"},
};

/// An environment that is solved from the start.
struct Solved {
  using Action = std::int64_t;
  int elapsed = 0;
  EnvironmentSpec spec() const {
    return {.observation_space = Box::bounds({0}, {1}), .action_space = Discrete{2}, .reward_threshold = 0};
  }
  void reset(std::uint64_t, std::span<float> observation) { observation[0] = 0, elapsed = 0; }
  StepResult step(Action, std::span<float> observation) {
    observation[0] = 1;
    return {.reward = 1, .terminated = ++elapsed == 5};
  }
};

/// The output of a training, without times.
struct Seen : MetricsSink {
  std::string refused;
  std::vector<float> parameters;
  std::vector<std::int64_t> report_steps;
  std::vector<std::int64_t> evaluation_steps;
  std::vector<std::vector<double>> returns;
  std::size_t workers = 0;
  std::atomic<int> threads = 0;

  void report(const Report& report) override {
    report_steps.push_back(report.step);
    workers = report.worker_steps.size();
  }
  void evaluation(const Evaluation& evaluation) override {
    evaluation_steps.push_back(evaluation.step);
    returns.push_back(evaluation.returns);
  }
  bool same_as(const Seen& other) const {
    return refused == other.refused && parameters == other.parameters && report_steps == other.report_steps &&
           evaluation_steps == other.evaluation_steps && returns == other.returns && workers == other.workers &&
           threads == other.threads;
  }
};

void train(const TrainConfig& config, Seen& seen) {
  Registry registry = Registry::with_builtins();
  registry.add<Solved>("Solved-v0");
  const PolicyEnvironments environments(registry, config);
  const auto agents = make_agent_factory(config, environments().spec());
  agents->prepare_thread();
  Trainer trainer(
      {.config = config, .make_environment = environments, .agents = *agents, .prepare_thread = [&](std::size_t) {
         ++seen.threads;
       }});
  trainer.add_sink(seen);
  seen.parameters = trainer.run().parameters;
}

std::unique_ptr<Seen> train(const Settings& changes) {
  TrainConfig config;
  for (const auto& [key, value] : Settings{{"environment", "CartPole-v1"},
                                           {"workers", "1"},
                                           {"steps", "300"},
                                           {"rollout", "10"},
                                           {"hidden", "8"},
                                           {"report_interval", "100"},
                                           {"evaluation_interval", "100"},
                                           {"evaluation_episodes", "2"}}) {
    set_config(config, key, value);
  }
  for (const auto& [key, value] : changes) set_config(config, key, value);
  auto seen = std::make_unique<Seen>();
  try {
    train(config, *seen);
  } catch (const UsageError& error) {
    seen->refused = error.what();
  }
  return seen;
}

}  // namespace

TEST_CASE("every key of the configuration has an effect here, or a reason why it has none") {
  std::set<std::string> keys;
  for (const Effect& effect : kEffects) keys.insert(effect.key);
  for (const auto& [key, reason] : kNotShown) CHECK(keys.insert(key).second);  // not in both lists
  for (const ConfigField& field : config_fields()) {
    INFO(field.name);
    CHECK(keys.erase(field.name) == 1);
  }
  CHECK(keys.empty());
}

TEST_CASE("every key changes the output of a training, which is otherwise reproducible") {
  for (const Effect& effect : kEffects) {
    INFO(effect.key << " = " << effect.value);
    const auto before = train(effect.with);
    const auto again = train(effect.with);
    CHECK(before->same_as(*again));
    Settings changed = effect.with;
    changed.emplace_back(effect.key, effect.value);
    CHECK_FALSE(train(changed)->same_as(*before));
  }
}

namespace {

/// What it takes to ask for a choice of a key.
Settings needed_by(const std::string& key, const std::string& choice) {
  if (key == "policy_std") return kPendulum;
  if (key == "network" && choice == "cnn") return kPictures;
  if (key == "graph" || key == "mixing" || key == "tracking") return {{"sharing", "peers"}, {"workers", "4"}};
  if (key == "regularization") return kNext;
  return {};
}

/// Makes all that names of the configuration stand for.
void make_everything(const TrainConfig& config) {
  const Environment environment = PolicyEnvironments(Registry::with_builtins(), config)();
  const auto agents = make_agent_factory(config, environment.spec());
  make_sharing(config, *agents);
}

TrainConfig config_of(const Settings& settings) {
  TrainConfig config;
  config.environment = "CartPole-v1";
  for (const auto& [key, value] : settings) set_config(config, key, value);
  return config;
}

}  // namespace

TEST_CASE("every choice of a key is one that is made, and any other is refused with the choices") {
  const auto installed = installed_backend_names();
  const bool torch = std::ranges::find(installed, "torch") != installed.end();
  std::size_t keys = 0;
  for (const ConfigField& field : known_fields()) {
    const auto* const text = std::get_if<ConfigField::Text>(&field.type);
    if (text == nullptr || text->choices.empty()) continue;
    ++keys;
    INFO(field.name);
    CHECK(std::ranges::count(text->choices, text->member.of(TrainConfig())) == 1);  // the default is one of them
    for (const std::string& choice : text->choices) {
      INFO(choice);
      if (!torch && (choice == "torch" || choice == "cnn")) continue;
      TrainConfig config = config_of(needed_by(field.name, choice));
      set_config(config, field.name, choice, known_fields());
      CHECK(text->member.of(config) == choice);
      CHECK_NOTHROW(make_everything(config));
    }
    const std::string refusal =
        fmt::format("unknown {} '0000000000000000'; known are {}", field.name, fmt::join(text->choices, ", "));
    TrainConfig config = config_of(needed_by(field.name, ""));
    CHECK_THROWS_WITH(set_config(config, field.name, "0000000000000000", known_fields()), refusal);
    text->member.set(config, "0000000000000000");
    CHECK_THROWS_WITH(make_everything(config), refusal);
  }
  CHECK(keys == 17);
}

TEST_CASE("every wrapper that is a choice is one that is made, or asks for its value") {
  for (const ConfigField& field : known_fields()) {
    const auto* const texts = std::get_if<ConfigField::Texts>(&field.type);
    if (texts == nullptr || texts->choices.empty()) continue;
    CHECK(field.name == "wrappers");
    CHECK_THROWS_WITH(make_everything(config_of({{"wrappers", "0000000000000000"}})),
                      fmt::format("unknown wrapper '0000000000000000'; known are {}", fmt::join(texts->choices, ", ")));
    for (const std::string& choice : texts->choices) {
      INFO(choice);
      try {
        make_everything(config_of({{"wrappers", choice}}));
      } catch (const UsageError& error) {
        CHECK_THAT(error.what(), Catch::Matchers::Contains(choice));
        CHECK_THAT(error.what(), !Catch::Matchers::StartsWith("unknown"));
      }
    }
  }
}

TEST_CASE("keys for environments in other processes reach their client") {
  TrainConfig config;
  config.env_command = "python3 my_env.py";
  config.env_timeout = 0.5;
  config.env_restarts = 7;
  remote::ClientSettings settings = client_settings(config);
  CHECK(settings.command == "python3 my_env.py");
  CHECK(settings.socket_path.empty());
  CHECK(settings.timeout.count() == 0.5);
  CHECK(settings.restarts == 7);
  config.env_command.clear();
  config.env_connect = "unix:/a/socket";
  settings = client_settings(config);
  CHECK(settings.command.empty());
  CHECK(settings.socket_path == "/a/socket");
}
