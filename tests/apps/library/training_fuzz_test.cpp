// Configurations with random values in every field, set in code: each is refused, with the name of a field that is out
// of range if there is one, or it trains.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "agents/a3c.h"
#include "agents/factory.h"
#include "apps/library/training.h"
#include "core/config/own_key.h"
#include "envs/error.h"
#include "envs/random.h"
#include "tests/catch.h"

using namespace sounder;

namespace {

using Integers = std::vector<std::int64_t>;
using Reals = std::vector<double>;
using Strings = std::vector<std::string>;

constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

/// Values of the keys whose largest ones would take hours or all memory.
const std::map<std::string, Integers> kSmall{{"workers", {1, 2, 3}},
                                             {"threads", {0, 1, 3}},
                                             {"envs_per_worker", {1, 2, 3}},
                                             {"steps", {1, 7, 60}},
                                             {"hidden", {1, 2, 9}},
                                             {"own_integers", {1, 2}},
                                             {"memory_units", {1, 3}},
                                             {"channels", {1, 2}},
                                             {"rollout", {1, 2, 9}},
                                             {"shards", {1, 2, 9}},
                                             {"peers", {0, 1, 2, 3}},
                                             {"gradients_per_update", {1, 2, 3}},
                                             {"straggler_delay", {0, 1}},
                                             {"evaluation_episodes", {1, 2}},
                                             {"evaluation_environments", {0, 1, 3}}};

/// Values of the keys that take any text.
const std::map<std::string, Strings> kTexts{
    {"environment", {"CartPole-v1", "Pendulum-v1", "CartPole-v9", ""}},
    {"env_command", {""}},
    {"own_text", {"", "any"}},
    {"env_connect", {"", "", "", "unix:", "tcp:80"}},
    {"block_rates", {"", "head.*=1", "head.*=0.5;*=0.1", "*=-1", "=", "*=nan"}}};

const std::map<std::string, std::vector<Strings>> kLists{
    {"env_option", {{}, {}, {"length=0.5"}, {"length=0.5,0.7"}, {"length"}, {"a=1", "a=2"}, {"=,,,"}}},
    {"own_texts", {{}, {"a", "b"}}},
    {"wrappers", {{}, {}, {"frame_stack=2"}, {"action_repeat=2", "clip_observation=1"}, {"frame_stack=-1"}, {"x=1"}}}};

/// Draws a field's value, one that is out of range if `wrong`. Returns whether it is.
struct Draw {
  TrainConfig& config;
  const std::string& name;
  Rng& random;
  bool wrong;

  template <class Values>
  const typename Values::value_type& pick(const Values& values) const {
    return values[static_cast<std::size_t>(random.below(static_cast<std::int64_t>(values.size())))];
  }
  std::int64_t integer(std::int64_t min, std::int64_t max) const {
    if (!wrong) return kSmall.contains(name) ? pick(kSmall.at(name)) : pick(Integers{min, max, min + (max - min) / 3});
    return pick(Integers{min - 1, max + 1, kLeast, kMost});
  }
  double real(double min, double max) const {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    if (!wrong) return pick(Reals{min, max, min + (max - min) / 3});
    return pick(Reals{std::nextafter(min, -kInfinity), std::nextafter(max, kInfinity), kInfinity, -kInfinity,
                      std::numeric_limits<double>::quiet_NaN(), -1e300, 1e300});
  }

  bool operator()(const ConfigField::Integer& field) const {
    field.member.set(config, integer(field.min, field.max));
    return wrong;
  }
  bool operator()(const ConfigField::Real& field) const {
    field.member.set(config, real(field.min, field.max));
    return wrong;
  }
  bool operator()(const ConfigField::OptionalReal& field) const {
    const double number = real(field.min, field.max);
    field.member.set(config, !wrong && random.below(2) == 0 ? std::nullopt : std::optional(number));
    return wrong;
  }
  bool operator()(const ConfigField::Text& field) const {
    if (field.choices.empty()) {
      field.member.set(config, pick(kTexts.at(name)));
      return false;
    }
    field.member.set(config, wrong ? pick(Strings{"", "nonsense", field.choices[0] + " "}) : pick(field.choices));
    if (name == "backend" && !wrong) field.member.set(config, "fused");  // LibTorch takes long to load
    return wrong;
  }
  bool operator()(const ConfigField::Texts& field) const {
    field.member.set(config, pick(kLists.at(name)));
    return false;
  }
  bool operator()(const ConfigField::Flag& field) const {
    field.member.set(config, random.below(2) == 0);
    return false;
  }
  bool operator()(const ConfigField::Integers& field) const {
    const bool empty = wrong && random.below(3) == 0;
    Integers numbers;
    if (!empty) numbers.push_back(integer(field.min, field.max));
    if (!empty && random.below(2) == 0) numbers.insert(numbers.begin(), pick(kSmall.at(name)));
    field.member.set(config, numbers);
    return wrong;
  }
};

/// Sounder's algorithms, and A3C by another name with a key of each type.
Algorithms with_own() {
  Algorithms algorithms = Algorithms::with_builtins();
  algorithms.add("own", make_a3c_agents,
                 {OwnKey<std::int64_t>({.name = "own_integer", .help = "", .value = 3, .min = -5, .max = 1'000'000}),
                  OwnKey<double>({.name = "own_real", .help = "", .value = 0, .min = -1, .max = 1e9}),
                  OwnKey<std::optional<double>>({.name = "own_optional", .help = "", .value = 1, .min = 0, .max = 1}),
                  OwnKey<std::string>({.name = "own_text", .help = "", .value = "any"}),
                  OwnKey<std::string>({.name = "own_choice", .help = "", .value = "a", .choices = {"a", "b"}}),
                  OwnKey<std::vector<std::string>>({.name = "own_texts", .help = "", .value = {}}),
                  OwnKey<bool>({.name = "own_flag", .help = ""}),
                  OwnKey<Integers>({.name = "own_integers", .help = "", .value = {1}, .min = 1, .max = 9})});
  return algorithms;
}

TrainConfig tiny() {
  TrainConfig config;
  config.environment = "CartPole-v1";
  config.workers = 2;
  config.steps = 30;
  config.hidden = {3};
  config.evaluation_episodes = 1;
  return config;
}

}  // namespace

TEST_CASE("ten thousand configurations of random values are refused by name, or train") {
  constexpr int kConfigurations = 10'000;
  const Algorithms algorithms = with_own();
  const std::vector<ConfigField> fields = known_fields(Networks::with_builtins(), algorithms);
  const Registry environments = Registry::with_builtins();
  Rng random(1);
  std::map<std::string, int> refused;  // by field
  int trained = 0;
  int unfit = 0;
  for (int i = 0; i < kConfigurations; ++i) {
    INFO("configuration " << i);
    TrainConfig config = tiny();
    const bool any_wrong = random.below(10) != 0;
    std::string first_wrong;
    for (const ConfigField& field : fields) {
      // About one or two of all fields are out of range, and six have other values.
      const bool wrong = any_wrong && random.below(50) == 0;
      if (!wrong && random.below(12) != 0) continue;
      const bool is_wrong =
          std::visit(Draw{.config = config, .name = field.name, .random = random, .wrong = wrong}, field.type);
      if (is_wrong && first_wrong.empty()) first_wrong = field.name;
    }
    try {
      Training training(environments, config, {.algorithms = algorithms});
      const TrainingResult result = training.run();
      CHECK(first_wrong.empty());
      CHECK((result.report.steps >= config.steps || result.report.reason == StopReason::target_reached));
      ++trained;
    } catch (const Error& error) {
      const std::string message = error.what();
      INFO(message);
      CHECK_FALSE(message.empty());
      CHECK(message.find('\n') == std::string::npos);
      if (first_wrong.empty()) {
        ++unfit;
        continue;
      }
      CHECK((message.starts_with(first_wrong + ": expected ") || message.starts_with("unknown " + first_wrong + " '")));
      ++refused[first_wrong];
    }
  }
  // It would say nothing if all were refused, or some field were never drawn.
  CHECK(trained > 200);
  CHECK(unfit > 100);
  CHECK(refused.size() > 60);
  for (const char* const own : {"own_integer", "own_real", "own_optional", "own_choice", "own_integers"}) {
    CHECK(refused[own] > 0);
  }
}
