#include "agents/policy.h"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "core/checkpoint/contents.h"
#include "tests/agents/saved_policies.h"
#include "tests/catch.h"
#include "tests/core/checkpoint/fixtures.h"

namespace sounder {
namespace {

using test::contains;
using test::error_of;
using test::random_policy;
using test::Seen;
using test::set;
using test::world_for;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

using Numbers = std::vector<float>;

/// A configuration of one hidden unit h = max(0, w . x + b), whose results can be worked out by hand.
TrainConfig one_unit() {
  return {.environment = "Thing-v0", .hidden = {1}, .activation = "relu"};
}

/// The policy with logits 0 and h - 1 and the value 2 h + 0.5, where h = max(0, x).
Checkpoint two_choices() {
  Checkpoint checkpoint = random_policy(one_unit(), {.observation = Box::uniform(-10, 10, {1}), .action = Discrete{2}});
  set(checkpoint, "body.0.weight", {1});
  set(checkpoint, "body.0.bias", {0});
  set(checkpoint, "head.weight", {0, 1, 2});
  set(checkpoint, "head.bias", {0, -1, 0.5F});
  return checkpoint;
}

/// The policy whose mean is 2 h - 3, for actions from -1 to 0.5.
Checkpoint one_number(const TrainConfig& config) {
  Checkpoint checkpoint =
      random_policy(config, {.observation = Box::uniform(-10, 10, {1}), .action = Box::bounds({-1}, {0.5F})});
  set(checkpoint, "body.0.weight", {1});
  set(checkpoint, "body.0.bias", {0});
  set(checkpoint, "head.weight", {2, 0});
  set(checkpoint, "head.bias", {-3, 0});
  return checkpoint;
}

/// The policy whose value is h = max(0, weights . x), for any observations.
Checkpoint seen_value(const TrainConfig& config, const Space& observation, Numbers weights) {
  Checkpoint checkpoint = random_policy(config, {.observation = observation, .action = Discrete{2}});
  set(checkpoint, "body.0.weight", std::move(weights));
  set(checkpoint, "body.0.bias", {0});
  set(checkpoint, "head.weight", {0, 0, 1});
  set(checkpoint, "head.bias", {0, 0, 0});
  return checkpoint;
}

std::int64_t choice(const Action& action) {
  return std::get<std::int64_t>(action);
}

float number(const Action& action) {
  return std::get<std::span<const float>>(action)[0];
}

float value_after(Policy& policy, const Numbers& observation) {
  policy.act(observation);
  return policy.values()[0];
}

Numbers numbers_of(const Action& action) {
  if (const auto* const index = std::get_if<std::int64_t>(&action)) return {static_cast<float>(*index)};
  if (const auto* const floats = std::get_if<std::span<const float>>(&action)) return {floats->begin(), floats->end()};
  Numbers numbers;
  for (const std::int64_t x : std::get<std::span<const std::int64_t>>(action)) numbers.push_back(static_cast<float>(x));
  return numbers;
}

/// Plays episodes with the agent in the environment as a training has them, and requires that a policy chooses what
/// reaches the environment inside of all wrappers, from what it showed there.
void require_same_actions(const TrainConfig& config, const Spaces& spaces, std::size_t mask_size = 0) {
  const Checkpoint checkpoint = random_policy(config, spaces);
  const auto seen = std::make_shared<Seen>();
  Environment environment = world_for(config, spaces, seen, mask_size);
  const auto agents = make_agent_factory(config, environment.spec());
  std::vector<float> parameters = flat_parameters(checkpoint, agents->layout());
  const auto agent = agents->make({.parameters = parameters}, {.observations = 1});
  Numbers observation(flat_size(environment.spec().observation_space));
  Numbers state(agent->state_size());
  ActionArray chosen(environment.spec().action_space, 1);
  Policy policy(checkpoint);
  std::size_t different = 0;
  Numbers before;
  for (std::uint64_t episode = 0; episode < 20; ++episode) {
    environment.reset(episode, observation);
    std::ranges::fill(state, 0.0F);
    policy.begin_episode();
    for (bool ended = false; !ended;) {
      agent->act({.observations = observation, .selection = Selection::greedy, .states = state, .masks = seen->mask},
                 chosen);
      const Numbers action = numbers_of(policy.act(seen->observation, seen->mask));
      ended = environment.step(chosen[0], observation).terminated;
      REQUIRE(action == numbers_of((*seen->action)[0]));
      different += action != before ? 1 : 0;
      before = action;
    }
  }
  CHECK(different > 10);  // what is compared varies
}

}  // namespace

TEST_CASE("a policy takes the action and has the value that are worked out by hand") {
  Policy policy(two_choices());
  CHECK(policy.spaces() == Spaces{.observation = Box::uniform(-10, 10, {1}), .action = Discrete{2}});
  CHECK(std::isnan(policy.values()[0]));
  CHECK(choice(policy.act(Numbers{0.5F})) == 0);
  CHECK(policy.values()[0] == Approx(1.5));
  CHECK(choice(policy.act(Numbers{3})) == 1);
  CHECK(policy.values()[0] == Approx(6.5));
}

TEST_CASE("a mask takes the better action away, and changes no later one") {
  Policy policy(two_choices());
  CHECK(choice(policy.act(Numbers{3}, std::vector<std::uint8_t>{1, 0})) == 0);
  CHECK(choice(policy.act(Numbers{3}, std::vector<std::uint8_t>{1, 1})) == 1);
  CHECK(choice(policy.act(Numbers{3})) == 1);
}

TEST_CASE("the value of action values is the largest of an allowed action") {
  TrainConfig config = one_unit();
  config.algorithm = "n_step_q";
  Checkpoint checkpoint = random_policy(config, {.observation = Box::uniform(-10, 10, {1}), .action = Discrete{2}});
  set(checkpoint, "body.0.weight", {1});
  set(checkpoint, "body.0.bias", {0});
  set(checkpoint, "head.weight", {1, 2});
  set(checkpoint, "head.bias", {0.25F, 0});
  Policy policy(checkpoint, {.sample = 1});  // action values have no probabilities: the best action is taken
  CHECK(choice(policy.act(Numbers{3})) == 1);
  CHECK(policy.values()[0] == Approx(6));
  CHECK(choice(policy.act(Numbers{3}, std::vector<std::uint8_t>{1, 0})) == 0);
  CHECK(policy.values()[0] == Approx(3.25));
}

TEST_CASE("continuous actions are clipped, squashed or rescaled into their bounds by the call that chooses them") {
  SECTION("clipped") {
    Policy policy(one_number(one_unit()));
    CHECK(number(policy.act(Numbers{0.5F})) == -1);             // 2 * 0.5 - 3 = -2
    CHECK(number(policy.act(Numbers{1.25F})) == Approx(-0.5));  // within
    CHECK(number(policy.act(Numbers{9})) == 0.5F);              // 15
  }
  SECTION("squashed") {
    TrainConfig config = one_unit();
    config.squash_actions = true;
    Policy policy(one_number(config));
    CHECK(number(policy.act(Numbers{0.5F})) == Approx(-1 + (std::tanh(-2.0) + 1) / 2 * 1.5));
    CHECK(number(policy.act(Numbers{1.5F})) == Approx(-0.25));  // tanh(0): the middle
    CHECK(number(policy.act(Numbers{9})) == Approx(0.5));
  }
  SECTION("rescaled") {
    TrainConfig config = one_unit();
    config.wrappers = {"rescale_action"};
    Policy policy(one_number(config));
    CHECK(number(policy.act(Numbers{0.5F})) == -1);               // -2, clipped to -1
    CHECK(number(policy.act(Numbers{1.25F})) == Approx(-0.625));  // -0.5, a quarter of the way
    CHECK(number(policy.act(Numbers{9})) == 0.5F);
  }
}

TEST_CASE("what the network sees is made of the caller's observation by the wrappers of the training") {
  TrainConfig config = one_unit();
  SECTION("the second number, at most 2, of the last two observations") {
    config.wrappers = {"mask_observation=1", "clip_observation=2", "frame_stack=2"};
    Policy policy(seen_value(config, Box::uniform(-10, 10, {2}), {1, 10}));
    CHECK(value_after(policy, {7, 1.5F}) == Approx(16.5));  // 1.5 twice
    CHECK(value_after(policy, {7, 5}) == Approx(21.5));     // 1.5 + 10 * 2
    CHECK(value_after(policy, {7, 0}) == Approx(2));
    policy.begin_episode();
    CHECK(value_after(policy, {0, 0.5F}) == Approx(5.5));
  }
  SECTION("one-hot") {
    Policy policy(seen_value(config, Discrete{3}, {1, 10, 100}));
    CHECK(value_after(policy, {2}) == Approx(100));
    CHECK(value_after(policy, {0}) == Approx(1));
  }
  SECTION("normalised to mean 0 and variance 1, within 10") {
    config.normalize_observations = true;
    Checkpoint checkpoint = seen_value(config, Box::uniform(-1e6F, 1e6F, {1}), {1});
    set(checkpoint, "moments.observation_mean", {2});
    set(checkpoint, "moments.observation_variance", {4});
    Policy policy(checkpoint);
    CHECK(value_after(policy, {5}) == Approx(1.5));
    CHECK(value_after(policy, {1000}) == Approx(10));
  }
}

TEST_CASE("what changes the environment's answers alone is left to the environment") {
  TrainConfig config = one_unit();
  config.wrappers = {"action_repeat=4", "frame_stack=2", "sticky_actions=0.9"};
  Policy policy(seen_value(config, Box::uniform(-10, 10, {1}), {1, 10}));
  CHECK(value_after(policy, {1}) == Approx(11));
  CHECK(value_after(policy, {2}) == Approx(21));
  CHECK(value_after(policy, {3}) == Approx(32));

  config.wrappers = {"action_repeat=4", "sticky_actions=1"};
  Checkpoint sticky = two_choices();
  sticky.config = to_toml(config);
  Policy free(sticky);
  CHECK(choice(free.act(Numbers{0.5F})) == 0);
  CHECK(choice(free.act(Numbers{3})) == 1);

  config.wrappers = {"frame_stack=2", "action_repeat=4"};
  const Checkpoint between = seen_value(config, Box::uniform(-10, 10, {1}), {1, 10});
  CHECK(contains(error_of<Error>([&] { Policy{between}; }), "frame_stack inside action_repeat"));
}

TEST_CASE("a policy acts as the agent of the training does, for every kind of space, network and wrapper") {
  struct Kind {
    std::string name;
    Spaces spaces;
  };
  const Space box = Box::uniform(-2, 2, {3});
  const Kind kind = GENERATE_COPY(from_range(std::vector<Kind>{
      {"choices", {.observation = box, .action = Discrete{4}}},
      {"numbers", {.observation = box, .action = Box::bounds({-1, -0.2F}, {0.1F, 2})}},
      {"several choices", {.observation = box, .action = MultiDiscrete{{3, 2}}}},
      {"switches", {.observation = MultiBinary{3}, .action = MultiBinary{3}}},
      {"choices, of a state's index", {.observation = Discrete{5}, .action = Discrete{3}}},
      {"numbers, of several indices", {.observation = MultiDiscrete{{2, 3}}, .action = Box::bounds({-1}, {1})}}}));
  const bool numbers = std::holds_alternative<Box>(kind.spaces.action);
  const std::string with = GENERATE("nothing more", "lstm", "gru", "separate trunks", "normalised observations",
                                    "stacked frames", "action values", "squashed", "rescaled", "masks");
  TrainConfig config{.environment = "Thing-v0", .hidden = {8}};
  std::size_t mask_size = 0;
  if (with == "lstm" || with == "gru") config.memory = with;
  if (with == "separate trunks") config.trunks = "separate";
  if (with == "normalised observations") config.normalize_observations = true;
  if (with == "stacked frames") {
    if (std::holds_alternative<MultiBinary>(kind.spaces.observation)) return;  // frame_stack is for a Box
    config.wrappers = {"frame_stack=3"};
  }
  if (with == "action values") {
    if (!std::holds_alternative<Discrete>(kind.spaces.action)) return;
    config.algorithm = "one_step_q";
  }
  if (with == "squashed" || with == "rescaled") {
    if (!numbers) return;
    config.squash_actions = with == "squashed";
    if (with == "rescaled") config.wrappers = {"rescale_action"};
  }
  if (with == "masks") {
    if (option_counts(kind.spaces.action).empty()) return;
    mask_size = sounder::mask_size(kind.spaces.action);
  }
  INFO(kind.name << " with " << with);

  require_same_actions(config, kind.spaces, mask_size);
}

TEST_CASE("streams have episodes of their own, and act as policies of one stream do") {
  const Spaces spaces{.observation = Box::uniform(-2, 2, {3}), .action = Box::uniform(-1, 1, {2})};
  TrainConfig config{.environment = "Thing-v0", .hidden = {8}};
  config.wrappers = {"frame_stack=2"};
  config.memory = "gru";
  Checkpoint checkpoint = random_policy(config, spaces);
  for (Tensor& tensor : checkpoint.parameters) {  // a tame recurrence, which does not amplify rounding
    for (float& x : tensor.values) x *= 0.3F;
  }
  constexpr std::size_t kStreams = 3;
  Policy together(checkpoint, {.streams = kStreams});
  CHECK(together.streams() == kStreams);
  std::vector<Policy> alone;
  for (std::size_t i = 0; i < kStreams; ++i) alone.emplace_back(checkpoint);
  Rng rng(3);
  for (int step = 0; step < 30; ++step) {
    if (step == 10) {
      together.begin_episode(1);
      alone[1].begin_episode();
    }
    if (step == 20) {
      together.begin_episode();
      for (Policy& policy : alone) policy.begin_episode();
    }
    Numbers observations(kStreams * 3);
    for (float& x : observations) x = static_cast<float>(rng.uniform(-2, 2));
    const ActionArray& actions = together.act_all(observations);
    for (std::size_t i = 0; i < kStreams; ++i) {
      const Numbers expected = numbers_of(alone[i].act(std::span(observations).subspan(3 * i, 3)));
      CAPTURE(step, i);
      for (std::size_t a = 0; a < 2; ++a) REQUIRE(actions.continuous(i)[a] == Approx(expected[a]).margin(1e-4));
      REQUIRE(together.values()[i] == Approx(alone[i].values()[0]).margin(1e-4));
    }
  }
  CHECK(contains(error_of<UsageError>([&] { together.begin_episode(3); }), "expected a stream below 3; got 3"));
  CHECK(contains(error_of<UsageError>([&] { together.act(Numbers(3)); }), "use act_all()"));
}

TEST_CASE("sampled actions have the policy's probabilities, and a seed of their own") {
  Checkpoint checkpoint = two_choices();
  set(checkpoint, "head.bias", {0, std::log(3.0F), 0});  // of an observation below 0: 1/4 and 3/4
  const auto draw = [&](std::uint64_t seed) {
    Policy policy(checkpoint, {.sample = seed});
    std::vector<std::int64_t> drawn;
    for (int i = 0; i < 10'000; ++i) drawn.push_back(choice(policy.act(Numbers{-1})));
    return drawn;
  };
  const auto first = draw(1);
  CHECK(static_cast<double>(std::ranges::count(first, 1)) == Approx(7'500).margin(200));
  CHECK(first == draw(1));
  CHECK(first != draw(2));

  Policy streams(checkpoint, {.streams = 2, .sample = 1});
  bool differ = false;
  for (int i = 0; i < 100; ++i) {
    const ActionArray& actions = streams.act_all(Numbers{-1, -1});
    differ = differ || actions.discrete(0)[0] != actions.discrete(1)[0];
  }
  CHECK(differ);
}

TEST_CASE("observations and masks of a wrong size, and numbers that are none, are refused and change nothing") {
  TrainConfig config = one_unit();
  config.wrappers = {"frame_stack=2"};
  Policy policy(seen_value(config, Box::uniform(-10, 10, {2}), {1, 0, 10, 0}));
  CHECK(value_after(policy, {1, 0}) == Approx(11));
  CHECK(contains(error_of<UsageError>([&] { policy.act(Numbers{1}); }),
                 "expected 2 numbers, an observation of Box(-10, 10, [2]); got 1"));
  CHECK(contains(error_of<UsageError>([&] { policy.act(Numbers{1, 2, 3}); }), "got 3"));
  CHECK(contains(error_of<UsageError>([&] { policy.act({}); }), "got 0"));
  CHECK(contains(error_of<Error>([&] { policy.act(Numbers{1, kNan}); }), "number 1 is nan"));
  CHECK(contains(error_of<Error>([&] { policy.act(Numbers{-kInfinity, 0}); }), "number 0 is -inf"));
  const auto with_mask = [&](std::vector<std::uint8_t> mask) {
    return error_of<UsageError>([&] { policy.act(Numbers{5, 5}, mask); });
  };
  CHECK(contains(with_mask({1}), "expected a mask of 2 numbers"));
  CHECK(contains(with_mask({1, 1, 1}), "got 3"));
  CHECK(contains(with_mask({0, 0}), "allows none"));
  CHECK(value_after(policy, {2, 0}) == Approx(21));      // 1 + 10 * 2: none of those was seen
  CHECK(value_after(policy, {100, 0}) == Approx(1002));  // beyond its bounds: the caller's affair

  Policy index(seen_value(one_unit(), Discrete{3}, {1, 1, 1}));
  for (const float wrong : {3.0F, -1.0F, 0.5F}) {
    CHECK(contains(error_of<Error>([&] { index.act(Numbers{wrong}); }), "expected an element of Discrete(3)"));
  }
  CHECK(contains(error_of<Error>([&] { index.act(Numbers{kNan}); }), "number 0 is nan"));

  Policy continuous(one_number(one_unit()));
  CHECK(contains(error_of<UsageError>([&] { continuous.act(Numbers{1}, std::vector<std::uint8_t>{1}); }),
                 "expected no mask"));

  Policy two(two_choices(), {.streams = 2});
  CHECK(
      contains(error_of<UsageError>([&] { two.act_all(Numbers{1}); }), "expected 2 numbers, 1 for each of 2 streams"));
  CHECK(contains(error_of<Error>([&] { two.act_all(Numbers{1, kNan}); }), "of stream 1; number 0 is nan"));
}

TEST_CASE("an action that is not finite is an error instead") {
  Checkpoint checkpoint = one_number(one_unit());
  set(checkpoint, "head.weight", {-2, 0});
  set(checkpoint, "body.0.weight", {1e30F});
  Policy policy(checkpoint);
  CHECK(number(policy.act(Numbers{1})) == -1);  // huge, but clipped
  set(checkpoint, "head.weight", {0, 0});       // 0 * infinity
  Policy undefined(checkpoint);
  CHECK(contains(error_of<Error>([&] { undefined.act(Numbers{1e20F}); }), "not finite"));
}

TEST_CASE("a policy is loaded from a run's best checkpoint or from a file, and saved as it was") {
  const test::TemporaryFolder folder;
  const Checkpoint checkpoint = two_choices();
  std::filesystem::create_directories(folder / "run/checkpoints");
  save_checkpoint(folder / "run/checkpoints/7.safetensors", checkpoint);
  std::filesystem::create_symlink("7.safetensors", folder / "run/checkpoints/best");
  Policy policy = Policy::load(folder / "run");
  CHECK(policy.checkpoint() == checkpoint);
  policy.save(folder / "copy.safetensors");
  Policy copy = Policy::load(folder / "copy.safetensors");
  CHECK(copy.checkpoint() == checkpoint);
  CHECK(choice(copy.act(Numbers{3})) == 1);
  Policy moved = std::move(copy);
  CHECK(choice(moved.act(Numbers{0.5F})) == 0);
  policy = std::move(moved);
  CHECK(value_after(policy, {3}) == Approx(6.5));

  CHECK(contains(error_of<Error>([&] { Policy::load(folder / "nothing"); }), "there is no"));
  CHECK(contains(error_of<UsageError>([&] { Policy::load(folder / "run", {.streams = 0}); }), "expected 1 to"));
  Checkpoint broken = checkpoint;
  broken.network = "mlp of another kind";
  save_checkpoint(folder / "broken.safetensors", broken);
  const std::string message = error_of<Error>([&] { Policy::load(folder / "broken.safetensors"); });
  CHECK(contains(message, "broken.safetensors: "));
  CHECK(contains(message, "mlp of another kind"));
}

TEST_CASE("a stored checkpoint solves its task, and one of format 1 is refused with what to do") {
  const std::filesystem::path stored = std::filesystem::path(SOUNDER_TEST_DATA) / "checkpoints";
  Policy policy = Policy::load(stored / "2-a3c.safetensors");
  Environment environment = Registry::with_builtins().make("CartPole-v1");
  CHECK(policy.spaces().observation == environment.spec().observation_space);
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    Numbers observation(4);
    environment.reset(seed, observation);
    policy.begin_episode();
    StepResult result{.reward = 0, .terminated = false};
    float sum = 0;
    while (!result.terminated && !result.truncated) {
      result = environment.step(policy.act(observation), observation);
      sum += result.reward;
    }
    CHECK(sum == 500);
  }
  const std::string message = error_of<Error>([&] { Policy::load(stored / "1-a3c.safetensors"); });
  CHECK(contains(message, "1-a3c.safetensors: it is of format 1"));
  CHECK(contains(message, "train --resume RUN"));
}

#ifdef SOUNDER_WITH_TORCH
TEST_CASE("a policy of convolutions acts as the agent of the training does") {
  TrainConfig config{.environment = "Thing-v0", .network = "cnn", .hidden = {8}};
  config.wrappers = {"frame_stack=2"};
  config.channels = {2};
  require_same_actions(config, {.observation = Box::uniform(0, 1, {1, 6, 6}), .action = Discrete{4}});
}
#else
TEST_CASE("a policy of convolutions says that it needs LibTorch's module where there is none") {
  Checkpoint checkpoint = two_choices();
  TrainConfig config;
  apply_toml(config, checkpoint.config, "test");
  config.network = "cnn";
  checkpoint.config = to_toml(config);
  checkpoint.spaces = spaces_json({.observation = Box::uniform(0, 1, {6, 6}), .action = Discrete{2}});
  CHECK(contains(error_of<Error>([&] { Policy{checkpoint}; }), "sounder_torch.so is missing"));
}
#endif

namespace {

/// Changes one part of a checkpoint at random, or none.
void mutate(Checkpoint& checkpoint, Rng& rng) {
  const auto edit = [&](std::string& text) {
    for (std::int64_t edits = 1 + rng.below(4); edits > 0 && !text.empty(); --edits) {
      const auto at = static_cast<std::size_t>(rng.below(static_cast<std::int64_t>(text.size())));
      const auto from = static_cast<std::size_t>(rng.below(static_cast<std::int64_t>(text.size())));
      switch (rng.below(3)) {
        case 0:
          text[at] = static_cast<char>(rng.below(256));
          break;
        case 1:
          text[at] = text[from];
          break;
        default:
          text.erase(at, static_cast<std::size_t>(1 + rng.below(20)));
      }
    }
  };
  const auto set_key = [&](const char* key, const char* value) {
    TrainConfig config;
    try {
      apply_toml(config, checkpoint.config, "test");
      set_config(config, key, value);
      checkpoint.config = to_toml(config);
    } catch (const UsageError&) {  // it was edited before
    }
  };
  Tensor& tensor =
      checkpoint
          .parameters[static_cast<std::size_t>(rng.below(static_cast<std::int64_t>(checkpoint.parameters.size())))];
  switch (rng.below(9)) {
    case 0:
      return edit(checkpoint.config);
    case 1:
      return edit(checkpoint.spaces);
    case 2:
      return edit(checkpoint.network);
    case 3:
      return edit(checkpoint.action_space);
    case 4:
      return edit(tensor.name);
    case 5:
      if (!tensor.shape.empty()) tensor.shape[0] += rng.below(5) - 2;
      return;
    case 6: {
      static constexpr const char* kWrappers[] = {"frame_stack=2",
                                                  "frame_stack=1000",
                                                  "action_repeat=3",
                                                  "mask_observation=1",
                                                  "one_hot_observation",
                                                  "rescale_action",
                                                  "clip_observation=0",
                                                  "frame_stack=2;frame_stack=2",
                                                  "nothing=1"};
      return set_key("wrappers", kWrappers[rng.below(std::ssize(kWrappers))]);
    }
    case 7: {
      static constexpr const char* kKeys[][2] = {{"hidden", "8192,8192"},   {"hidden", "3"},
                                                 {"memory", "lstm"},        {"squash_actions", "true"},
                                                 {"algorithm", "n_step_q"}, {"normalize_observations", "true"},
                                                 {"network", "cnn"},        {"network", "mine"},
                                                 {"trunks", "separate"},    {"policy_std", "network"}};
      const auto& [key, value] = kKeys[rng.below(std::ssize(kKeys))];
      return set_key(key, value);
    }
    default:
      for (float& x : tensor.values) x = static_cast<float>(rng.uniform(-1e3, 1e3));
  }
}

}  // namespace

TEST_CASE("of 3,000 mutated checkpoints, each is refused with an error or acts within the action space") {
  const Checkpoint numbers =
      random_policy({.environment = "Thing-v0", .hidden = {4}},
                    {.observation = Box::uniform(-2, 2, {2}), .action = Box::bounds({-1, 0}, {1, 3})});
  const Checkpoint choices =
      random_policy({.environment = "Thing-v0", .hidden = {4}, .memory = "gru", .memory_units = 3},
                    {.observation = MultiDiscrete{{2, 3}}, .action = MultiDiscrete{{3, 2}}});
  Rng rng(5);
  int refused = 0;
  int acted = 0;
  for (int i = 0; i < 3'000; ++i) {
    CAPTURE(i);
    Checkpoint checkpoint = i % 2 == 0 ? numbers : choices;
    for (std::int64_t count = 1 + rng.below(2); count > 0; --count) mutate(checkpoint, rng);
    try {
      Policy policy(checkpoint, {.streams = static_cast<std::size_t>(1 + rng.below(3))});
      const Numbers observations(policy.streams() * flat_size(policy.spaces().observation), 1.0F);
      for (int step = 0; step < 3; ++step) {
        const ActionArray& actions = policy.act_all(observations);
        for (std::size_t stream = 0; stream < policy.streams(); ++stream) {
          REQUIRE(sounder::contains(policy.spaces().action, numbers_of(actions[stream])));
        }
      }
      ++acted;
    } catch (const Error& error) {
      REQUIRE(std::string_view(error.what()).size() > 10);
      ++refused;
    }
  }
  CHECK(refused > 1'000);
  CHECK(acted > 300);
}

TEST_CASE("a policy acts with parameters that were changed, and its checkpoint has them") {
  Policy policy(two_choices());
  CHECK(value_after(policy, {3}) == 6.5F);
  const std::span<float> parameters = policy.parameters();
  REQUIRE(parameters.size() == policy.agents().layout().size);
  CHECK(policy.agents().layout().blocks[0].name == "body.0.weight");
  Policy moved = std::move(policy);
  parameters[0] = 2;  // h = max(0, 2 x)
  moved.parameters_changed();
  CHECK(value_after(moved, {3}) == 12.5F);
  CHECK(moved.checkpoint().parameters[0].values == Numbers{2});
  Policy again(moved.checkpoint());
  CHECK(value_after(again, {3}) == 12.5F);
}

TEST_CASE("observations and masks of every other size are refused") {
  const Checkpoint checkpoint =
      random_policy({.environment = "Thing-v0", .hidden = {4}},
                    {.observation = Box::uniform(-2, 2, {5}), .action = MultiDiscrete{{3, 2}}});
  const std::size_t streams = GENERATE(std::size_t{1}, std::size_t{4});
  Policy policy(checkpoint, {.streams = streams});
  for (std::size_t size = 0; size < 50; ++size) {
    CAPTURE(size);
    const Numbers observations(size);  // exactly as large as it says, which AddressSanitizer watches
    const std::vector<std::uint8_t> mask(size, 1);
    const Numbers right(streams * 5);
    if (size == streams * 5) {
      CHECK_NOTHROW(policy.act_all(observations, mask));  // a mask has as many numbers here
    } else {
      REQUIRE_THROWS_AS(policy.act_all(observations), UsageError);
      if (size > 0) REQUIRE_THROWS_AS(policy.act_all(right, mask), UsageError);
    }
  }
}

}  // namespace sounder
