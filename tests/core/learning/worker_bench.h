#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "core/learning/worker.h"
#include "core/sharing/hogwild/averaged.h"
#include "tests/core/learning/fake_agents.h"

namespace sounder::fakes {

/// The arguments of learn().
struct Learnt {
  std::vector<float> clocks;  ///< first number of each observation: steps since the reset
  std::vector<float> marks;   ///< second number: identifies the episode
  std::vector<float> rewards;
  std::vector<std::int64_t> actions;
  std::vector<StepEnd> ends;
  std::vector<std::size_t> bootstrap_rows;
  std::vector<float> bootstrap_clocks;
  std::vector<float> bootstrap_marks;
  std::vector<std::uint8_t> masks;
  std::vector<std::uint8_t> bootstrap_masks;
  std::vector<float> parameters;
};

inline Learnt record(const Rollout& rollout, std::span<const float> parameters) {
  Learnt learnt{.ends = {rollout.ends().begin(), rollout.ends().end()},
                .bootstrap_rows = {rollout.bootstrap_rows().begin(), rollout.bootstrap_rows().end()},
                .masks = {rollout.masks().begin(), rollout.masks().end()},
                .bootstrap_masks = {rollout.bootstrap_masks().begin(), rollout.bootstrap_masks().end()},
                .parameters = {parameters.begin(), parameters.end()}};
  for (std::size_t t = 0; t < rollout.size(); ++t) {
    learnt.clocks.push_back(rollout.observation(t)[0]);
    learnt.marks.push_back(rollout.observation(t)[1]);
    learnt.rewards.push_back(rollout.rewards()[t]);
    learnt.actions.push_back(rollout.actions().discrete(t)[0]);
  }
  const auto bootstraps = rollout.bootstrap_observations();
  for (std::size_t i = 0; i < bootstraps.size(); i += 2) {
    learnt.bootstrap_clocks.push_back(bootstraps[i]);
    learnt.bootstrap_marks.push_back(bootstraps[i + 1]);
  }
  return learnt;
}

/// The sharing scheme of a bench, with the bench's own parts.
class BenchSharing final : public Sharing {
 public:
  struct Parts {
    ParameterStore& store;
    std::vector<SharedArray>& own_statistics;
    UpdateSettings update;
    TargetParameters* target;
    GradientPool* pool;
  };
  explicit BenchSharing(Parts parts) : parts_(std::move(parts)) {}

  std::unique_ptr<Port> port(std::size_t, const Replica& replica) override {
    const HogwildPort::Parts port{.store = parts_.store,
                                  .target = parts_.target,
                                  .update = parts_.update,
                                  .own_statistics = parts_.own_statistics,
                                  .replica = replica};
    if (parts_.pool != nullptr) return std::make_unique<AveragedPort>(port, *parts_.pool);
    return std::make_unique<HogwildPort>(port);
  }
  Pace pace() const noexcept override { return Pace::free; }
  std::int64_t step() const noexcept override { return parts_.store.steps(); }
  std::uint64_t updates() const noexcept override { return parts_.store.updates(); }
  Snapshot snapshot() const override { return {.parameters = parts_.store.snapshot().parameters}; }
  void restore(const Checkpoint&) override {}
  void measure(Measures&) const override {}
  std::span<float> quiescent_view() override { return parts_.store.quiescent_view(); }

 private:
  Parts parts_;
};

/// One worker with everything that it needs. Its gradients are (2, 2, 1) by default, of norm 3.
struct WorkerBench {
  std::size_t size = 3;                    ///< parameters
  std::vector<MomentsBlock> moments = {};  ///< located among the parameters
  std::vector<Learnt> learnt = {};
  std::function<void(std::span<float> gradient, LossSums& losses)> change = [](std::span<float>, LossSums&) {};
  Behaviour behaviour = {};
  FakeEnvironment::Options environment = {};
  WorkerSettings settings{.seed = 7, .total_steps = 1'000'000, .rollout = 4, .environments = 1};
  UpdateSettings update{.optimizer = {.rule = MomentumSgd{.momentum = 0}, .owner = StatisticsOwner::shared},
                        .schedule = {.initial = 1, .anneal_steps = 0},
                        .max_gradient_norm = 100};
  std::int64_t index = 3;
  TargetParameters* target = nullptr;
  GradientPool* pool = nullptr;
  const std::atomic<bool>* stop = nullptr;
  std::function<void()> after_step = {};

  void make() {
    behaviour.size = size;
    behaviour.learn = [this](const Rollout& rollout, std::span<const float> parameters, std::span<float> gradient) {
      learnt.push_back(record(rollout, parameters));
      std::ranges::fill(gradient, 0.0F);
      gradient[0] = 2;
      gradient[1] = 2;
      gradient[2] = 1;
      LossSums losses{.policy = 1, .value = 2, .entropy = 3};
      change(gradient, losses);
      return losses;
    };
    behaviour.has_target = target != nullptr;
    agents = std::make_unique<FakeAgents>(behaviour);
    if (update.optimizer.owner == StatisticsOwner::worker) {
      own_statistics.assign(update.optimizer.statistic_names().size(), SharedArray(size));
    }
    sharing = std::make_unique<BenchSharing>(BenchSharing::Parts{
        .store = store, .own_statistics = own_statistics, .update = update, .target = target, .pool = pool});
    worker = std::make_unique<Worker>(Worker::Parts{.index = index,
                                                    .make_environment = environments(environment),
                                                    .agents = *agents,
                                                    .sharing = *sharing,
                                                    .settings = settings,
                                                    .clock = clock,
                                                    .stop = stop,
                                                    .after_step = after_step});
  }
  void run(int rollouts) {
    if (!worker) make();
    for (int i = 0; i < rollouts; ++i) worker->run_once();
  }
  std::vector<float> parameters() const {
    std::vector<float> pulled(size);
    store.pull(pulled);
    return pulled;
  }
  std::vector<EpisodeRecord> episodes() {
    std::vector<EpisodeRecord> collected;
    worker->mailbox().collect(collected);
    return collected;
  }

  ParameterStore store{size, 1, WriteMode::relaxed, moments};
  std::vector<SharedArray> own_statistics = {};
  Stopwatch clock{0};
  std::unique_ptr<BenchSharing> sharing = {};
  std::unique_ptr<FakeAgents> agents = {};
  std::unique_ptr<Worker> worker = {};
};

}  // namespace sounder::fakes
