// The seam that sharing schemes stand behind: schemes of this test's own, in a run as it is.
#include "core/sharing/sharing.h"

#include <algorithm>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "core/checkpoint/contents.h"
#include "core/learning/worker.h"
#include "core/sharing/update.h"
#include "envs/error.h"
#include "tests/catch.h"
#include "tests/core/running/trainer_bench.h"

using namespace sounder;
using namespace sounder::fakes;

namespace {

using Floats = std::vector<float>;

/// A scheme in which nothing is shared: each worker has parameters of its own, which plain gradient descent changes.
/// What is evaluated and saved is their mean.
class Alone final : public Sharing {
 public:
  Alone(const TrainConfig& config, const AgentFactory& agents)
      : layout_(agents.layout()), schedule_(make_schedule(config)) {
    const Floats initial = agents.initial_parameters(static_cast<std::uint64_t>(config.seed));
    own_.assign(static_cast<std::size_t>(config.workers), initial);
    mean_ = initial;
  }

  std::unique_ptr<Port> port(std::size_t worker, const Replica& replica) override {
    return std::make_unique<AlonePort>(*this, worker, replica);
  }
  Pace pace() const noexcept override { return Pace::free; }
  std::int64_t step() const noexcept override { return step_; }
  std::uint64_t updates() const noexcept override { return updates_; }
  Snapshot snapshot() const override {
    const std::lock_guard lock(mutex_);
    Snapshot snapshot{.parameters = mean(), .step = step_, .updates = updates_, .consistent = true};
    for (std::size_t i = 0; i < own_.size(); ++i) {
      snapshot.tensors.push_back({.name = name(i), .shape = shape(), .values = own_[i]});
    }
    return snapshot;
  }
  void restore(const Checkpoint& checkpoint) override {
    for (std::size_t i = 0; i < own_.size(); ++i) {
      own_[i] = find_tensor(checkpoint.statistics, name(i), shape()).values;
    }
    step_ = checkpoint.progress.step;
    updates_ = static_cast<std::uint64_t>(checkpoint.progress.updates);
  }
  void measure(Measures& measures) const override {
    measures.push_back({.name = "alone/workers", .unit = "workers", .value = static_cast<double>(own_.size())});
  }
  std::span<float> quiescent_view() override { return mean_ = mean(); }

 private:
  class AlonePort final : public Port {
   public:
    AlonePort(Alone& scheme, std::size_t worker, const Replica& replica)
        : scheme_(scheme), parameters_(scheme.own_[worker]), replica_(replica) {}
    Fetched fetch() override {
      const std::lock_guard lock(scheme_.mutex_);
      std::ranges::copy(parameters_, replica_.parameters.begin());
      return {.parameters = true, .target = false, .step = scheme_.step_};
    }
    Given give(const Contribution& contribution) override {
      const std::lock_guard lock(scheme_.mutex_);
      const float rate = scheme_.schedule_.at(scheme_.step_);
      scheme_.step_ += contribution.steps;
      if (!contribution.usable) return {.step = scheme_.step_};
      for (std::size_t i = 0; i < parameters_.size(); ++i) parameters_[i] -= rate * contribution.gradient[i];
      ++scheme_.updates_;
      return {.step = scheme_.step_, .updates = 1, .gradient_norm = contribution.norm};
    }
    void merge(const MomentsBlock&, MomentsBatch&) override {}
    void forget() noexcept override {}

   private:
    Alone& scheme_;
    Floats& parameters_;
    Replica replica_;
  };

  static std::string name(std::size_t worker) { return "worker" + std::to_string(worker) + "/parameters"; }
  Shape shape() const { return {static_cast<std::int64_t>(layout_.size)}; }
  Floats mean() const {
    Floats sum(layout_.size);
    for (const Floats& own : own_) {
      for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += own[i] / static_cast<float>(own_.size());
    }
    return sum;
  }

  const ParameterLayout& layout_;
  LearningRateSchedule schedule_;
  mutable std::mutex mutex_;
  std::vector<Floats> own_;  // [workers]
  Floats mean_;
  std::atomic<std::int64_t> step_{0};
  std::atomic<std::uint64_t> updates_{0};
};

/// Workers that learn alone, on one thread so that a seed determines all.
TrainerBench alone() {
  TrainerBench bench;
  bench.config.workers = 4;
  bench.config.threads = 1;
  bench.config.evaluation_interval = 300;
  bench.environment.length = [](std::uint64_t) { return 4; };  // as a rollout: a run can be taken up at each
  bench.make_sharing = [](const TrainConfig& config, const AgentFactory& agents) {
    return std::make_unique<Alone>(config, agents);
  };
  return bench;
}

/// A scheme whose ports do as a test says, one after the other's rollout, and note what they are asked for.
struct Script {
  std::function<Fetched()> fetch = [this] { return Fetched{.parameters = true, .target = false, .step = step}; };
  std::function<Given(const Contribution&)> give = [this](const Contribution& contribution) {
    return Given{.step = step += contribution.steps};
  };
  std::function<bool(const std::string& worker)> ready = [](const std::string&) { return true; };
  Pace pace = Pace::free;
  std::vector<std::string> calls = {};
  std::int64_t step = 0;
};

class Scripted final : public Sharing {
 public:
  Scripted(Script& script, const AgentFactory& agents) : script_(script), parameters_(agents.layout().size) {}
  std::unique_ptr<Port> port(std::size_t worker, const Replica&) override {
    return std::make_unique<ScriptedPort>(script_, std::to_string(worker));
  }
  Pace pace() const noexcept override { return script_.pace; }
  std::int64_t step() const noexcept override { return script_.step; }
  std::uint64_t updates() const noexcept override { return 0; }
  Snapshot snapshot() const override { return {.parameters = parameters_, .step = script_.step}; }
  void restore(const Checkpoint&) override {}
  void measure(Measures&) const override {}
  std::span<float> quiescent_view() override { return parameters_; }

 private:
  class ScriptedPort final : public Port {
   public:
    ScriptedPort(Script& script, std::string name) : script_(script), name_(std::move(name)) {}
    bool ready() const noexcept override { return script_.ready(name_); }
    Fetched fetch() override {
      script_.calls.push_back("fetch " + name_);
      return script_.fetch();
    }
    Given give(const Contribution& contribution) override {
      script_.calls.push_back("give " + name_);
      return script_.give(contribution);
    }
    void merge(const MomentsBlock&, MomentsBatch&) override { script_.calls.push_back("merge " + name_); }
    void forget() noexcept override { script_.calls.push_back("forget " + name_); }

   private:
    Script& script_;
    std::string name_;
  };

  Script& script_;
  Floats parameters_;
};

TrainerBench scripted(Script& script) {
  TrainerBench bench;
  bench.config.threads = 1;
  bench.environment.length = [](std::uint64_t) { return 1'000'000; };
  bench.make_sharing = [&script](const TrainConfig&, const AgentFactory& agents) {
    return std::make_unique<Scripted>(script, agents);
  };
  return bench;
}

}  // namespace

TEST_CASE("a scheme of one's own trains, is evaluated, reported and saved, and goes on as if never stopped") {
  TrainerBench whole = alone(), part = alone(), rest = alone();
  whole.config.steps = rest.config.steps = 1'600;
  part.config.steps = 800;
  const TrainReport report = whole.run();
  CHECK(report.reason == StopReason::step_limit);
  CHECK(report.progress.step == 1'600);
  CHECK(report.progress.updates == 400);
  CHECK(whole.evaluation_steps().size() >= 5);
  REQUIRE_FALSE(whole.saved.empty());
  const Checkpoint& checkpoint = whole.saved.back().checkpoint;
  REQUIRE(checkpoint.statistics.size() == 4);
  CHECK(checkpoint.statistics[3].name == "worker3/parameters");
  Floats mean(3);
  for (const Tensor& tensor : checkpoint.statistics) {
    for (std::size_t i = 0; i < 3; ++i) mean[i] += tensor.values[i] / 4;
  }
  CHECK(report.parameters == mean);
  CHECK(checkpoint.parameters[0].values[0] == mean[0]);

  part.run();
  rest.resumed = part.saved.back().checkpoint;
  CHECK(rest.run().parameters == report.parameters);
  CHECK(rest.saved.back().checkpoint.statistics == checkpoint.statistics);
}

TEST_CASE("each worker acts with what its own port fetches") {
  TrainerBench bench = alone();
  bench.config.learning_rate = 1;
  bench.config.steps = 64;  // 16 rollouts, 4 of each worker
  bench.behaviour.learn = [&](const Rollout&, std::span<const float> parameters, std::span<float> gradient) {
    std::ranges::fill(gradient, -1.0F - parameters[0]);  // the parameters double, and 1 is added
    return LossSums{};
  };
  bench.run();
  for (const Tensor& tensor : bench.saved.back().checkpoint.statistics) CHECK(tensor.values == Floats(3, 15.0F));
}

TEST_CASE("a global agent acts by what a scheme has as parameters after the run") {
  const FakeAgents agents({.choose = [](const Choice& choice) { return choice.parameters[0] > 2.9F ? 1 : 0; },
                           .learn =
                               [](const Rollout&, std::span<const float>, std::span<float> gradient) {
                                 std::ranges::fill(gradient, -1.0F);
                                 return LossSums{};
                               }});
  TrainConfig config = alone().config;
  config.learning_rate = 1;
  config.steps = 48;  // three rollouts of each worker
  Trainer trainer(
      {.config = config, .make_environment = environments({}), .agents = agents, .make_sharing = alone().make_sharing});
  trainer.run();
  const auto agent = trainer.global_agent(1);
  ActionArray actions(Discrete{2}, 1);
  agent->act({.observations = Floats{0, 0}, .selection = Selection::greedy}, actions);
  CHECK(actions.discrete(0)[0] == 1);
}

TEST_CASE("workers that take turns on a thread forget, fetch and give, each in its turn") {
  Script script;
  TrainerBench bench = scripted(script);
  bench.config.workers = 2;
  bench.config.steps = 12;
  bench.run();
  CHECK(script.calls == std::vector<std::string>{"forget 0", "fetch 0", "give 0", "forget 1", "fetch 1", "give 1",
                                                 "forget 0", "fetch 0", "give 0"});
}

TEST_CASE("in rounds all workers fetch and learn, and then all give, in their order") {
  Script script{.pace = Pace::rounds};
  TrainerBench bench = scripted(script);
  bench.config.workers = 3;
  bench.config.steps = 24;
  bench.run();
  const std::vector<std::string> round{"fetch 0", "fetch 1", "fetch 2", "give 0", "give 1", "give 2"};
  REQUIRE(script.calls.size() == 12);
  CHECK(std::ranges::equal(std::span(script.calls).first(6), round));
  CHECK(std::ranges::equal(std::span(script.calls).last(6), round));
}

TEST_CASE("moments are merged before the gradient is given") {
  Script script;
  TrainerBench bench = scripted(script);
  bench.behaviour.size = 12;
  bench.behaviour.observation_moments = MomentsBlock{.offset = 4, .width = 2};
  bench.config.steps = 4;
  bench.run();
  CHECK(script.calls == std::vector<std::string>{"fetch 0", "merge 0", "give 0"});
}

TEST_CASE("what a port says of its updates is what is counted, and updates that it drops end the run") {
  Script script;
  TrainerBench bench = scripted(script);
  int given = 0;
  SECTION("every other contribution makes one") {
    script.give = [&](const Contribution& contribution) {
      script.step += contribution.steps;
      if (++given % 2 == 1) return Given{.step = script.step};
      return Given{.step = script.step, .updates = 1, .staleness = 5, .gradient_norm = 7};
    };
    bench.config.steps = 400;
    const TrainReport report = bench.run();
    CHECK(report.staleness == 5);
    CHECK(report.means.gradient_norm == 7);
    CHECK(report.means.dropped_updates == 0);
  }
  SECTION("twenty in a row are dropped") {
    script.give = [&](const Contribution& contribution) {
      script.step += contribution.steps;
      if (++given <= 30) return Given{.step = script.step, .updates = 1, .gradient_norm = 1};
      if (given % 2 == 1) return Given{.step = script.step};  // says nothing of updates
      return Given{.step = script.step, .gradient_norm = 1e300, .dropped = true};
    };
    bench.config.steps = 1'000'000;
    CHECK_THROWS_WITH(bench.run(), Catch::Contains("20 updates in a row were not finite, up to global step 280") &&
                                       Catch::Matchers::Contains("gradient norm 1e+300"));
    CHECK(given == 70);
  }
}

TEST_CASE("a gradient that is not finite is given as one that cannot be used: its steps count") {
  Script script;
  TrainerBench bench = scripted(script);
  bench.behaviour.learn = [](const Rollout&, std::span<const float>, std::span<float> gradient) {
    gradient[1] = kNotMeasured;
    return LossSums{};
  };
  int unusable = 0;
  script.give = [&](const Contribution& contribution) {
    CHECK(contribution.steps == 4);
    unusable += contribution.usable ? 0 : 1;
    return Given{.step = script.step += contribution.steps};
  };
  bench.config.steps = 40;
  const TrainReport report = bench.run();
  CHECK(unusable == 10);
  CHECK(report.means.dropped_updates == 10);
}

TEST_CASE("an agent is told of new parameters only where there are some") {
  const bool changed = GENERATE(true, false);
  struct CountingAgents final : AgentFactory {
    struct Counting final : Agent {
      explicit Counting(int& count) : changes(count) {}
      void parameters_changed() override { ++changes; }
      void act(const ActRequest&, ActionArray& actions) override { actions.discrete(0)[0] = 0; }
      LossSums learn(const Rollout&, std::span<float>) override { return {}; }
      int& changes;
    };
    const ParameterLayout& layout() const noexcept override { return fakes.layout(); }
    std::string description() const override { return fakes.description(); }
    std::string backend() const override { return fakes.backend(); }
    Floats initial_parameters(std::uint64_t seed) const override { return fakes.initial_parameters(seed); }
    std::unique_ptr<Agent> make(const Replica&, const AgentUse&) const override {
      return std::make_unique<Counting>(changes);
    }
    void prepare_thread() const override {}
    FakeAgents fakes;
    mutable int changes = 0;
  } const agents;
  Script script;
  script.fetch = [&] { return Fetched{.parameters = changed, .target = false, .step = script.step}; };
  Scripted sharing(script, agents);
  const Stopwatch clock{0};
  Worker worker({.index = 0,
                 .make_environment = environments({.length = [](std::uint64_t) { return 1'000; }}),
                 .agents = agents,
                 .sharing = sharing,
                 .settings = {.seed = 1, .total_steps = 1'000, .rollout = 4, .environments = 1},
                 .clock = clock});
  for (int n = 0; n < 5; ++n) worker.run_once();
  CHECK(script.step == 20);
  CHECK(agents.changes == (changed ? 5 : 0));
}

TEST_CASE("a worker that its scheme holds back begins no rollout until it is ready, and others go on") {
  Script script;
  script.ready = [&](const std::string& worker) { return worker == "0" || script.step >= 40; };
  TrainerBench bench = scripted(script);
  bench.config.workers = 2;
  bench.config.steps = 80;
  CHECK(bench.run().steps == 80);
  // Rollouts of 4 steps: ten of worker 0, then both in turn.
  std::vector<std::string> fetched;
  for (const std::string& call : script.calls) {
    if (call.starts_with("fetch")) fetched.push_back(call);
  }
  std::vector<std::string> expected(10, "fetch 0");
  for (int n = 0; n < 5; ++n) expected.insert(expected.end(), {"fetch 1", "fetch 0"});
  CHECK(fetched == expected);
}

TEST_CASE("an algorithm is taken by its word as to its scheme, which must be one that there is") {
  struct Odd final : AgentFactory {
    const ParameterLayout& layout() const noexcept override { return fakes.layout(); }
    std::string description() const override { return fakes.description(); }
    std::string backend() const override { return fakes.backend(); }
    Floats initial_parameters(std::uint64_t seed) const override { return fakes.initial_parameters(seed); }
    std::unique_ptr<Agent> make(const Replica& replica, const AgentUse& use) const override {
      return fakes.make(replica, use);
    }
    std::string_view sharing() const noexcept override { return "ruonds"; }
    void prepare_thread() const override {}
    FakeAgents fakes;
  } const odd;
  CHECK_THROWS_WITH(make_sharing({}, odd), "unknown sharing scheme 'ruonds'; did you mean 'rounds'?");
  TrainConfig config;
  CHECK(make_sharing(config, FakeAgents())->pace() == Pace::free);
  CHECK(make_sharing(config, FakeAgents({.synchronous = true}))->pace() == Pace::rounds);
  config.gradients_per_update = 2;
  CHECK(make_sharing(config, FakeAgents())->pace() == Pace::free);
}
