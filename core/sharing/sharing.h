#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/checkpoint/checkpoint.h"
#include "core/config/config.h"
#include "core/metrics/records.h"
#include "core/moments.h"
#include "core/named.h"
#include "core/parameters.h"
#include "envs/error.h"

namespace sounder {

class AgentFactory;

/// When workers learn and give: each as fast as it can, or in rounds, in which all learn, then all give, in the
/// workers' order and on one thread, and then the scheme settles the round.
enum class Pace { free, rounds };

/// What has changed in a worker's replica before a rollout.
struct Fetched {
  bool parameters;         ///< since the fetch before: by it, or by what was given meanwhile
  bool target;             ///< the same of the target parameters
  std::int64_t step;       ///< the global step
  std::int64_t bytes = 0;  ///< of parameters that the worker received
};

/// What a worker gives after a rollout.
struct Contribution {
  std::span<float> gradient;  ///< flat, as the parameters; the port may overwrite it; in rounds, valid to their end
  double norm;                ///< of the gradient, Euclidean
  std::int64_t
      steps;    ///< environment steps that no contribution before had: the global step counts them, usable or not
  bool usable;  ///< whether gradient and losses are finite; if not, nothing may be learnt from it
};

/// What became of a contribution.
struct Given {
  std::int64_t step;            ///< the global step, this contribution's steps included
  int updates = 0;              ///< that were made with it: one, or none (yet)
  std::uint64_t staleness = 0;  ///< of the update: those that others completed since its parameters were fetched
  double gradient_norm = 0;     ///< of the update's gradient before it was clipped; of one that was dropped, too
  std::int64_t bytes = 0;  ///< of gradients and parameters that were sent for it, and of parameters that were received
  bool dropped = false;    ///< an update was due, and its gradient, of several usable ones, was not finite
};

/// One worker's end of a sharing scheme: where its replica comes from and where its gradient goes. Used by one thread
/// at a time; makes all it needs when it is made, and allocates nothing afterwards.
class Port {
 public:
  virtual ~Port() = default;

  /// Returns whether the worker may begin a rollout now: a scheme may have it wait until others have gone on. Does not
  /// wait itself. Of Pace::free.
  virtual bool ready() const noexcept { return true; }

  /// Brings the replica up to date as far as the scheme has it, before a rollout.
  virtual Fetched fetch() = 0;

  /// Contributes what a rollout gave, after `merge`. Where a copy of the target parameters is due it is made before
  /// this returns: between two rollouts of a worker nothing is due.
  virtual Given give(const Contribution& contribution) = 0;

  /// Merges a batch into the running moments at `block`, of the parameters' layout, and begins a new batch; or leaves
  /// it as it is, to be merged with what comes to it until the next time.
  virtual void merge(const MomentsBlock& block, MomentsBatch& batch) = 0;

  /// Has the next fetch take the newest parameters even where what was given last left new ones in the replica: others
  /// went on meanwhile on this thread.
  virtual void forget() noexcept = 0;
};

/// A sharing scheme: how the workers of one run come by parameters and what becomes of their gradients. It is all that
/// workers have in common. Owned by the WorkerGroup, outlives its ports. All functions may be called by any thread at
/// any time, but for those that say otherwise.
class Sharing {
 public:
  virtual ~Sharing() = default;

  /// Makes the end of one worker, 0, 1, ...; `replica` is the worker's own memory. Before any worker runs.
  virtual std::unique_ptr<Port> port(std::size_t worker, const Replica& replica) = 0;

  virtual Pace pace() const noexcept = 0;

  /// A part of the work that settles a round.
  struct Part {
    std::size_t index;  ///< from 0
    std::size_t count;  ///< of all parts
  };
  /// Begins to settle a round that all workers gave in, on one thread. Returns whether there is more to it: then each
  /// part is settled, on any threads side by side, and end_settling() is called after all of them, on one thread.
  virtual bool begin_settling() { return false; }
  virtual void settle(const Part& /*part*/) noexcept {}
  virtual void end_settling() noexcept {}

  /// Settles a round on one thread.
  void settle_alone() {
    if (!begin_settling()) return;
    settle({.index = 0, .count = 1});
    end_settling();
  }

  /// The global step: environment steps of all workers together, as far as they were given.
  virtual std::int64_t step() const noexcept = 0;
  /// Updates that are complete.
  virtual std::uint64_t updates() const noexcept = 0;

  /// What is evaluated and saved, at one moment.
  struct Snapshot {
    std::vector<float> parameters;  ///< flat: what acts
    /// All else that the scheme needs to go on, by its own names, in the order in which they are saved.
    std::vector<Tensor> tensors;
    std::int64_t step = 0;
    std::uint64_t updates = 0;
    bool consistent = false;  ///< no update was under way; else it may have a part of one
  };
  /// Copies everything. A scheme with locks delays workers meanwhile, others none. Exact while no worker runs.
  virtual Snapshot snapshot() const = 0;

  /// Goes on from a checkpoint whose tensors a snapshot of the same scheme gave, maybe of another number of workers
  /// (its progress has one entry for each). Throws Error where it has not what it takes. Before any worker runs.
  virtual void restore(const Checkpoint& checkpoint) = 0;

  /// Adds the scheme's own numbers for the reports: as they are now, of this process.
  virtual void measure(Measures& measures) const = 0;

  /// Views what a snapshot would have as parameters, in place where the scheme has them in one place: what a network
  /// after training is made over. Only while no worker runs; each call views the same memory, brought up to date.
  virtual std::span<float> quiescent_view() = 0;

  /// Replaces all parameters (those of all peers), target parameters included; they may be those of quiescent_view().
  /// The optimizer's statistics stay. Before any worker runs. Throws Error if the scheme cannot, as by default.
  virtual void replace(std::span<const float> /*parameters*/) {
    throw Error("this sharing scheme has no replace(), so it does not take other parameters than it began with");
  }
};

/// The list of sharing schemes that the configuration chooses from; schemes.cpp makes them.
enum class SharingScheme { hogwild, server, peers };
inline constexpr auto kSharingSchemes = std::to_array<Named<SharingScheme>>(
    {{"hogwild", SharingScheme::hogwild}, {"server", SharingScheme::server}, {"peers", SharingScheme::peers}});

/// The list of what peers agree on: parameters (GALA), or a tracked mean gradient as well (NEXT).
enum class Tracking { none, gradient };
inline constexpr auto kTrackings =
    std::to_array<Named<Tracking>>({{"none", Tracking::none}, {"gradient", Tracking::gradient}});

/// The name of the scheme of synchronous rounds, which an algorithm may require.
inline constexpr std::string_view kRoundsScheme = "rounds";

/// Makes the sharing scheme of a run, with the parameters that the agents start from: the one that the configuration
/// asks for, or the one that the algorithm requires. Throws UsageError where the configuration does not fit together,
/// or the algorithm.
std::unique_ptr<Sharing> make_sharing(const TrainConfig& config, const AgentFactory& agents);

using MakeSharing = std::function<std::unique_ptr<Sharing>(const TrainConfig&, const AgentFactory&)>;

}  // namespace sounder
