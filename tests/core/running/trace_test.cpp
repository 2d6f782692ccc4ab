#include "core/running/trace.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <limits>
#include <string>
#include <utility>

#include "envs/error.h"
#include "envs/registry.h"
#include "tests/catch.h"

using namespace sounder;

namespace {

const std::filesystem::path kTraces = std::filesystem::path(SOUNDER_TEST_DATA) / "gymnasium";

/// Adds each action's numbers to a position. The traces below were worked out by hand.
template <class Numbers>
struct Sum {
  using Action = Numbers;

  EnvironmentSpec spec() const { return own; }
  void reset(std::uint64_t, std::span<float> observation) { observation[0] = static_cast<float>(position = 99.0); }
  StepResult step(Numbers action, std::span<float> observation) {
    double change = 0.0;
    if constexpr (std::same_as<Numbers, std::int64_t>) {
      change = static_cast<double>(action);
    } else {
      for (const auto number : action) change += static_cast<double>(number);
    }
    position += change;
    observation[0] = static_cast<float>(position);
    return {.reward = static_cast<float>(change), .terminated = position > 5.0};
  }
  std::vector<double> state() const { return {position}; }
  void set_state(std::span<const double> state, std::span<float> observation) {
    position = state[0];
    observation[0] = static_cast<float>(position);
  }

  EnvironmentSpec own;
  double position = 0.0;
};

/// A file of traces that exists during a test.
class TraceOnDisk {
 public:
  explicit TraceOnDisk(const std::string& text) { std::ofstream(path_) << text; }
  ~TraceOnDisk() { std::filesystem::remove(path_); }
  TraceOnDisk(const TraceOnDisk&) = delete;
  TraceOnDisk& operator=(const TraceOnDisk&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  // Tests may run in several processes at once.
  std::filesystem::path path_ =
      std::filesystem::temp_directory_path() / ("sounder_trace_test_" + std::to_string(::getpid()) + ".json");
};

/// The parts of a trace file, of which a test changes one.
struct Parts {
  std::string limit = "10";
  std::string threshold = "null";
  std::string observation_space = R"({"type": "Box", "low": [-Infinity], "high": [Infinity]})";
  std::string action_space = R"({"type": "Discrete", "n": 4})";
  std::string initial_observation = "[1.0]";
  std::string actions = "[2, 0, 3]";
  std::string observations = "[[3.0], [3], [6.0]]";
  std::string rewards = "[2.0, 0, 3.0]";
  std::string terminated = "[false, false, true]";

  std::string text() const {
    return R"({"id": "Sum \" Infinity", "max_episode_steps": )" + limit + R"(, "reward_threshold": )" + threshold +
           R"(, "observation_space": )" + observation_space + R"(, "action_space": )" + action_space +
           R"(, "traces": [{"initial_state": [1.0], "initial_observation": )" + initial_observation +
           R"(, "actions": )" + actions + R"(, "observations": )" + observations + R"(, "rewards": )" + rewards +
           R"(, "terminated": )" + terminated + "}]}";
  }
};

TraceFile read(const std::string& text) {
  return read_traces(TraceOnDisk(text).path());
}

template <class Numbers = std::int64_t>
ReplayReport replay(const Parts& parts) {
  const TraceFile file = read(parts.text());
  Environment environment(Sum<Numbers>{.own = file.spec});
  return replay_traces(file, environment);
}

std::string error_of(const std::string& text) {
  try {
    read(text);
  } catch (const Error& error) {
    CHECK_THAT(error.what(), Catch::Matchers::Contains("sounder_trace_test_"));
    CHECK(std::string(error.what()).find('\n') == std::string::npos);
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("the built-in environments replay every trace recorded from Gymnasium") {
  const Registry registry = Registry::with_builtins();
  std::size_t traces = 0;
  for (const std::string& id : registry.ids()) {
    INFO(id);
    const std::filesystem::path path = kTraces / (id + ".json");
    if (!std::filesystem::exists(path)) continue;  // not in Gymnasium; the count below guards the others
    const TraceFile file = read_traces(path);
    CHECK(file.environment_id == id);
    Environment environment = registry.make(id);
    const ReplayReport report = replay_traces(file, environment);
    INFO(report.largest_at);
    CHECK(report.largest_deviation <= 1e-4);
    CHECK(report.terminated_mismatches == 0);
    CHECK(report.traces == file.traces.size());
    std::size_t steps = 0;
    for (const Trace& trace : file.traces) steps += trace.actions.rows();
    CHECK(report.steps == steps);
    traces += report.traces;
  }
  CHECK(traces == 40);
}

TEST_CASE("a trace from a slightly different start does not match") {
  const Registry registry = Registry::with_builtins();
  TraceFile file = read_traces(kTraces / "Pendulum-v1.json");
  file.traces[3].initial_state[0] += 0.01;
  Environment environment = registry.make("Pendulum-v1");
  const ReplayReport report = replay_traces(file, environment);
  CHECK(report.largest_deviation > 0.005);
  CHECK_THAT(report.largest_at, Catch::Matchers::StartsWith("trace 3, "));
}

TEST_CASE("an exact trace has no deviation") {
  const ReplayReport report = replay({});
  CHECK(report.traces == 1);
  CHECK(report.steps == 3);
  CHECK(report.largest_deviation == 0);
  CHECK(report.largest_at.empty());
  CHECK(report.terminated_mismatches == 0);
  CHECK(report.first_terminated_mismatch_at.empty());
}

TEST_CASE("the largest deviation is found at any place") {
  ReplayReport report = replay({.observations = "[[3.0], [3.25], [6.0]]", .rewards = "[2.0, 0, 2.875]"});
  CHECK(report.largest_deviation == 0.25);
  CHECK(report.largest_at == "trace 0, step 1: observation[0]");
  report = replay({.rewards = "[2.0, 0, 2.5]"});
  CHECK(report.largest_deviation == 0.5);
  CHECK(report.largest_at == "trace 0, step 2: reward");
  report = replay({.initial_observation = "[0.5]"});
  CHECK(report.largest_deviation == 0.5);
  CHECK(report.largest_at == "trace 0, initial state: observation[0]");
}

TEST_CASE("a number that is not finite deviates infinitely from a finite one") {
  const ReplayReport report = replay({.observations = "[[3.0], [-Infinity], [6.0]]"});
  CHECK(report.largest_deviation == std::numeric_limits<double>::infinity());

  struct Nan : Sum<std::int64_t> {
    StepResult step(std::int64_t action, std::span<float> observation) {
      const StepResult result = Sum::step(action, observation);
      observation[0] = std::numeric_limits<float>::quiet_NaN();
      return result;
    }
  };
  const TraceFile file = read(Parts{}.text());
  Nan nan;
  nan.own = file.spec;
  Environment environment(std::move(nan));
  CHECK(replay_traces(file, environment).largest_deviation == std::numeric_limits<double>::infinity());
}

TEST_CASE("a difference in terminated is counted and ends the trace") {
  ReplayReport report = replay({.terminated = "[false, true, true]"});
  CHECK(report.terminated_mismatches == 1);
  CHECK(report.first_terminated_mismatch_at == "trace 0, step 1");
  CHECK(report.steps == 2);
  report = replay({.actions = "[2, 3, 3]",
                   .observations = "[[3], [6], [9]]",
                   .rewards = "[2, 3, 3]",
                   .terminated = "[false, false, true]"});
  CHECK(report.terminated_mismatches == 1);
  CHECK(report.steps == 2);
}

TEST_CASE("all kinds of actions are replayed") {
  CHECK(replay<std::span<const float>>({.action_space = R"({"type": "Box", "low": [[-1, 0]], "high": [[1, 1]]})",
                                        .actions = "[[[1.5, 0.5]], [[-1, 1]], [[2, 1]]]"})
            .largest_deviation == 0);
  CHECK(replay<std::span<const std::int64_t>>(
            {.action_space = R"({"type": "MultiDiscrete", "nvec": [2, 3]})", .actions = "[[0, 2], [0, 0], [1, 2]]"})
            .largest_deviation == 0);
  CHECK(replay<std::span<const std::int64_t>>(
            {.action_space = R"({"type": "MultiBinary", "n": 3})", .actions = "[[0, 1, 1], [0, 0, 0], [1, 1, 1]]"})
            .largest_deviation == 0);
}

TEST_CASE("a file's spec is read") {
  const TraceFile file = read(Parts{.threshold = "-1.5"}.text());
  CHECK(file.environment_id == "Sum \" Infinity");
  CHECK(file.spec.max_episode_steps == 10);
  CHECK(file.spec.reward_threshold == -1.5);
  const float infinity = std::numeric_limits<float>::infinity();
  CHECK(file.spec.observation_space == Space{Box::bounds({-infinity}, {infinity})});
  CHECK(file.spec.action_space == Space{Discrete{4}});
  CHECK_FALSE(read(Parts{.limit = "null"}.text()).spec.max_episode_steps);
  const Space nested = read(Parts{.action_space = R"({"type": "Box", "low": [[-1, 0]], "high": [[1, 1]]})",
                                  .actions = "[[[1, 0]], [[1, 0]], [[1, 0]]]"}
                                .text())
                           .spec.action_space;
  CHECK(nested == Space{Box{{-1, 0}, {1, 1}, {1, 2}}});
}

TEST_CASE("an environment with another spec than the recorded one is refused") {
  const TraceFile file = read(Parts{.threshold = "1"}.text());
  const auto refuses = [&](const auto& change, const std::string& what) {
    EnvironmentSpec spec = file.spec;
    change(spec);
    Environment environment(Sum<std::int64_t>{.own = spec});
    CHECK_THROWS_WITH(replay_traces(file, environment), Catch::Matchers::Contains(what));
  };
  refuses([](EnvironmentSpec& spec) { spec.action_space = Discrete{5}; }, "action space");
  refuses([](EnvironmentSpec& spec) { spec.observation_space = Box::bounds({-1}, {1}); }, "observation space");
  refuses([](EnvironmentSpec& spec) { spec.max_episode_steps = 11; }, "step limit");
  refuses([](EnvironmentSpec& spec) { spec.max_episode_steps = {}; }, "step limit");
  refuses([](EnvironmentSpec& spec) { spec.reward_threshold = 2.0; }, "reward threshold");
}

TEST_CASE("an environment whose state cannot be set is refused") {
  struct Stateless {
    using Action = std::int64_t;
    EnvironmentSpec spec() const { return own; }
    void reset(std::uint64_t, std::span<float> observation) { observation[0] = 0; }
    StepResult step(std::int64_t, std::span<float>) { return {.reward = 0, .terminated = false}; }
    EnvironmentSpec own;
  };
  const TraceFile file = read(Parts{}.text());
  Environment environment(Stateless{.own = file.spec});
  CHECK_THROWS_AS(replay_traces(file, environment), Error);
}

TEST_CASE("a file that is missing, a folder, empty or not JSON is refused by name") {
  CHECK_THROWS_WITH(read_traces("no/such.json"), Catch::Matchers::StartsWith("no/such.json: expected"));
  CHECK_THROWS_AS(read_traces(std::filesystem::temp_directory_path()), Error);
  CHECK_THAT(error_of(""), Catch::Matchers::Contains("empty"));
  CHECK_THAT(error_of("import gymnasium"), Catch::Matchers::Contains("no JSON"));
  const std::string whole = Parts{}.text();
  for (std::size_t length = 1; length < whole.size(); length += 7) {
    CHECK_FALSE(error_of(whole.substr(0, length)).empty());
  }
}

TEST_CASE("missing and superfluous members of a file are named, with their place") {
  using Catch::Matchers::Contains;
  CHECK_THAT(error_of("[]"), Contains("expected an object"));
  CHECK_THAT(error_of("{}"), Contains("expected a key 'id', found none"));
  CHECK_THAT(error_of(R"({"id": 3})"), Contains(": id: expected a string"));
  CHECK_THAT(error_of(Parts{.limit = "0"}.text()), Contains("max_episode_steps: expected at least 1, found 0"));
  CHECK_THAT(error_of(Parts{.limit = "1.5"}.text()), Contains("max_episode_steps: expected a whole number"));
  CHECK_THAT(error_of(Parts{.threshold = "\"high\""}.text()), Contains("reward_threshold: expected a number"));
  CHECK_THAT(error_of(Parts{.action_space = R"({"type": "Tuple"})"}.text()),
             Contains("action_space: expected \"type\" to be Discrete"));
  CHECK_THAT(error_of(Parts{.action_space = R"({"type": "Discrete"})"}.text()), Contains("as \"n\""));
  CHECK_THAT(error_of(Parts{.observation_space = R"({"type": "Box", "low": [0, 0], "high": [1]})"}.text()),
             Contains("observation_space: expected as many bounds in \"high\" as in \"low\" (1 and 2)"));
  CHECK_THAT(error_of(Parts{.observation_space = R"({"type": "Box", "low": [], "high": []})"}.text()),
             Contains("observation_space: expected a list as \"low\""));
  CHECK_THAT(error_of(Parts{.initial_observation = "[1, 2]"}.text()),
             Contains("traces[0]: initial_observation: expected 1 numbers, found 2"));
  CHECK_THAT(error_of(Parts{.actions = "[]"}.text()), Contains("actions: expected at least one action"));
  CHECK_THAT(error_of(Parts{.actions = "[2, 4, 3]"}.text()), Contains("actions[1]: expected an action of Discrete(4)"));
  CHECK_THAT(error_of(Parts{.actions = "[2, [0, 1], 3]"}.text()), Contains("actions[1]: expected 1 numbers, found 2"));
  CHECK_THAT(error_of(Parts{.observations = "[[3.0], [3.0]]"}.text()),
             Contains("observations: expected 3 elements, found 2"));
  CHECK_THAT(error_of(Parts{.observations = "[[3.0], [3.0], []]"}.text()),
             Contains("observations[2]: expected 1 numbers, found 0"));
  CHECK_THAT(error_of(Parts{.rewards = "[1, null, 1]"}.text()), Contains("rewards[1]: expected a number"));
  CHECK_THAT(error_of(Parts{.terminated = "[0, 0, 1]"}.text()), Contains("terminated[0]: expected true or false"));
  CHECK_THAT(error_of(Parts{.action_space = R"({"type": "MultiBinary", "n": 1000000000000000})"}.text()),
             Contains("action_space: expected whole numbers from 1 to 4194304 as \"n\""));
}

TEST_CASE("a file without traces is refused") {
  std::string text = Parts{}.text();
  text = text.substr(0, text.find("[{\"initial_state")) + "[]}";
  CHECK_THAT(error_of(text), Catch::Matchers::Contains("traces: expected at least one trace"));
}
