#include "envs/options.h"

#include "envs/error.h"
#include "envs/registry.h"
#include "tests/catch.h"

using namespace sounder;

namespace {

/// Shows its options as its observation.
class Adjustable {
 public:
  using Action = std::int64_t;

  static std::vector<EnvironmentOption<Adjustable>> options() {
    return {{.name = "length", .member = &Adjustable::length_, .help = "of the pole, m", .low = 0.1, .high = 2},
            {.name = "size", .member = &Adjustable::size_, .help = "cells", .low = 1},
            {.name = "slippery", .member = &Adjustable::slippery_, .help = "whether it slides"},
            {.name = "map", .member = &Adjustable::map_, .help = "which map", .choices = {"small", "large"}}};
  }

  EnvironmentSpec spec() const {
    return {.observation_space = Box::uniform(-10, 10, {3 + size_}), .action_space = Discrete{1}};
  }
  void reset(std::uint64_t, std::span<float> observation) {
    observation[0] = static_cast<float>(length_);
    observation[1] = slippery_ ? 1.0F : 0.0F;
    observation[2] = map_ == "large" ? 1.0F : 0.0F;
    for (float& number : observation.subspan(3)) number = 7;
  }
  StepResult step(std::int64_t, std::span<float> observation) {
    reset(0, observation);
    return {.reward = 0, .terminated = false};
  }

 private:
  double length_ = 0.5;
  std::int64_t size_ = 1;
  bool slippery_ = false;
  std::string map_ = "small";
};

struct Fixed {
  using Action = std::int64_t;
  EnvironmentSpec spec() const { return {.observation_space = Discrete{1}, .action_space = Discrete{1}}; }
  void reset(std::uint64_t, std::span<float> observation) { observation[0] = 0; }
  StepResult step(std::int64_t, std::span<float>) { return {.reward = 0, .terminated = false}; }
};

Registry make_registry() {
  Registry registry;
  registry.add<Adjustable>("Adjustable-v0", {.max_episode_steps = 5});
  registry.add<Fixed>("Fixed-v0");
  registry.add("Made-v0", [] { return Environment(Fixed{}); });
  return registry;
}

std::vector<float> first_observation(const OptionValues& options) {
  Environment environment = make_registry().make("Adjustable-v0", options);
  std::vector<float> observation(flat_size(environment.spec().observation_space));
  environment.reset(0, observation);
  return observation;
}

std::string refusal(std::string_view id, const OptionValues& options) {
  try {
    make_registry().make(id, options);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("options are set before an environment's first spec and reset, and the others keep their defaults") {
  CHECK(first_observation({}) == std::vector<float>{0.5F, 0, 0, 7});
  CHECK(first_observation({{"length", "0.25"}}) == std::vector<float>{0.25F, 0, 0, 7});
  CHECK(first_observation({{"size", "3e0"}}) == first_observation({{"size", "3"}}));
  CHECK(first_observation({{"length", "2"}, {"size", "3"}, {"slippery", "true"}, {"map", "large"}}) ==
        std::vector<float>{2, 1, 1, 7, 7, 7});
}

TEST_CASE("options are described by name, type with range, default and help") {
  const std::vector<OptionDescription> expected{
      {.name = "length", .type = "number, 0.1 to 2", .default_value = "0.5", .help = "of the pole, m"},
      {.name = "size", .type = "integer, at least 1", .default_value = "1", .help = "cells"},
      {.name = "slippery", .type = "true or false", .default_value = "false", .help = "whether it slides"},
      {.name = "map", .type = "one of small, large", .default_value = "small", .help = "which map"}};
  CHECK(make_registry().options("Adjustable-v0") == expected);
  CHECK(make_registry().options("Fixed-v0").empty());
  CHECK_THROWS_AS(make_registry().options("Unknown-v0"), UsageError);
}

TEST_CASE("a value of the wrong type or out of range is refused with what was expected") {
  CHECK(refusal("Adjustable-v0", {{"length", "long"}}) ==
        "option 'length' of Adjustable-v0: expected number, 0.1 to 2; got 'long'");
  CHECK(refusal("Adjustable-v0", {{"length", "2.01"}}) ==
        "option 'length' of Adjustable-v0: expected number, 0.1 to 2; got '2.01'");
  CHECK(refusal("Adjustable-v0", {{"length", "0.09"}}) ==
        "option 'length' of Adjustable-v0: expected number, 0.1 to 2; got '0.09'");
  CHECK(refusal("Adjustable-v0", {{"size", "1.5"}}) ==
        "option 'size' of Adjustable-v0: expected integer, at least 1; got '1.5'");
  CHECK(refusal("Adjustable-v0", {{"slippery", "1"}}) ==
        "option 'slippery' of Adjustable-v0: expected true or false; got '1'");
  CHECK(refusal("Adjustable-v0", {{"map", "huge"}}) ==
        "option 'map' of Adjustable-v0: expected one of small, large; got 'huge'");
}

TEST_CASE("an undeclared option is refused with the nearest declared one") {
  CHECK(refusal("Adjustable-v0", {{"lenght", "1"}}) ==
        "unknown option of Adjustable-v0 'lenght'; did you mean 'length'?");
  CHECK(refusal("Fixed-v0", {{"length", "1"}}) == "environment 'Fixed-v0' takes no options; got 'length'");
  CHECK(refusal("Made-v0", {{"length", "1"}}) == "environment 'Made-v0' takes no options; got 'length'");
}
