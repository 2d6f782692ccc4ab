#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>

#include "envs/action.h"
#include "envs/action_mask.h"
#include "envs/error.h"
#include "envs/spaces.h"

namespace sounder {

class AgentFactory;
class Algorithms;
struct Checkpoint;
class Networks;

/// How a Policy acts.
struct PolicyOptions {
  std::size_t streams = 1;  ///< B, episodes side by side, each with its own observations: 1 to Policy::kMostStreams
  /// Seed of sampled actions. None: the action of the largest probability, density or value. Value methods, which have
  /// no probabilities, always take that of the largest value.
  std::optional<std::uint64_t> sample = {};
  std::optional<std::int64_t> peer = {};  ///< of a run of peers: that one's policy, from 0 on; none for their mean
  /// Knows the policy's network, if that is your own. Null: Sounder's networks. Needed while loading only.
  const Networks* networks = nullptr;
  /// Knows the policy's algorithm, if that is your own. Null: Sounder's algorithms. Needed while loading only.
  const Algorithms* algorithms = nullptr;
};

/// A trained policy that acts in a program of your own: from observations as the environment has them to actions as the
/// environment takes them. All between is inside: wrappers, one-hot encoding, normalisation, the network and its
/// recurrent state, and the bounds of actions. Wrappers that change how the environment answers have no effect here:
/// with action_repeat, ask for one action per repetition, and repeat it yourself; sticky_actions do not stick.
///
/// Needs no environment and starts no thread. Move-only; one thread at a time. Acting allocates nothing, if the network
/// is a fused one.
class Policy {
 public:
  static constexpr std::size_t kMostStreams = 65'536;

  /// Loads a run's best checkpoint (its last one if the run was never evaluated), or a checkpoint file. Throws Error if
  /// it is missing, damaged or of format 1, which lacks the environment's own spaces, and if its algorithm or network
  /// is unknown, or needs LibTorch's module and that is not installed. Throws UsageError for options out of range, and
  /// for a peer that the run does not have.
  static Policy load(const std::filesystem::path& run_or_checkpoint, const PolicyOptions& options = {});

  /// Makes the policy of a checkpoint. Throws the same errors.
  explicit Policy(Checkpoint checkpoint, const PolicyOptions& options = {});

  Policy(Policy&& other) noexcept;
  Policy& operator=(Policy&& other) noexcept;
  ~Policy();

  /// Returns the environment's own spaces, before any wrapper: those of act().
  const Spaces& spaces() const noexcept;

  std::size_t streams() const noexcept;

  /// Chooses the action for an observation [D] of the only stream. Its span views the policy's memory until the next
  /// call. The first call, and the first after begin_episode(), begins an episode. A mask [M] allows some of the
  /// actions; empty, it allows all.
  ///
  /// Throws, in every build and before anything has changed, UsageError for another number of numbers than D or M, and
  /// for a mask that allows no action or has no meaning for the action space; Error for an observation that is not
  /// finite, or not an element of a Discrete, MultiDiscrete or MultiBinary space. (The bounds of a Box are not
  /// checked.) Throws Error if the network computes an action that is not finite, as it can for huge observations;
  /// begin an episode then.
  Action act(std::span<const float> observation, ActionMask mask = {});

  /// Chooses an action for an observation of each stream, [B, D], with masks [B, M] or none: row i belongs to stream i.
  /// Results are those of act(), up to rounding. The array is the policy's, and holds until the next call. Throws as
  /// act() does.
  const ActionArray& act_all(std::span<const float> observations, ActionMask masks = {});

  /// Returns the values [B] of the latest observations: the returns that the policy expects from there on, of the
  /// rewards as it learnt from them (discounted, scaled, clipped, normalised). NaN before the first action, and for
  /// algorithms that estimate no values.
  std::span<const float> values() const noexcept;

  /// Begins an episode with the next observation, in all streams or in one: clears the recurrent state and what
  /// wrappers remember. Throws UsageError for a stream that there is not.
  void begin_episode() noexcept;
  void begin_episode(std::size_t stream);

  /// Returns the agents that the policy is one of; their layout() names the parameters.
  const AgentFactory& agents() const noexcept;

  /// Views the parameters that the policy acts with, flat, laid out by agents().layout(). They may be changed: call
  /// parameters_changed() then, before the next action. The policy must outlive the view; it may be moved.
  std::span<float> parameters() noexcept;

  /// Tells the policy that its parameters were changed: it acts with them from now on, and its checkpoint has them. (Of
  /// a run of peers, the tensors of each stay as they were.)
  void parameters_changed();

  /// Returns the checkpoint that the policy was made of (core/checkpoint/checkpoint.h), with its present parameters; of
  /// a run of peers, with all.
  const Checkpoint& checkpoint() const noexcept;

  /// Writes that checkpoint to a file, as save_checkpoint() does. Throws Error.
  void save(const std::filesystem::path& file) const;

 private:
  struct Parts;

  std::unique_ptr<Parts> parts_;  // its members view each other: they stay where they are when the policy moves
};

}  // namespace sounder
