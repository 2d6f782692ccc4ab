#include "apps/preset.h"
#include "core/config/config.h"
#include "envs/registry.h"
#include "tests/catch.h"

using sounder::preset;
using sounder::presets;

TEST_CASE("Every preset is a configuration of the environment that its file is named after") {
  const sounder::Registry environments = sounder::Registry::with_builtins();
  REQUIRE_FALSE(presets().empty());
  for (const auto& [environment, toml] : presets()) {
    CHECK(environments.contains(environment));
    sounder::TrainConfig config;
    CHECK_NOTHROW(apply_toml(config, toml, environment));
    CHECK(config.environment == environment);
  }
}

TEST_CASE("A preset is found by its environment's name") {
  REQUIRE(preset("CartPole-v1").has_value());
  CHECK(preset("CartPole-v1")->find("environment = \"CartPole-v1\"") != std::string_view::npos);
  CHECK_FALSE(preset("CartPole").has_value());
  CHECK_FALSE(preset("").has_value());
}
