// Keys of one's own: read, set, written and refused as Sounder's.
#include "core/config/own_key.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/config/config.h"
#include "envs/error.h"
#include "tests/catch.h"

using namespace sounder;
using Catch::Matchers::Contains;

namespace {

const OwnKey<std::int64_t> kPasses({.name = "passes", .help = "passes", .value = 4, .min = 1, .max = 100});
const OwnKey<double> kRange({.name = "clip_range", .help = "a range", .value = 0.2, .min = 0, .max = 1});
const OwnKey<std::optional<double>> kBound({.name = "bound", .help = "a bound", .value = {}, .min = -2, .max = 2});
const OwnKey<std::string> kKind({.name = "kind", .help = "a kind", .value = "mean", .choices = {"mean", "last"}});
const OwnKey<std::vector<std::string>> kNames({.name = "names", .help = "some names", .value = {"a", "b"}});
const OwnKey<bool> kSwitch({.name = "switched", .help = "a switch", .on_resume = OnResume::kept});
const OwnKey<std::vector<std::int64_t>> kUnits({.name = "units", .help = "units", .value = {3}, .min = 1, .max = 9});

/// All keys, those above as of algorithm `mine`.
std::vector<ConfigField> fields() {
  std::vector<ConfigField> own{kPasses, kRange, kBound, kKind, kNames, kSwitch, kUnits};
  for (ConfigField& field : own) field.algorithm = "mine";
  return config_fields_with({{"algorithm", {"a3c", "mine"}}}, own);
}

/// Values that are not the defaults.
TrainConfig changed() {
  TrainConfig config;
  kPasses.set(config, 7);
  kRange.set(config, 0.1);
  kBound.set(config, -1.5);
  kKind.set(config, "last");
  kNames.set(config, {});
  kSwitch.set(config, true);
  kUnits.set(config, {1, 9});
  return config;
}

}  // namespace

TEST_CASE("A key of one's own has its default until it is set") {
  TrainConfig config;
  CHECK(kPasses.of(config) == 4);
  CHECK(kRange.of(config) == 0.2);
  CHECK(kBound.of(config) == std::nullopt);
  CHECK(kKind.of(config) == "mean");
  CHECK(kNames.of(config) == std::vector<std::string>{"a", "b"});
  CHECK_FALSE(kSwitch.of(config));
  CHECK(kUnits.of(config) == std::vector<std::int64_t>{3});

  const TrainConfig other = changed();
  CHECK(kPasses.of(other) == 7);
  CHECK(kRange.of(other) == 0.1);
  CHECK(kBound.of(other) == -1.5);
  CHECK(kKind.of(other) == "last");
  CHECK(kNames.of(other).empty());
  CHECK(kSwitch.of(other));
  CHECK(kUnits.of(other) == std::vector<std::int64_t>{1, 9});
  CHECK_FALSE(other == config);

  // A value that is set to the default is the default: the configurations are equal.
  kPasses.set(config, 5);
  CHECK_FALSE(config == TrainConfig{});
  kPasses.set(config, 4);
  CHECK(config == TrainConfig{});
}

TEST_CASE("Keys of one's own are set from text and TOML, as Sounder's are") {
  TrainConfig config;
  for (const auto& [key, value] :
       {std::pair("passes", "7"), std::pair("clip_range", "1e-1"), std::pair("bound", "-1.5"),
        std::pair("kind", "last"), std::pair("names", ""), std::pair("switched", "true"), std::pair("units", "1,9")}) {
    set_config(config, key, value, fields());
  }
  CHECK(config == changed());

  TrainConfig from_toml;
  apply_toml(from_toml,
             "passes = 7\nclip_range = 0.1\nbound = -1.5\nkind = 'last'\nnames = []\nswitched = true\nunits = [1, 9]",
             "mine.toml", fields());
  CHECK(from_toml == changed());
}

TEST_CASE("A configuration with keys of one's own reads back equal") {
  TrainConfig mine = changed();
  mine.algorithm = "mine";
  const std::string toml = to_toml(mine, fields());
  CHECK_THAT(toml, Contains("# a range (number, 0 to 1)\nclip_range = 0.1\n"));
  CHECK(read_saved_config(toml, "config.toml", fields()) == mine);

  // The defaults are written, too, and override others.
  TrainConfig plain;
  plain.algorithm = "mine";
  CHECK_THAT(to_toml(plain, fields()), Contains("\nclip_range = 0.2\n"));
  apply_toml(mine, to_toml(plain, fields()), "config.toml", fields());
  CHECK(mine == plain);
}

TEST_CASE("Under another algorithm, keys of one's own are not written, so that programs without it read the rest") {
  const std::vector<ConfigField> without = config_fields_with({{"algorithm", {"a3c", "mine"}}});
  CHECK(to_toml(TrainConfig{}, fields()) == to_toml(TrainConfig{}, without));
  TrainConfig other = changed();  // its algorithm is a3c
  CHECK_FALSE(other.own.empty());
  const std::string text = to_toml(other, fields());
  other.own.clear();
  CHECK(read_saved_config(text, "config.toml", without) == other);
}

TEST_CASE("A value of one's own that is out of range or of another type is refused") {
  const auto set_error = [](const char* key, const char* value) {
    TrainConfig config;
    try {
      set_config(config, key, value, fields());
    } catch (const UsageError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  CHECK(set_error("passes", "0") == "passes: expected integer, 1 to 100; got '0'");
  CHECK(set_error("clip_range", "1.5") == "clip_range: expected number, 0 to 1; got '1.5'");
  CHECK(set_error("bound", "3") == "bound: expected number, -2 to 2, or none; got '3'");
  CHECK(set_error("kind", "lasd") == "unknown kind 'lasd'; did you mean 'last'?");
  CHECK(set_error("switched", "on") == "switched: expected true or false; got 'on'");
  CHECK(set_error("units", "1,10") == "units: expected integers, 1 to 9 each; got '1,10'");
  CHECK(set_error("clip_rage", "1") == "unknown key 'clip_rage'; did you mean 'clip_range'?");

  const auto check_error = [](auto change) {
    TrainConfig config = changed();
    change(config);
    try {
      check_config(config, fields());
    } catch (const UsageError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  CHECK(check_error([](TrainConfig&) {}).empty());
  CHECK(check_error([](TrainConfig& c) { kPasses.set(c, 101); }) == "passes: expected integer, 1 to 100; got 101");
  CHECK(check_error([](TrainConfig& c) { kKind.set(c, ""); }) == "unknown kind ''; known are mean, last");
  CHECK(check_error([](TrainConfig& c) { kUnits.set(c, {}); }) == "units: expected integers, 1 to 9 each; got []");
  CHECK(check_error([](TrainConfig& c) { c.own["passes"] = 2.5; }) ==
        "passes: expected integer, 1 to 100; got a value of another type");
  CHECK(check_error([](TrainConfig& c) { c.own["steps"] = std::int64_t{5}; }) ==
        "steps: expected in the member of TrainConfig; got it in TrainConfig::own");
  CHECK(check_error([](TrainConfig& c) { c.own["clip_rang"] = 0.5; }) ==
        "unknown key 'clip_rang'; did you mean 'clip_range'?");
}

TEST_CASE("What another program's algorithm or network has saved is refused in one line that says what to do") {
  TrainConfig mine;
  mine.algorithm = "mine";
  const auto refusal = [](const TrainConfig& config, const std::vector<ConfigField>& known) {
    try {
      read_saved_config(to_toml(config, fields()), "run/config.toml", known);
    } catch (const UsageError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  const auto without = config_fields_with({{"algorithm", {"a3c", "a2c"}}});
  CHECK(
      refusal(mine, without) ==
      "run/config.toml: its algorithm 'mine' is not one of a3c, a2c: open it with the program that trained it, or add "
      "the algorithm to this one");
  TrainConfig with_network;
  with_network.network = "residual";
  CHECK(refusal(with_network, config_fields_with({{"network", {"cnn", "mlp"}}})) ==
        "run/config.toml: its network 'residual' is not one of cnn, mlp: open it with the program that trained it, or "
        "add the network to this one");
  CHECK(refusal(with_network, without).empty());  // which names of networks there are is not said
  // The algorithm is known, but has lost its keys.
  CHECK(refusal(mine, config_fields_with({{"algorithm", {"a3c", "mine"}}})) ==
        "run/config.toml: unknown key 'bound'; open it with the program that trained it, or one of the same version");
  // What Sounder's own algorithm learnt in that program is anyone's to open.
  CHECK(refusal(TrainConfig{}, without).empty());
}

TEST_CASE("Keys that are not known may be skipped") {
  TrainConfig config;
  const auto keys = apply_toml(config, "clip_range = 0.1\nworkers = 3\n[mine]\nx = 1", "config.toml", config_fields(),
                               UnknownKeys::skipped);
  CHECK(keys == std::vector<std::string>{"workers"});
  CHECK(config.workers == 3);
  CHECK_THROWS_AS(apply_toml(config, "workers = 0", "config.toml", config_fields(), UnknownKeys::skipped), UsageError);
}
