#include "core/sharing/peers/gala.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "core/checkpoint/contents.h"
#include "core/learning/agent.h"
#include "core/named.h"
#include "core/sharing/peers/peers.h"
#include "envs/error.h"

namespace sounder {
namespace {

/// What came of a peer's turn to meet its neighbours.
struct Met {
  bool mixed = false;      ///< its parameters, with those of others
  std::int64_t bytes = 0;  ///< sent
};

}  // namespace

/// A peer and its ends of the links. The workers of the peer take turns to mix: what is not atomic belongs to the one
/// that has the turn.
class alignas(128) Gala::Peer {
 public:
  Peer(Gala& scheme, std::size_t index, const HogwildGroup::Settings& settings, const AgentFactory& agents,
       std::span<const float> initial)
      : scheme_(scheme), index_(index), group_(settings, agents, initial), sum_(initial.size()) {}

  struct In {
    PeerLink* link;
    float weight;  ///< by Mixing::metropolis
  };
  struct Out {
    PeerLink* link;
    std::size_t to;
  };
  void add_in(const In& in) { ins_.push_back(in); }
  void add_out(const Out& out) { outs_.push_back(out); }

  HogwildGroup& group() noexcept { return group_; }
  const HogwildGroup& group() const noexcept { return group_; }

  /// Whether its workers may begin a rollout: see Gala.
  bool ready() const noexcept {
    // Relaxed: a count that is late lets a worker begin one rollout more. Another worker of the peer may mix between
    // the loads, so that the updates are behind those at which it did: their difference would wrap.
    return group_.store().updates() <= mixed_at_.load(std::memory_order_relaxed) + scheme_.max_lag_ || arrived();
  }

  /// Mixes and sends, as far as neighbours have sent and read. Nothing where another worker has the turn.
  Met meet() noexcept {
    if (ins_.empty()) return {};  // on a connected graph, the only peer
    // Acquire and release: the turn passes from thread to thread.
    if (busy_.test_and_set(std::memory_order_acquire)) return {};
    Met met;
    met.mixed = arrived() && mix();
    met.bytes = send() + std::exchange(sent_again_, 0);
    busy_.clear(std::memory_order_release);
    return met;
  }

  /// Sends where neighbours have read the last message since the latest update. For peers that wait.
  void send_again() noexcept {
    if (busy_.test_and_set(std::memory_order_acquire)) return;
    sent_again_ += send();
    busy_.clear(std::memory_order_release);
  }

  void restart() noexcept { mixed_at_.store(group_.store().updates(), std::memory_order_relaxed); }

 private:
  bool arrived() const noexcept {
    return std::ranges::all_of(ins_, [](const In& in) { return in.link->arrived(); });
  }

  bool mix() noexcept {
    std::size_t messages = 0;
    float own = 1;
    std::ranges::fill(sum_, 0.0F);
    for (const In& in : ins_) {
      const std::span<const float> message = in.link->message();
      if (message.empty()) continue;
      ++messages;
      const float weight = scheme_.mixing_ == Mixing::average ? 1.0F : in.weight;
      own -= in.weight;
      for (std::size_t i = 0; i < sum_.size(); ++i) sum_[i] += weight * message[i];
    }
    for (const In& in : ins_) in.link->take();
    mixed_at_.store(group_.store().updates(), std::memory_order_relaxed);
    if (messages == 0) return false;
    if (scheme_.mixing_ == Mixing::average) {
      own = 1.0F / static_cast<float>(messages + 1);
      for (float& x : sum_) x *= own;
    }
    group_.store().mix(own, sum_);
    return true;
  }

  /// Returns how many bytes it sent.
  std::int64_t send() noexcept {
    std::int64_t bytes = 0;
    for (const Out& out : outs_) {
      if (!out.link->has_room()) continue;
      const bool up = scheme_.links_.up({.from = index_, .to = out.to}, group_.store().updates());
      if (up) {
        group_.store().pull(out.link->room());
        bytes += static_cast<std::int64_t>(out.link->room().size_bytes());
      }
      out.link->send(up);
    }
    return bytes;
  }

  Gala& scheme_;
  const std::size_t index_;
  HogwildGroup group_;
  std::vector<In> ins_;
  std::vector<Out> outs_;
  std::atomic_flag busy_;
  std::atomic<std::uint64_t> mixed_at_{0};  // updates of the peer
  std::int64_t sent_again_ = 0;             // bytes, that no update was told of
  AlignedFloats sum_;
};

/// A worker's end: the port of its peer's group, after whose updates the peer meets its neighbours.
class Gala::PeerPort final : public Port {
 public:
  PeerPort(Peer& peer, const HogwildPort::Parts& parts) : peer_(peer), shared_(parts) {}

  bool ready() const noexcept override {
    if (peer_.ready()) return true;
    // Others may wait for this peer, too: one that read its last message only after its latest update.
    peer_.send_again();
    return false;
  }
  Fetched fetch() override { return shared_.fetch(); }
  Given give(const Contribution& contribution) override {
    Given given = shared_.give(contribution);
    if (given.updates == 0) return given;
    const Met met = peer_.meet();
    if (met.mixed) shared_.forget();
    given.bytes += met.bytes;
    return given;
  }
  void merge(const MomentsBlock& block, MomentsBatch& batch) override { shared_.merge(block, batch); }
  void forget() noexcept override { shared_.forget(); }

 private:
  Peer& peer_;
  HogwildPort shared_;
};

Gala::Gala(const Settings& settings, const AgentFactory& agents)
    : layout_(agents.layout()),
      workers_per_peer_(settings.workers / settings.peers),
      mixing_(settings.mixing),
      max_lag_(settings.max_lag),
      graph_({.kind = settings.graph,
              .peers = settings.peers,
              .direction = settings.mixing == Mixing::average ? LinkDirection::directed : LinkDirection::undirected,
              .seed = settings.seed}),
      links_({.direction = LinkDirection::directed, .probability = settings.link_probability, .seed = settings.seed}),
      moments_(std::make_shared<RunningMoments>(layout_)),
      view_(layout_.size) {
  const std::vector<float> initial = agents.initial_parameters(settings.seed);
  moments_->store(initial);
  for (std::size_t p = 0; p < settings.peers; ++p) {
    HogwildGroup::Settings group = settings.group;
    group.workers = workers_per_peer_;
    group.first_worker = p * workers_per_peer_;
    group.seed = settings.seed;
    group.prefix = peer_tensor_name(p, "");
    group.moments = moments_;
    group.run_step = &step_;
    peers_.push_back(std::make_unique<Peer>(*this, p, group, agents, initial));
  }
  for (std::size_t p = 0; p < settings.peers; ++p) {
    for (const std::size_t from : graph_.neighbours(p)) {
      PeerLink& link = peer_links_.emplace_back(layout_.size);
      const std::size_t degree = std::max(graph_.neighbours(p).size(), graph_.neighbours(from).size());
      peers_[p]->add_in({.link = &link, .weight = 1.0F / static_cast<float>(degree + 1)});
      peers_[from]->add_out({.link = &link, .to = p});
    }
  }
}

Gala::~Gala() = default;

std::unique_ptr<Port> Gala::port(std::size_t worker, const Replica& replica) {
  Peer& peer = *peers_[worker / workers_per_peer_];
  return std::make_unique<PeerPort>(peer, peer.group().port_parts(worker % workers_per_peer_, replica));
}

std::uint64_t Gala::updates() const noexcept {
  std::uint64_t updates = 0;
  for (const auto& peer : peers_) updates += peer->group().store().updates();
  return updates;
}

Sharing::Snapshot Gala::snapshot() const {
  Snapshot snapshot{.parameters = {}, .tensors = {}, .step = step(), .updates = 0, .consistent = true};
  std::vector<std::vector<float>> parameters;
  for (std::size_t p = 0; p < peers_.size(); ++p) {
    Snapshot peer = peers_[p]->group().snapshot();
    snapshot.updates += peer.updates;
    snapshot.consistent = snapshot.consistent && peer.consistent;
    snapshot.tensors.push_back(
        {.name = peer_tensor_name(p, "updates"), .shape = {1}, .doubles = {static_cast<double>(peer.updates)}});
    snapshot.tensors.push_back(flat_tensor(peer_tensor_name(p, "parameters"), peer.parameters));
    std::ranges::move(peer.tensors, std::back_inserter(snapshot.tensors));
    parameters.push_back(std::move(peer.parameters));
  }
  snapshot.parameters = mean_of(parameters);
  moments_->load(snapshot.parameters);
  return snapshot;
}

void Gala::restore(const Checkpoint& checkpoint) {
  check_peers(checkpoint, peers_.size());
  const Shape flat{static_cast<std::int64_t>(layout_.size)};
  step_.store(checkpoint.progress.step, std::memory_order_relaxed);
  for (std::size_t p = 0; p < peers_.size(); ++p) {
    const double updates = find_doubles(checkpoint.statistics, peer_tensor_name(p, "updates"), {1}).doubles.front();
    peers_[p]->group().restore(
        {.parameters = find_tensor(checkpoint.statistics, peer_tensor_name(p, "parameters"), flat).values,
         .step = checkpoint.progress.step,
         .updates = static_cast<std::uint64_t>(updates),
         .workers = checkpoint.progress.workers.size() / peers_.size(),
         .tensors = checkpoint.statistics});
    peers_[p]->restart();
  }
}

void Gala::measure(Measures& measures) const {
  std::vector<const HogwildGroup*> groups;
  std::vector<std::vector<float>> parameters;
  for (const auto& peer : peers_) {
    groups.push_back(&peer->group());
    peer->group().store().pull(parameters.emplace_back(layout_.size));
  }
  HogwildGroup::measure(groups, measures);
  measures.push_back({.name = "share/disagreement", .unit = "fraction", .value = disagreement(parameters)});
}

std::span<float> Gala::quiescent_view() {
  const std::vector<float> mean = snapshot().parameters;
  view_.assign(mean.begin(), mean.end());
  return view_;
}

void Gala::replace(std::span<const float> parameters) {
  for (const auto& peer : peers_) peer->group().replace(parameters);
}

std::unique_ptr<Sharing> make_gala(const TrainConfig& config, const AgentFactory& agents) {
  return std::make_unique<Gala>(
      Gala::Settings{.workers = static_cast<std::size_t>(config.workers),
                     .peers = peer_count(config),
                     .graph = find_named(kGraphKinds, "graph", config.graph),
                     .mixing = find_named(kMixings, "mixing", config.mixing),
                     .link_probability = config.link_probability,
                     .max_lag = static_cast<std::uint64_t>(config.max_lag),
                     .seed = static_cast<std::uint64_t>(config.seed),
                     .group = {.update = make_update_settings(config),
                               .blocks = make_block_settings(config),
                               .write_mode = find_named(kWriteModes, "write_mode", config.write_mode),
                               .target_interval = config.target_interval}},
      agents);
}

}  // namespace sounder
