#include "apps/export/c_header.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <limits>
#include <utility>

#include "apps/export/c_network.h"
#include "apps/library/saved_policy.h"
#include "envs/action_mask.h"
#include "envs/error.h"

namespace sounder {
namespace {

/// Replaces what would end or begin a comment.
std::string for_comment(std::string text) {
  std::ranges::replace(text, '*', ' ');
  std::ranges::replace_if(
      text, [](char letter) { return letter == '\n' || letter == '\\'; }, ' ');
  return text;
}

std::string with_prefix(std::string_view text, std::string_view prefix) {
  std::string capitals(prefix);
  std::ranges::transform(capitals, capitals.begin(),
                         [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  std::string result;
  for (const char letter : text) {
    if (letter == '@') {
      result += prefix;
    } else if (letter == '$') {
      result += capitals;
    } else {
      result += letter;
    }
  }
  return result;
}

/// Writes the steps from an observation to the network's input.
class Observations {
 public:
  Observations(const ExportedPolicy& policy, CParts& parts) : policy_(policy), parts_(parts) {}

  /// Returns an expression for the numbers after the steps.
  std::string write() {
    check();
    for (const ObservationStep& step : policy_.observation_steps) {
      std::visit([&](const auto& does) { write(does, step); }, step.does);
      ++index_;
    }
    if (stacks_) {
      parts_.members += "  int begun; /* whether the episode has had an observation */\n";
      parts_.reset += "  state->begun = 0;\n";
      parts_.body += "  state->begun = 1;\n";
    }
    return current_;
  }

 private:
  /// Refuses an observation before anything of the state has changed.
  void check() {
    const std::size_t size = flat_size(policy_.spaces.observation);
    const auto* const step =
        policy_.observation_steps.empty() ? nullptr : std::get_if<OneHotStep>(&policy_.observation_steps.front().does);
    if (step == nullptr) {
      parts_.body += fmt::format(
          "  int finite = 1;\n"
          "  for (int i = 0; i < {}; ++i) finite &= observation[i] - observation[i] == 0.0f;\n"
          "  if (!finite) return -1;\n",
          size);
      return;
    }
    parts_.constants += c_array("int", "counts", step->counts);
    parts_.body += fmt::format(
        "  for (int i = 0; i < {}; ++i) {{\n"
        "    if (!(observation[i] >= 0.0f && observation[i] < (float)@_counts[i])) return -1;\n"
        "    if (observation[i] != (float)(int)observation[i]) return -1;\n"
        "  }}\n",
        size);
  }

  std::string declare(const char* what, std::size_t size) {
    std::string name = fmt::format("{}{}", what, index_);
    parts_.body += fmt::format("  float {}[{}];\n", name, size);
    return name;
  }

  void write(const OneHotStep& /*step*/, const ObservationStep& sizes) {
    const std::string next = declare("one_hot", sizes.outputs);
    parts_.body += fmt::format(
        "  for (int i = 0; i < {1}; ++i) {0}[i] = 0.0f;\n"
        "  for (int i = 0, first = 0; i < {2}; first += @_counts[i++]) {0}[first + (int)observation[i]] = 1.0f;\n",
        next, sizes.outputs, sizes.inputs);
    current_ = next;
  }

  void write(const MaskStep& step, const ObservationStep& sizes) {
    const std::string next = declare("kept", sizes.outputs);
    const std::string list = fmt::format("kept_{}", index_);
    parts_.constants += c_array("int", list, step.kept);
    parts_.body +=
        fmt::format("  for (int i = 0; i < {0}; ++i) {1}[i] = {2}[@_{3}[i]];\n", sizes.outputs, next, current_, list);
    current_ = next;
  }

  void write(const ClipStep& step, const ObservationStep& sizes) {
    const std::string next = declare("clipped", sizes.outputs);
    parts_.body +=
        fmt::format("  for (int i = 0; i < {0}; ++i) {1}[i] = {2}[i] < -{3} ? -{3} : {2}[i] > {3} ? {3} : {2}[i];\n",
                    sizes.outputs, next, current_, c_number(step.limit));
    current_ = next;
  }

  void write(const StackStep& /*step*/, const ObservationStep& sizes) {
    const std::string frames = fmt::format("frames_{}", index_);
    parts_.members +=
        fmt::format("  float {}[{}]; /* the last observations, the oldest first */\n", frames, sizes.outputs);
    parts_.reset += fmt::format("  for (int i = 0; i < {1}; ++i) state->{0}[i] = 0.0f;\n", frames, sizes.outputs);
    const std::size_t older = sizes.outputs - sizes.inputs;
    parts_.body += fmt::format(
        "  for (int i = 0; i < {1}; ++i) {{\n"
        "    state->{0}[i] = state->begun ? state->{0}[i + {2}] : {3}[i % {2}];\n"
        "  }}\n"
        "  for (int i = 0; i < {2}; ++i) state->{0}[{1} + i] = {3}[i];\n",
        frames, older, sizes.inputs, current_);
    current_ = "state->" + frames;
    stacks_ = true;
  }

  const ExportedPolicy& policy_;
  CParts& parts_;
  std::string current_ = "observation";
  int index_ = 0;  // of the step
  bool stacks_ = false;
};

/// Returns a bound as a number that C has a literal for. No finite number lies beyond the largest.
std::vector<float> finite_bounds(std::vector<float> bounds) {
  constexpr float kMost = std::numeric_limits<float>::max();
  for (float& bound : bounds) bound = std::clamp(bound, -kMost, kMost);
  return bounds;
}

/// Returns the function that chooses an action of choices by the outputs.
std::string choose_options(const ExportedPolicy& policy, CParts& parts) {
  const auto counts = option_counts(policy.spaces.action);
  parts.constants += c_array("int", "options", counts);
  return fmt::format(
      "/* Chooses the options of the largest outputs, the first of equal ones. `allowed` has a number for each output: "
      "0\n"
      "   for an option that is not allowed now, which is not chosen. Null: all are. Where none is allowed, -1. */\n"
      "static inline void @_choose(const float* outputs, const unsigned char* allowed, @_number* action) {{\n"
      "  for (int i = 0, first = 0; i < {}; first += @_options[i++]) {{\n"
      "    int best = -1;\n"
      "    for (int k = 0; k < @_options[i]; ++k) {{\n"
      "      if (allowed && !allowed[first + k]) continue;\n"
      "      if (best < 0 || outputs[first + best] < outputs[first + k]) best = k;\n"
      "    }}\n"
      "    action[i] = best;\n"
      "  }}\n"
      "}}\n\n",
      counts.size());
}

std::string choose_switches(std::size_t size) {
  return fmt::format(
      "/* Turns the switches on whose outputs are positive. */\n"
      "static inline void @_choose(const float* outputs, @_number* action) {{\n"
      "  for (int i = 0; i < {}; ++i) action[i] = outputs[i] > 0.0f;\n"
      "}}\n\n",
      size);
}

/// Returns the function that maps means to actions of a Box.
std::string choose_numbers(const ExportedPolicy& policy, CParts& parts) {
  std::string text = fmt::format(
      "/* Maps the outputs, which are means, to an action within the bounds. */\n"
      "static inline void @_choose(const float* outputs, @_number* action) {{\n"
      "  for (int i = 0; i < {}; ++i) {{\n"
      "    float a = outputs[i];\n",
      policy.outputs());
  for (std::size_t i = 0; i < policy.action_steps.size(); ++i) {
    const ActionStep& step = policy.action_steps[i];
    const std::string low = fmt::format("low_{}", i);
    const std::string high = fmt::format("high_{}", i);
    parts.constants +=
        c_array("float", low, finite_bounds(step.low)) + c_array("float", high, finite_bounds(step.high));
    if (step.does == ActionMapping::clip) {
      text += fmt::format("    a = a < @_{0}[i] ? @_{0}[i] : a > @_{1}[i] ? @_{1}[i] : a;\n", low, high);
    } else {
      text += fmt::format(
          "    {{\n"
          "      const double t = {2};\n"
          "      a = (float)(0.5 * (1.0 - t) * (double)@_{0}[i] + 0.5 * (1.0 + t) * (double)@_{1}[i]);\n"
          "    }}\n",
          low, high, step.does == ActionMapping::squash ? "tanh((double)a)" : "(double)a");
    }
  }
  return text + "    action[i] = a;\n  }\n}\n\n";
}

std::string choose(const ExportedPolicy& policy, CParts& parts) {
  if (std::holds_alternative<Box>(policy.spaces.action)) return choose_numbers(policy, parts);
  if (std::holds_alternative<MultiBinary>(policy.spaces.action)) return choose_switches(policy.outputs());
  return choose_options(policy, parts);
}

std::string introduction(const ExportedPolicy& policy, bool has_state) {
  const bool masks = !option_counts(policy.spaces.action).empty();
  return fmt::format(
      "/* A policy trained by Sounder: {}, {}, {}, saved at step {}{}.\n"
      "\n"
      "   observation  {}\n"
      "   action       {}\n"
      "\n"
      "   Include this in one source, of C99 or C++11:\n"
      "\n"
      "     float observation[$_OBSERVATION_SIZE];\n"
      "     @_number action[$_ACTION_SIZE];\n"
      "{}"
      "     if (@_act(observation, action{}) != 0) ... the observation is not one; no action was written\n"
      "\n"
      "   @_act() is @_forward(), which computes the network's outputs, and @_choose(), which chooses the\n"
      "   greedy action by them{}. They allocate nothing, and keep nothing but what is in `state`. */\n",
      for_comment(policy.environment), for_comment(policy.algorithm), for_comment(policy.description), policy.step,
      peer_suffix(policy.peer), for_comment(describe(policy.spaces.observation)),
      for_comment(describe(policy.spaces.action)),
      has_state ? "     @_state state;\n     @_reset(&state); at the start of every episode\n" : "",
      has_state ? ", &state" : "", masks ? ", among those that are allowed" : "");
}

}  // namespace

void require_c_prefix(std::string_view prefix) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const auto valid = [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '_'; };
  if (!prefix.empty() && letter(prefix.front()) && std::ranges::all_of(prefix, valid)) return;
  throw UsageError(fmt::format(
      "--prefix: expected a letter, then letters, digits and underscores, such as 'policy'; got '{}'", prefix));
}

std::string c_header(const ExportedPolicy& policy, std::string_view prefix) {
  CParts parts;
  add_network(policy, Observations(policy, parts).write(), parts);
  const std::string choosing = choose(policy, parts);
  const bool has_state = !parts.members.empty();
  const bool masks = !option_counts(policy.spaces.action).empty();
  const bool box = std::holds_alternative<Box>(policy.spaces.action);
  const std::string state = has_state ? ", @_state* state" : "";
  const bool squashes = std::ranges::any_of(policy.action_steps,
                                            [](const ActionStep& step) { return step.does == ActionMapping::squash; });

  std::string text = introduction(policy, has_state);
  text += fmt::format(
      "#ifndef $_H\n#define $_H\n\n{}"
      "#define $_OBSERVATION_SIZE {} /* floats of an observation */\n"
      "#define $_OUTPUT_SIZE {} /* outputs of the network */\n"
      "#define $_ACTION_SIZE {} /* numbers of an action */\n\n"
      "typedef {} @_number; /* of an action */\n\n",
      squashes ? "#include <math.h>\n\n" : "", flat_size(policy.spaces.observation), policy.outputs(),
      flat_size(policy.spaces.action), box ? "float" : "int");
  if (has_state) {
    text += fmt::format(
        "/* What an episode carries from step to step. */\n"
        "typedef struct {{\n{}}} @_state;\n\n"
        "/* Begins an episode. */\n"
        "static inline void @_reset(@_state* state) {{\n{}}}\n\n",
        parts.members, parts.reset);
  }
  text += parts.constants + "\n" + c_functions(parts.uses);
  text += fmt::format(
      "/* Computes the outputs for an observation. Returns 0; or -1, and changes nothing, if a number of the "
      "observation\n"
      "   is not finite, or none that a choice has. */\n"
      "static inline int @_forward(const float* observation, float* outputs{}) {{\n{}  return 0;\n}}\n\n",
      state, parts.body);
  text += choosing;
  text += fmt::format(
      "/* Writes the greedy action for an observation. Returns as @_forward() does. */\n"
      "static inline int @_act(const float* observation, @_number* action{}) {{\n"
      "  float outputs[$_OUTPUT_SIZE];\n"
      "  if (@_forward(observation, outputs{}) != 0) return -1;\n"
      "  @_choose(outputs, {}action);\n"
      "  return 0;\n"
      "}}\n\n"
      "#endif\n",
      state, has_state ? ", state" : "", masks ? "0, " : "");
  return with_prefix(text, prefix);
}

}  // namespace sounder
