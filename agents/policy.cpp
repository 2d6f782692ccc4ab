#include "agents/policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agents/factory.h"
#include "core/checkpoint/checkpoint.h"
#include "core/checkpoint/contents.h"
#include "core/config/config.h"
#include "core/learning/agent.h"
#include "core/running/run_checkpoints.h"
#include "core/sharing/peers/peers.h"
#include "core/space_json.h"
#include "envs/environment.h"
#include "envs/program.h"
#include "envs/random.h"
#include "envs/registry.h"
#include "envs/wrappers/by_name.h"

namespace sounder {
namespace {

/// What a policy's wrappers exchange with its caller.
struct Exchange {
  std::span<const float> observations;  // [B, D], the caller's
  ActionArray actions;                  // [B], as wrappers and bounds leave them
};

/// Stands in for the environment inside of a policy's wrappers. So the wrappers' own code makes what the network sees
/// of the caller's observation, and what the caller gets of the network's action: by announcing it, which maps it as a
/// step does, before the next observation is known.
class CallersWorld {
 public:
  using Action = sounder::Action;

  CallersWorld(const Spaces& spaces, Exchange& exchange, std::size_t stream)
      : spec_{.observation_space = spaces.observation, .action_space = spaces.action},
        exchange_(&exchange),
        size_(flat_size(spaces.observation)),
        stream_(stream) {}

  const EnvironmentSpec& spec() const noexcept { return spec_; }
  void reset(std::uint64_t /*seed*/, std::span<float> observation) const { show(observation); }
  StepResult step(const Action& /*action*/, std::span<float> observation) const {
    show(observation);
    return {.reward = 0, .terminated = false};
  }
  void announce(const Action& action) const { exchange_->actions.assign(stream_, action); }
  void announce_reset(std::uint64_t /*seed*/) const noexcept {}

 private:
  void show(std::span<float> observation) const {
    std::ranges::copy(exchange_->observations.subspan(stream_ * size_, size_), observation.begin());
  }

  EnvironmentSpec spec_;
  Exchange* exchange_;
  std::size_t size_;
  std::size_t stream_;
};

/// Returns the wrappers of a training without those that change how the environment answers. Throws Error for frames of
/// repetitions, which a policy is not shown.
std::vector<std::string> policy_wrappers(const std::vector<std::string>& wrappers) {
  std::vector<std::string> kept;
  for (const std::string& wrapper : wrappers) {
    const auto stacks = [](const std::string& inner) { return inner.starts_with("frame_stack"); };
    if (wrapper.starts_with("action_repeat") && std::ranges::any_of(kept, stacks)) {
      throw Error(
          "frame_stack inside action_repeat stacks the observations of repetitions too, but a policy is given one "
          "observation per action; train with action_repeat inside (first in `wrappers`)");
    }
    if (!changes_environment(wrapper)) kept.push_back(wrapper);
  }
  return kept;
}

/// Returns the configuration that a checkpoint's policy acts with. Which backend computed the network in training does
/// not matter: the fastest takes its place.
TrainConfig acting_config(const Checkpoint& checkpoint, ConfigFields fields) {
  TrainConfig config = read_saved_config(checkpoint.config, "configuration", fields);
  config.backend = "auto";
  return config;
}

Spaces bare_spaces(const Checkpoint& checkpoint) {
  if (!checkpoint.spaces.empty()) return parse_spaces(checkpoint.spaces, "metadata entry 'spaces'");
  throw Error(
      fmt::format("it is of format 1, which lacks the environment's own spaces; resume its run once, so that this "
                  "version saves a new checkpoint ('{} train --resume RUN --steps N')",
                  program_name()));
}

/// Returns whether all numbers are finite. Has no branches in the loop, so that it vectorises.
bool all_finite(std::span<const float> numbers) noexcept {
  unsigned wrong = 0;
  for (const float x : numbers) wrong |= static_cast<unsigned>(!(std::abs(x) <= std::numeric_limits<float>::max()));
  return wrong == 0;
}

void require_streams(const PolicyOptions& options) {
  if (options.streams >= 1 && options.streams <= Policy::kMostStreams) return;
  throw UsageError(fmt::format("streams: expected 1 to {}; got {}", Policy::kMostStreams, options.streams));
}

std::string of_stream(std::size_t stream, std::size_t streams) {
  return streams == 1 ? std::string() : fmt::format(" of stream {}", stream);
}

}  // namespace

struct Policy::Parts {
  // Compiled for size, as all that runs before acting begins.
  [[gnu::cold]] Parts(Checkpoint from, const PolicyOptions& options);

  std::span<float> observation(std::size_t stream) noexcept {
    return std::span(observations).subspan(stream * observation_size, observation_size);
  }
  std::span<float> state(std::size_t stream) noexcept {
    return std::span(states).subspan(stream * state_size, state_size);
  }
  void require_observations(std::span<const float> given) const;
  void require_masks(ActionMask masks) const;
  void require_finite_actions() const;
  void observe();

  /// Has the checkpoint say which parameters the policy acts with.
  void keep_parameters();

  std::size_t streams;
  Checkpoint checkpoint;
  Spaces spaces;
  Exchange exchange;
  std::vector<Environment> worlds;  // [B], wrapped
  std::unique_ptr<AgentFactory> agents;
  std::vector<float> parameters;
  std::unique_ptr<Agent> agent;
  std::size_t bare_size = 0;         // D
  std::size_t observation_size = 0;  // of the network
  std::size_t state_size = 0;
  std::size_t mask_size = 0;         // M; 0 if actions cannot be masked
  std::vector<std::uint8_t> begins;  // [B], whether the next observation begins an episode
  std::vector<float> observations;   // [B, observation size]
  std::vector<float> states;         // [B, state size]
  std::vector<float> values;         // [B]
  std::vector<Rng> rngs;             // [B]; none for greedy actions
  ActionArray chosen;                // [B], the network's
};

Policy::Parts::Parts(Checkpoint from, const PolicyOptions& options)
    : streams(options.streams),
      checkpoint(std::move(from)),
      spaces(bare_spaces(checkpoint)),
      exchange{.observations = {}, .actions = ActionArray(spaces.action, streams)},
      bare_size(flat_size(spaces.observation)),
      begins(streams, 1),
      values(streams, std::numeric_limits<float>::quiet_NaN()),
      chosen(spaces.action, streams) {
  std::optional<Networks> built_in_networks;
  std::optional<Algorithms> built_in_algorithms;
  const Networks& networks =
      options.networks != nullptr ? *options.networks : built_in_networks.emplace(Networks::with_builtins());
  const Algorithms& algorithms =
      options.algorithms != nullptr ? *options.algorithms : built_in_algorithms.emplace(Algorithms::with_builtins());
  const TrainConfig config = acting_config(checkpoint, algorithms.fields(networks));
  const PolicyView view{.wrappers = policy_wrappers(config.wrappers),
                        .bounds = config.squash_actions ? ActionBounds::squash : ActionBounds::clip};
  for (std::size_t i = 0; i < streams; ++i) {
    worlds.push_back(for_policy(Environment(CallersWorld(spaces, exchange, i)), view));
  }
  const EnvironmentSpec spec = worlds.front().spec();
  agents = make_agent_factory(config, spec, networks, algorithms);
  check_suits(checkpoint, spec, *agents);
  parameters = policy_parameters(checkpoint, agents->layout(), options.peer);
  if (options.peer) keep_parameters();
  agents->prepare_thread();
  agent = agents->make({.parameters = parameters}, {.observations = streams});
  observation_size = flat_size(spec.observation_space);
  state_size = agent->state_size();
  if (!option_counts(spaces.action).empty()) mask_size = sounder::mask_size(spaces.action);
  observations.resize(streams * observation_size);
  states.resize(streams * state_size);
  if (!options.sample) return;
  for (std::size_t i = 0; i < streams; ++i) {
    rngs.emplace_back(
        StreamKey{.seed = *options.sample, .worker = 0, .purpose = Stream::evaluation_action, .index = i + 1});
  }
}

void Policy::Parts::keep_parameters() {
  checkpoint.parameters.clear();
  for (const ParameterBlock& block : agents->layout().blocks) {
    const auto floats = std::span(parameters).subspan(block.offset, block.size);
    checkpoint.parameters.push_back(
        {.name = block.name, .shape = block.shape, .values = {floats.begin(), floats.end()}});
  }
}

void Policy::Parts::require_observations(std::span<const float> given) const {
  if (given.size() != streams * bare_size) {
    const std::string each =
        streams == 1 ? std::string() : fmt::format(", {} for each of {} streams", bare_size, streams);
    throw UsageError(fmt::format("expected {} numbers{}, an observation of {}; got {}", streams * bare_size, each,
                                 describe(spaces.observation), given.size()));
  }
  const bool box = std::holds_alternative<Box>(spaces.observation);
  if (box && all_finite(given)) return;
  for (std::size_t i = 0; i < streams; ++i) {
    const auto row = given.subspan(i * bare_size, bare_size);
    if (!box && contains(spaces.observation, row)) continue;
    for (std::size_t d = 0; d < bare_size; ++d) {
      if (std::isfinite(row[d])) continue;
      throw Error(
          fmt::format("expected finite numbers as observation{}; number {} is {}", of_stream(i, streams), d, row[d]));
    }
    if (box) continue;
    throw Error(fmt::format("expected an element of {} as observation{}; got one that begins with {}",
                            describe(spaces.observation), of_stream(i, streams), row[0]));
  }
}

void Policy::Parts::require_masks(ActionMask masks) const {
  if (masks.empty()) return;
  if (mask_size == 0) {
    throw UsageError(fmt::format("expected no mask, since actions are of {}; got one of {} numbers",
                                 describe(spaces.action), masks.size()));
  }
  if (masks.size() != streams * mask_size) {
    throw UsageError(fmt::format("expected a mask of {} numbers, for actions of {}; got {}", streams * mask_size,
                                 describe(spaces.action), masks.size()));
  }
  for (std::size_t i = 0; i < streams; ++i) {
    if (allows_any(spaces.action, mask_of_row(masks, i, mask_size))) continue;
    throw UsageError(
        fmt::format("expected a mask{} that allows an action; got one that allows none", of_stream(i, streams)));
  }
}

void Policy::Parts::require_finite_actions() const {
  if (!std::holds_alternative<Box>(spaces.action)) return;
  for (std::size_t i = 0; i < streams; ++i) {
    if (all_finite(exchange.actions.continuous(i))) continue;
    throw Error(
        fmt::format("the network computed an action{} that is not finite; begin an episode, and check the "
                    "observations for numbers beyond those of the training",
                    of_stream(i, streams)));
  }
}

void Policy::Parts::observe() {
  for (std::size_t i = 0; i < streams; ++i) {
    if (begins[i] != 0) {
      worlds[i].reset(0, observation(i));
      std::ranges::fill(state(i), 0.0F);
      begins[i] = 0;
    } else {
      worlds[i].step(chosen[i], observation(i));
    }
  }
}

Policy Policy::load(const std::filesystem::path& run_or_checkpoint, const PolicyOptions& options) {
  require_streams(options);
  const std::filesystem::path file = find_checkpoint(run_or_checkpoint, WhichCheckpoint::best);
  Checkpoint checkpoint = load_checkpoint(file);
  require_peer(checkpoint, options.peer, file.string());
  try {
    return Policy(std::move(checkpoint), options);
  } catch (const Error& error) {  // a UsageError, too: it is about what the file holds
    throw Error(fmt::format("{}: {}", file.string(), error.what()));
  }
}

Policy::Policy(Checkpoint checkpoint, const PolicyOptions& options) {
  require_streams(options);
  require_peer(checkpoint, options.peer, "the checkpoint");
  parts_ = std::make_unique<Parts>(std::move(checkpoint), options);
}

Policy::Policy(Policy&& other) noexcept = default;
Policy& Policy::operator=(Policy&& other) noexcept = default;
Policy::~Policy() = default;

const Spaces& Policy::spaces() const noexcept {
  return parts_->spaces;
}

std::size_t Policy::streams() const noexcept {
  return parts_->streams;
}

Action Policy::act(std::span<const float> observation, ActionMask mask) {
  if (parts_->streams == 1) return act_all(observation, mask)[0];
  throw UsageError(fmt::format("act() is for a policy of one stream, this one has {}; use act_all()", parts_->streams));
}

const ActionArray& Policy::act_all(std::span<const float> observations, ActionMask masks) {
  Parts& parts = *parts_;
  parts.require_observations(observations);
  parts.require_masks(masks);
  parts.exchange.observations = observations;
  parts.observe();
  parts.agent->act({.observations = parts.observations,
                    .selection = parts.rngs.empty() ? Selection::greedy : Selection::sample,
                    .rngs = parts.rngs,
                    .states = parts.states,
                    .masks = masks},
                   parts.chosen);
  for (std::size_t i = 0; i < parts.streams; ++i) {
    parts.worlds[i].announce(parts.chosen[i]);
    parts.values[i] = parts.agent->value(i, mask_of_row(masks, i, parts.mask_size));
  }
  parts.require_finite_actions();
  return parts.exchange.actions;
}

std::span<const float> Policy::values() const noexcept {
  return parts_->values;
}

void Policy::begin_episode() noexcept {
  std::ranges::fill(parts_->begins, std::uint8_t{1});
}

void Policy::begin_episode(std::size_t stream) {
  if (stream >= parts_->streams) {
    throw UsageError(fmt::format("expected a stream below {}; got {}", parts_->streams, stream));
  }
  parts_->begins[stream] = 1;
}

const AgentFactory& Policy::agents() const noexcept {
  return *parts_->agents;
}

std::span<float> Policy::parameters() noexcept {
  return parts_->parameters;
}

void Policy::parameters_changed() {
  parts_->agent->parameters_changed();
  parts_->keep_parameters();
}

const Checkpoint& Policy::checkpoint() const noexcept {
  return parts_->checkpoint;
}

void Policy::save(const std::filesystem::path& file) const {
  save_checkpoint(file, parts_->checkpoint);
}

}  // namespace sounder
