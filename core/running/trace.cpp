#include "core/running/trace.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <fstream>
#include <limits>
#include <optional>
#include <span>
#include <sstream>
#include <string_view>
#include <utility>

#include "core/space_json.h"
#include "envs/error.h"

namespace sounder {
namespace {

namespace json = boost::json;

/// Replaces Python's bare Infinity, which JSON lacks, by a number beyond all floats, which reads as infinite. Preserves
/// the text's length and the contents of strings.
std::string with_infinities_as_numbers(std::string text) {
  constexpr std::string_view kInfinity = "Infinity";
  constexpr std::string_view kNumber = "1e999   ";
  static_assert(kInfinity.size() == kNumber.size());
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (in_string && text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      in_string = !in_string;
    } else if (!in_string && text.compare(i, kInfinity.size(), kInfinity) == 0) {
      std::ranges::copy(kNumber, text.data() + i);
    }
  }
  return text;
}

/// A value of the file and its place, for errors.
class Node {
 public:
  Node(const json::value& value, std::string where) : value_(&value), where_(std::move(where)) {}

  [[noreturn]] void fail(std::string_view problem) const { fail_with(fmt::format("{}: {}", where_, problem)); }

  Node operator[](std::string_view key) const {
    if (!value_->is_object()) fail("expected an object");
    const json::value* member = value_->get_object().if_contains(key);
    if (member == nullptr) fail(fmt::format("expected a key '{}', found none", key));
    return {*member, fmt::format("{}: {}", where_, key)};
  }

  std::vector<Node> elements() const {
    if (!value_->is_array()) fail("expected an array");
    std::vector<Node> nodes;
    nodes.reserve(value_->get_array().size());
    for (const json::value& element : value_->get_array()) {
      nodes.emplace_back(element, fmt::format("{}[{}]", where_, nodes.size()));
    }
    return nodes;
  }

  /// Returns the elements of an array that must have `count` of them.
  std::vector<Node> elements(std::size_t count) const {
    std::vector<Node> nodes = elements();
    if (nodes.size() != count) fail(fmt::format("expected {} elements, found {}", count, nodes.size()));
    return nodes;
  }

  bool is_null() const { return value_->is_null(); }

  bool boolean() const {
    if (!value_->is_bool()) fail("expected true or false");
    return value_->get_bool();
  }

  std::string text() const {
    if (!value_->is_string()) fail("expected a string");
    return std::string(value_->get_string());
  }

  double number() const {
    if (!value_->is_number()) fail("expected a number");
    return value_->to_number<double>();
  }

  std::int64_t whole() const {
    json::error_code error;
    const auto result = value_->is_number() ? value_->to_number<std::int64_t>(error) : 0;
    if (!value_->is_number() || error) fail("expected a whole number");
    return result;
  }

  Space space() const {
    try {
      return parse_space(*value_, where_);
    } catch (const Error& error) {
      fail_with(error.what());
    }
  }

  /// Appends a number, or the numbers of an array of any shape in row-major order.
  template <class Number>
  void append_to(std::vector<Number>& numbers) const {
    if (!value_->is_array()) {
      numbers.push_back(static_cast<Number>(number()));
      return;
    }
    for (const Node& element : elements()) element.append_to(numbers);
  }

  template <class Number>
  std::vector<Number> numbers() const {
    std::vector<Number> result;
    append_to(result);
    return result;
  }

  /// Appends exactly `count` numbers.
  template <class Number>
  void append_to(std::vector<Number>& numbers, std::size_t count) const {
    const std::size_t before = numbers.size();
    append_to(numbers);
    const std::size_t found = numbers.size() - before;
    if (found != count) fail(fmt::format("expected {} numbers, found {}", count, found));
  }

 private:
  [[noreturn]] static void fail_with(std::string_view problem) {
    throw Error(fmt::format("{}; record the trace again, or correct the file", problem));
  }

  const json::value* value_;
  std::string where_;
};

std::int64_t positive(const Node& node) {
  const std::int64_t number = node.whole();
  if (number < 1) node.fail(fmt::format("expected at least 1, found {}", number));
  return number;
}

EnvironmentSpec read_spec(const Node& file) {
  const Node limit = file["max_episode_steps"];
  const Node threshold = file["reward_threshold"];
  EnvironmentSpec spec{.observation_space = file["observation_space"].space(),
                       .action_space = file["action_space"].space()};
  if (!limit.is_null()) spec.max_episode_steps = positive(limit);
  if (!threshold.is_null()) spec.reward_threshold = threshold.number();
  return spec;
}

/// Reads actions, [steps]. Each must have the space's width, and discrete ones must be in the space, because
/// environments may use them as indices.
ActionArray read_actions(const std::vector<Node>& nodes, const Space& space) {
  const std::size_t width = flat_size(space);
  std::vector<float> numbers;
  for (const Node& node : nodes) {
    node.append_to(numbers, width);
    const bool valid = std::holds_alternative<Box>(space) || contains(space, std::span(numbers).last(width));
    if (!valid) node.fail(fmt::format("expected an action of {}", describe(space)));
  }
  ActionArray actions(space, nodes.size());
  for (std::size_t row = 0; row < nodes.size(); ++row) {
    const auto action = std::span(numbers).subspan(row * width, width);
    if (std::holds_alternative<Box>(space)) {
      std::copy(action.begin(), action.end(), actions.continuous(row).begin());
    } else {
      std::transform(action.begin(), action.end(), actions.discrete(row).begin(),
                     [](float number) { return static_cast<std::int64_t>(number); });
    }
  }
  return actions;
}

Trace read_trace(const Node& node, const EnvironmentSpec& spec) {
  const std::vector<Node> actions = node["actions"].elements();
  if (actions.empty()) node["actions"].fail("expected at least one action");
  const std::size_t steps = actions.size();
  const std::size_t width = flat_size(spec.observation_space);
  Trace trace{.initial_state = node["initial_state"].numbers<double>(),
              .initial_observation = {},
              .actions = read_actions(actions, spec.action_space),
              .observations = {},
              .rewards = {},
              .terminated = {}};
  node["initial_observation"].append_to(trace.initial_observation, width);
  for (const Node& observation : node["observations"].elements(steps)) observation.append_to(trace.observations, width);
  for (const Node& reward : node["rewards"].elements(steps)) trace.rewards.push_back(reward.number());
  for (const Node& terminated : node["terminated"].elements(steps)) trace.terminated.push_back(terminated.boolean());
  return trace;
}

json::value read_json(const std::filesystem::path& path) {
  const std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  // An empty file and a directory fail the second condition.
  if (!stream.is_open() || !(text << stream.rdbuf())) {
    throw Error(fmt::format("{}: expected a file of recorded traces, got one that is missing, unreadable or empty",
                            path.string()));
  }
  json::error_code error;
  json::value value = json::parse(with_infinities_as_numbers(text.str()), error);
  if (error) {
    throw Error(fmt::format("{}: expected a JSON object of recorded traces, got a file that is no JSON ({})",
                            path.string(), error.message()));
  }
  return value;
}

std::string describe(const std::optional<std::int64_t>& limit) {
  return limit ? fmt::format("{}", *limit) : "none";
}
std::string describe(const std::optional<double>& threshold) {
  return threshold ? fmt::format("{}", *threshold) : "none";
}

/// Throws Error if an environment's spec differs from the recorded one.
void require_spec(const TraceFile& file, const EnvironmentSpec& spec) {
  const auto require = [&](std::string_view what, const auto& recorded, const auto& actual) {
    if (recorded == actual) return;
    throw Error(fmt::format("{}: the {} of {} was recorded as {}, the environment's is {}; one of them must change",
                            file.path.string(), what, file.environment_id, describe(recorded), describe(actual)));
  };
  require("observation space", file.spec.observation_space, spec.observation_space);
  require("action space", file.spec.action_space, spec.action_space);
  require("step limit", file.spec.max_episode_steps, spec.max_episode_steps);
  require("reward threshold", file.spec.reward_threshold, spec.reward_threshold);
}

/// Replays traces on an environment and fills the report.
class Replay {
 public:
  Replay(const TraceFile& file, Environment& environment)
      : file_(file), environment_(environment), observation_(flat_size(file.spec.observation_space)) {}

  ReplayReport run() {
    for (; report_.traces < file_.traces.size(); ++report_.traces) replay(file_.traces[report_.traces]);
    return report_;
  }

 private:
  void replay(const Trace& trace) {
    environment_.reset(0, observation_);
    environment_.set_state(trace.initial_state, observation_);
    compare_observation(trace.initial_observation, {});
    for (std::size_t step = 0; step < trace.actions.rows(); ++step) {
      const StepResult result = environment_.step(trace.actions[step], observation_);
      ++report_.steps;
      const auto recorded = std::span(trace.observations).subspan(step * observation_.size(), observation_.size());
      compare_observation(recorded, step);
      if (is_largest(static_cast<double>(result.reward), trace.rewards[step])) {
        report_.largest_at = fmt::format("trace {}, step {}: reward", report_.traces, step);
      }
      if (result.terminated != trace.terminated[step] && report_.terminated_mismatches++ == 0) {
        report_.first_terminated_mismatch_at = fmt::format("trace {}, step {}", report_.traces, step);
      }
      if (result.terminated || trace.terminated[step]) return;
    }
  }

  void compare_observation(std::span<const float> recorded, std::optional<std::size_t> step) {
    for (std::size_t i = 0; i < recorded.size(); ++i) {
      if (!is_largest(static_cast<double>(observation_[i]), static_cast<double>(recorded[i]))) continue;
      const std::string when = step ? fmt::format("step {}", *step) : "initial state";
      report_.largest_at = fmt::format("trace {}, {}: observation[{}]", report_.traces, when, i);
    }
  }

  /// Returns whether the deviation of two numbers is larger than any before, and if so, stores it.
  bool is_largest(double actual, double recorded) {
    double deviation = actual == recorded ? 0.0 : std::abs(actual - recorded);
    if (std::isnan(deviation)) deviation = std::numeric_limits<double>::infinity();
    if (deviation <= report_.largest_deviation) return false;
    report_.largest_deviation = deviation;
    return true;
  }

  const TraceFile& file_;
  Environment& environment_;
  std::vector<float> observation_;
  ReplayReport report_;
};

}  // namespace

TraceFile read_traces(const std::filesystem::path& path) {
  const json::value value = read_json(path);
  const Node root(value, path.string());
  TraceFile file{.path = path, .environment_id = root["id"].text(), .spec = read_spec(root), .traces = {}};
  const std::vector<Node> traces = root["traces"].elements();
  if (traces.empty()) root["traces"].fail("expected at least one trace");
  file.traces.reserve(traces.size());
  for (const Node& trace : traces) file.traces.push_back(read_trace(trace, file.spec));
  return file;
}

ReplayReport replay_traces(const TraceFile& file, Environment& environment) {
  require_spec(file, environment.spec());
  return Replay(file, environment).run();
}

}  // namespace sounder
