#include "apps/export/exported_policy.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <utility>

#include "agents/factory.h"
#include "apps/library/saved_policy.h"
#include "core/checkpoint/contents.h"
#include "core/running/run_checkpoints.h"
#include "core/sharing/peers/peers.h"
#include "core/space_json.h"
#include "envs/error.h"
#include "envs/parse_number.h"
#include "envs/program.h"
#include "envs/registry.h"

namespace sounder {
namespace {

/// Has the spaces of a saved policy's environment, so that wrappers check and change them. It is never played.
struct SpacesOnly {
  using Action = sounder::Action;
  Spaces spaces;
  EnvironmentSpec spec() const { return {.observation_space = spaces.observation, .action_space = spaces.action}; }
  void reset(std::uint64_t /*seed*/, std::span<float> /*observation*/) {}
  StepResult step(const Action& /*action*/, std::span<float> /*observation*/) {
    return {.reward = 0, .terminated = true};
  }
};

std::vector<std::int64_t> read_integers(std::string_view text) {
  std::vector<std::int64_t> numbers;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    numbers.push_back(parse_integer(text.substr(0, comma)).value());
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return numbers;
}

/// Collects what wrappers do. They are known to suit the spaces, because an environment was made with them.
class Wrappers {
 public:
  explicit Wrappers(const Spaces& spaces) : numbers_(flat_size(spaces.observation)) {
    if (const auto* const choice = std::get_if<Discrete>(&spaces.observation)) {
      add(OneHotStep{{choice->n}}, static_cast<std::size_t>(choice->n));
    } else if (const auto* const choices = std::get_if<MultiDiscrete>(&spaces.observation)) {
      const std::int64_t options = std::accumulate(choices->counts.begin(), choices->counts.end(), std::int64_t{0});
      add(OneHotStep{choices->counts}, static_cast<std::size_t>(options));
    }
    if (const auto* const box = std::get_if<Box>(&spaces.action)) bounds_ = *box;
  }

  void wrap(std::string_view wrapper) {
    const std::size_t equals = wrapper.find('=');
    const std::string_view name = wrapper.substr(0, equals);
    const std::string_view value = equals == std::string_view::npos ? "" : wrapper.substr(equals + 1);
    if (name == "frame_stack") {
      const std::int64_t frames = parse_integer(value).value();
      add(StackStep{frames}, numbers_ * static_cast<std::size_t>(frames));
    } else if (name == "mask_observation") {
      std::vector<std::int64_t> kept = read_integers(value);
      const std::size_t size = kept.size();
      add(MaskStep{std::move(kept)}, size);
    } else if (name == "clip_observation") {
      add(ClipStep{static_cast<float>(parse_real(value).value())}, numbers_);
    } else if (name == "rescale_action") {
      map_action(ActionMapping::rescale);
      bounds_ = Box::uniform(-1, 1, bounds_->shape);
    } else if (name != "one_hot_observation" && name != "action_repeat" && name != "sticky_actions") {
      // one_hot_observation is applied first, in any case; the other two are of the environment, not of the policy.
      throw Error(fmt::format("wrapper '{}' cannot be exported", name));
    }
  }

  /// Adds the outermost mapping of actions, which keeps them within the bounds.
  void keep_bounds(bool squash) {
    if (!bounds_) return;
    const auto finite = [](float bound) { return std::isfinite(bound); };
    if (squash) {
      map_action(ActionMapping::squash);
    } else if (std::ranges::any_of(bounds_->low, finite) || std::ranges::any_of(bounds_->high, finite)) {
      map_action(ActionMapping::clip);
    }
  }

  const std::vector<ObservationStep>& observation_steps() const { return observation_steps_; }
  /// Returns the steps of actions, the outermost wrapper's first.
  std::vector<ActionStep> action_steps() const { return {mappings_.rbegin(), mappings_.rend()}; }

 private:
  template <class Step>
  void add(Step step, std::size_t outputs) {
    observation_steps_.push_back({.does = std::move(step), .inputs = numbers_, .outputs = outputs});
    numbers_ = outputs;
  }
  void map_action(ActionMapping mapping) {
    mappings_.push_back({.does = mapping, .low = bounds_->low, .high = bounds_->high});
  }

  std::size_t numbers_;        // of the observation so far
  std::optional<Box> bounds_;  // of the actions so far; none for other actions
  std::vector<ObservationStep> observation_steps_;
  std::vector<ActionStep> mappings_;  // the innermost wrapper's first
};

Spaces saved_spaces(const Checkpoint& checkpoint) {
  if (!checkpoint.spaces.empty()) return parse_spaces(checkpoint.spaces, "spaces");
  throw Error(
      fmt::format("it is of format 1, which does not have the environment's spaces; continue the run with this version "
                  "('{} train --resume RUN --steps N'), and export its checkpoints/last",
                  program_name()));
}

ExportedPolicy exported(const Checkpoint& checkpoint, const TrainConfig& config, const Networks& networks,
                        const Algorithms& algorithms, std::optional<std::int64_t> peer) {
  const Spaces spaces = saved_spaces(checkpoint);
  const Environment environment = for_policy(
      Environment(SpacesOnly{spaces}),
      {.wrappers = config.wrappers, .bounds = config.squash_actions ? ActionBounds::squash : ActionBounds::clip});
  const auto agents = make_agent_factory(config, environment.spec(), networks, algorithms);
  check_suits(checkpoint, environment.spec(), *agents);
  const NetworkSpec* const network = built_in_network(*agents);
  if (network == nullptr) {
    const std::vector<std::string> built_in = Networks::with_builtins().names();
    if (std::ranges::find(built_in, config.network) != built_in.end()) {
      throw Error(
          fmt::format("its algorithm '{}' is your own and does not say that its greedy actions are those of one "
                      "network (NetworkAgents): it cannot be exported",
                      config.algorithm));
    }
    throw Error(
        fmt::format("it has the network '{}'; expected one that comes with Sounder ({}), whose structure is "
                    "known: your own network cannot be exported",
                    config.network, fmt::join(built_in, ", ")));
  }
  Wrappers wrappers(spaces);
  for (const std::string& wrapper : config.wrappers) wrappers.wrap(wrapper);
  wrappers.keep_bounds(config.squash_actions);
  ExportedPolicy policy{.environment = checkpoint.environment,
                        .algorithm = config.algorithm,
                        .description = checkpoint.network,
                        .step = checkpoint.progress.step,
                        .peer = peer,
                        .spaces = spaces,
                        .observation_steps = wrappers.observation_steps(),
                        .means = {},
                        .factors = {},
                        .network = *network,
                        .layout = agents->layout(),
                        .parameters = policy_parameters(checkpoint, agents->layout(), peer),
                        .action_steps = wrappers.action_steps()};
  const std::size_t outputs = policy.network.outputs;
  if (std::holds_alternative<Box>(spaces.action) ? outputs < policy.outputs() : outputs != policy.outputs()) {
    throw Error(
        fmt::format("its network has {} outputs, from which its algorithm chooses among {} in a way of its own; "
                    "expected as many outputs as there are options, switches or means",
                    outputs, describe(spaces.action)));
  }
  if (const auto& moments = policy.layout.observation_moments) {
    constexpr float kEpsilon = 1e-8F;  // as in agents/networks/normalized_network.cpp
    const Moments of_inputs = Moments::of(*moments, policy.parameters);
    policy.means.assign(of_inputs.mean.begin(), of_inputs.mean.end());
    for (const float variance : of_inputs.variance) policy.factors.push_back(1 / std::sqrt(variance + kEpsilon));
  }
  return policy;
}

}  // namespace

std::span<const float> ExportedPolicy::block(std::string_view name) const {
  const auto found = std::ranges::find(layout.blocks, name, &ParameterBlock::name);
  return std::span(parameters).subspan(found->offset, found->size);
}

std::size_t ExportedPolicy::outputs() const {
  const auto* const box = std::get_if<Box>(&spaces.action);
  return box != nullptr ? box->low.size() : network.outputs;
}

ExportedPolicy load_for_export(const std::filesystem::path& run_or_checkpoint, const Networks& networks,
                               const Algorithms& algorithms, std::optional<std::int64_t> peer) {
  const std::filesystem::path file = find_checkpoint(run_or_checkpoint, WhichCheckpoint::best);
  const Checkpoint checkpoint = load_checkpoint(file);
  require_peer(checkpoint, peer, file.string());
  const TrainConfig config = saved_config(checkpoint, file, algorithms.fields(networks));
  try {
    return exported(checkpoint, config, networks, algorithms, peer);
  } catch (const Error& error) {
    throw Error(fmt::format("{}: {}", file.string(), error.what()));
  }
}

}  // namespace sounder
