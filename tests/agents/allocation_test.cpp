// Counts allocations by replacing the global operator new. A separate program, so that other tests are unaffected.
#include <atomic>
#include <cstdlib>
#include <new>

#include "agents/factory.h"
#include "agents/policy.h"
#include "core/running/worker_group.h"
#include "core/sharing/store/shared_array.h"
#include "envs/registry.h"
#include "tests/agents/saved_policies.h"
#include "tests/catch.h"
#include "tests/core/config/choices.h"

namespace {

std::atomic<std::int64_t> allocations{0};

void* allocate(std::size_t size, std::size_t alignment) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  void* const memory = alignment <= alignof(std::max_align_t)
                           ? std::malloc(size)
                           : std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

void* operator new(std::size_t size) {
  return allocate(size, 1);
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  return allocate(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  std::free(memory);
}

namespace sounder {
namespace {

/// Counts the allocations of warm workers' rollouts, including the trainer's part, collecting episodes.
std::int64_t allocations_of(const TrainConfig& config) {
  constexpr int kRollouts = 500;
  const Registry registry = Registry::with_builtins();
  const auto make_environment = [&] { return registry.make_for_policy(config.environment); };
  const auto agents = make_agent_factory(config, make_environment().spec());
  WorkerGroup group(config, make_environment, *agents);
  std::vector<EpisodeRecord> episodes;
  episodes.reserve(100'000);
  const auto run = [&] {
    for (int i = 0; i < kRollouts; ++i) {
      const bool rounds = group.sharing().pace() == Pace::rounds;
      for (std::size_t w = 0; w < group.size(); ++w) {
        group.worker(w).learn_once();
        if (!rounds) group.worker(w).contribute();
        if (i % 50 == 0) group.worker(w).mailbox().collect(episodes);
      }
      if (rounds) group.end_round();
    }
  };
  run();
  const std::int64_t before = allocations.load();
  run();
  return allocations.load() - before;
}

TEST_CASE("the counter detects allocations") {
  const std::int64_t before = allocations.load();
  const auto number = std::make_unique<int>(1);
  const auto aligned = std::make_unique<SharedArray>(1);
  CHECK(allocations.load() >= before + 3);
}

TEST_CASE("a warm worker of every algorithm allocates nothing, nor do its target parameters") {
  TrainConfig config;
  config.environment = "CartPole-v1";
  config.backend = "fused";
  config.algorithm = GENERATE(from_range(algorithm_names()));
  config.workers = 1;
  config.envs_per_worker = GENERATE(1, 16);
  config.target_interval = 200;
  config.steps = 100'000'000;
  INFO(config.algorithm << ", " << config.envs_per_worker << " environments");
  CHECK(allocations_of(config) == 0);
}

TEST_CASE("a warm worker allocates nothing, step by step or rollout by rollout") {
  TrainConfig config;
  config.environment = GENERATE("CartPole-v1", "Pendulum-v1");
  config.backend = "fused";
  config.memory = GENERATE(from_range(test::choices_of("memory", known_fields())));
  config.memory_units = 32;
  config.workers = 1;
  config.envs_per_worker = GENERATE(1, 16);
  config.rollout = GENERATE(5, 20);
  config.optimizer = GENERATE(from_range(test::choices_of("optimizer")));
  config.steps = 100'000'000;
  config.learning_rate = 1e-4;  // episodes stay short: many of them end while it counts
  INFO(config.environment << ", memory " << config.memory << ", " << config.envs_per_worker
                          << " environments, rollouts of " << config.rollout);
  CHECK(allocations_of(config) == 0);
}

TEST_CASE("a warm worker allocates nothing when it updates blocks of any choice") {
  TrainConfig config;
  config.environment = "CartPole-v1";
  config.backend = "fused";
  config.workers = 1;
  config.blocks = "neuron";
  config.block_choice = GENERATE(from_range(test::choices_of("block_choice")));
  config.blocks_per_update = GENERATE(0, 1, 60);
  config.block_rates = "body.*=0.5";
  config.steps = 100'000'000;
  INFO(config.block_choice << ", " << config.blocks_per_update << " blocks");
  CHECK(allocations_of(config) == 0);
}

TEST_CASE("a warm worker allocates nothing when gradients are averaged and moments merged") {
  TrainConfig config;
  config.environment = "CartPole-v1";
  config.backend = "fused";
  config.workers = 1;
  config.gradients_per_update = 3;
  config.staleness_aware = true;
  config.normalize_observations = config.normalize_rewards = true;
  config.steps = 100'000'000;
  CHECK(allocations_of(config) == 0);
}

TEST_CASE("warm workers allocate nothing when they are peers") {
  TrainConfig config;
  config.environment = "CartPole-v1";
  config.backend = "fused";
  config.workers = 4;
  config.sharing = "peers";
  config.tracking = GENERATE(from_range(test::choices_of("tracking")));
  config.peers = GENERATE(2, 4);
  config.mixing = "metropolis";
  config.link_probability = 0.5;
  config.normalize_observations = true;
  config.steps = 100'000'000;
  INFO("tracking " << config.tracking << ", " << config.peers << " peers");
  CHECK(allocations_of(config) == 0);
}

TEST_CASE("a warm worker allocates nothing when it is a parameter server's client") {
  TrainConfig config;
  config.environment = "CartPole-v1";
  config.algorithm = GENERATE("a3c", "n_step_q");
  config.backend = "fused";
  config.workers = 1;
  config.sharing = "server";
  config.shards = 4;
  config.fetch_every = GENERATE(1, 3);
  config.push_every = GENERATE(1, 2);
  config.optimizer = "adagrad";
  config.target_interval = 200;
  config.normalize_observations = true;
  config.steps = 100'000'000;
  INFO(config.algorithm << ", fetch every " << config.fetch_every << ", push every " << config.push_every);
  CHECK(allocations_of(config) == 0);
}

TEST_CASE("a policy's action allocates nothing") {
  const bool numbers = GENERATE(false, true);
  const std::size_t streams = GENERATE(1, 3);
  Spaces spaces{.observation = Box::uniform(-2, 2, {4}), .action = Discrete{3}};
  TrainConfig config{.environment = "Thing-v0", .wrappers = {"frame_stack=2"}};
  if (numbers) {
    spaces.action = Box::uniform(-1, 1, {2});
    config.wrappers = {"mask_observation=0,2", "frame_stack=2", "rescale_action"};
    config.squash_actions = true;
    config.memory = "lstm";
    config.normalize_observations = true;
  }
  Policy policy(test::random_policy(config, spaces), {.streams = streams, .sample = 1});
  const std::vector<float> observations(streams * 4, 0.5F);
  const std::vector<std::uint8_t> mask(numbers ? 0 : streams * 3, 1);
  const std::int64_t before = allocations.load();
  for (int i = 0; i < 100; ++i) {
    if (i % 10 == 0) policy.begin_episode();
    if (streams == 1) policy.act(observations, mask);
    policy.act_all(observations, mask);
  }
  CHECK(allocations.load() == before);
}

}  // namespace
}  // namespace sounder
