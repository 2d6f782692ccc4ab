#include "apps/library/preset.h"
#include "core/config/config.h"
#include "envs/error.h"
#include "envs/registry.h"
#include "tests/catch.h"

using sounder::preset_for;
using sounder::preset_named;
using sounder::preset_names_of;
using sounder::presets;
using sounder::TrainConfig;

namespace {

constexpr sounder::Preset kPresets[] = {
    {.name = "Cart-v1.other", .toml = "environment = 'Cart-v1'"},
    {.name = "Cart-v1", .toml = "environment = 'Cart-v1'"},
    {.name = "Cart-v10", .toml = "environment = 'Cart-v10'"},
    {.name = "paper", .toml = "rollout = 5"},
};

std::string name_of(const std::optional<sounder::Preset>& preset) {
  return std::string(preset.value().name);
}

}  // namespace

TEST_CASE("Every preset of an environment is a configuration of the environment and algorithm that it is named after") {
  const sounder::Registry environments = sounder::Registry::with_builtins();
  REQUIRE_FALSE(presets().empty());
  for (const auto& [name, toml] : presets()) {
    INFO("preset " << name);
    TrainConfig config;
    CHECK_NOTHROW(apply_toml(config, toml, name));
    if (config.environment.empty()) continue;
    CHECK(environments.contains(config.environment));
    CHECK((name == config.environment || name == config.environment + "." + config.algorithm));
  }
}

TEST_CASE("A preset for any environment is not named after one") {
  for (const auto& [name, toml] : presets()) {
    TrainConfig config;
    apply_toml(config, toml, name);
    if (!config.environment.empty()) continue;
    INFO("preset " << name);
    for (const std::string& id : sounder::Registry::with_builtins().ids()) CHECK_FALSE(name.starts_with(id));
  }
}

TEST_CASE("The paper's preset holds the authors' constants") {
  TrainConfig config;
  config.workers = 1;
  config.learning_rate = 1;
  apply_toml(config, preset_named("a3c-paper").value().toml, "a3c-paper");
  CHECK(config.environment.empty());
  CHECK(config.algorithm == "a3c");
  CHECK(config.workers == 16);
  CHECK(config.rollout == 20);
  CHECK(config.discount == 0.99);
  CHECK(config.entropy_coefficient == 0.01);
  CHECK(config.max_gradient_norm == 40);
  CHECK(config.optimizer == "shared_rmsprop");
  CHECK(config.rmsprop_decay == 0.99);
  CHECK(config.rmsprop_epsilon == 0.1);
  CHECK(config.learning_rate == 7e-4);
  CHECK(config.learning_rate_schedule == "linear");
  CHECK(config.anneal_steps == 0);
}

TEST_CASE("An environment's preset for the algorithm is found, else its default one") {
  CHECK(name_of(preset_for("Cart-v1", "other", kPresets)) == "Cart-v1.other");
  CHECK(name_of(preset_for("Cart-v1", "a3c", kPresets)) == "Cart-v1");
  CHECK(name_of(preset_for("Cart-v10", "other", kPresets)) == "Cart-v10");
  CHECK_FALSE(preset_for("Cart", "a3c", kPresets).has_value());
  CHECK_FALSE(preset_for("", "", kPresets).has_value());
  CHECK(name_of(preset_for("CartPole-v1", "a3c")) == "CartPole-v1");
}

TEST_CASE("A preset is found by its name, and an unknown one is refused with the nearest") {
  CHECK(name_of(preset_named("paper", kPresets)) == "paper");
  CHECK(name_of(preset_named("Cart-v1.other", kPresets)) == "Cart-v1.other");
  CHECK_FALSE(preset_named("none", kPresets).has_value());
  CHECK_THROWS_WITH(preset_named("papr", kPresets), "unknown preset 'papr'; did you mean 'paper'?");
  CHECK_THROWS_AS(preset_named("", kPresets), sounder::UsageError);
}

TEST_CASE("Only the presets of the environment are listed") {
  CHECK(preset_names_of("Cart-v1", kPresets) == std::vector<std::string>{"Cart-v1.other", "Cart-v1"});
  CHECK(preset_names_of("Cart-v10", kPresets) == std::vector<std::string>{"Cart-v10"});
  CHECK(preset_names_of("Cart", kPresets).empty());
}
