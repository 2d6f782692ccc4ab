#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "core/aligned_floats.h"
#include "core/sharing/hogwild/hogwild_group.h"
#include "core/sharing/peers/graph.h"
#include "core/sharing/peers/mixing.h"
#include "core/sharing/peers/peer_link.h"
#include "core/sharing/sharing.h"
#include "core/sharing/store/running_moments.h"

namespace sounder {

/// GALA (Assran et al. 2019): peers with parameters of their own, which neighbours on a graph mix now and then. A peer
/// is a Hogwild group of W workers. After an update it averages its parameters with those that its neighbours have left
/// for it, if all of them have, and leaves its own for those who hear from it and have read the last ones.
///
/// Nobody waits, but for this: the workers of a peer begin no rollout while it has made more than `max_lag` updates
/// since it last mixed, until its neighbours' messages are there. That ends: a peer that waits leaves its parameters as
/// soon as there is room, so that if all wait, all messages come.
///
/// The peers' statistics are not mixed. The running moments are the run's: all peers normalise alike. Target parameters
/// are each peer's own, copied from its parameters at each target_interval of the global step.
///
/// What acts after training is the peers' mean. Saves "peer<p>/parameters" and "peer<p>/updates" of each, and what its
/// HogwildGroup saves. Messages under way are not saved: peers that go on leave new ones.
class Gala final : public Sharing {
 public:
  struct Settings {
    std::size_t workers;
    std::size_t peers;  ///< divides the workers: worker i belongs to peer i / (workers / peers)
    GraphKind graph = GraphKind::ring;
    Mixing mixing = Mixing::average;  ///< metropolis takes the graph undirected
    double link_probability = 1;      ///< that a message which a peer could leave is left
    std::uint64_t max_lag = 1'000;    ///< updates of the peer, at least 1
    std::uint64_t seed = 1;           ///< of a random graph and of the links
    HogwildGroup::Settings group;     ///< of each peer; workers, seed, prefix, run_step and moments are filled in
  };
  Gala(const Settings& settings, const AgentFactory& agents);
  ~Gala() override;

  std::unique_ptr<Port> port(std::size_t worker, const Replica& replica) override;
  Pace pace() const noexcept override { return Pace::free; }
  std::int64_t step() const noexcept override { return step_.load(std::memory_order_relaxed); }
  std::uint64_t updates() const noexcept override;
  Snapshot snapshot() const override;
  void restore(const Checkpoint& checkpoint) override;
  void measure(Measures& measures) const override;
  std::span<float> quiescent_view() override;
  void replace(std::span<const float> parameters) override;

  std::size_t peers() const noexcept { return peers_.size(); }

 private:
  class Peer;
  class PeerPort;

  const ParameterLayout& layout_;
  const std::size_t workers_per_peer_;
  const Mixing mixing_;
  const std::uint64_t max_lag_;
  const Graph graph_;
  const Links links_;  // a peer draws anew each time that it could send
  const std::shared_ptr<RunningMoments> moments_;
  alignas(128) std::atomic<std::int64_t> step_{0};
  std::deque<PeerLink> peer_links_;
  std::vector<std::unique_ptr<Peer>> peers_;
  AlignedFloats view_;
};

/// Makes peers as a configuration has them. Throws UsageError where it does not fit together.
std::unique_ptr<Sharing> make_gala(const TrainConfig& config, const AgentFactory& agents);

}  // namespace sounder
