#include "core/sharing/peers/next.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <numeric>
#include <string_view>

#include "core/checkpoint/contents.h"
#include "core/learning/agent.h"
#include "core/named.h"
#include "core/sharing/peers/peers.h"
#include "envs/error.h"

namespace sounder {
namespace {

constexpr std::string_view kStepFactor = "step_factor";

/// Calls visit(name, array) for all that a peer has in double. The only list of it.
template <class Peer, class Visit>
void visit_doubles(Peer& peer, const std::vector<std::string>& statistic_names, Visit visit) {
  visit("exact_parameters", peer.parameters);
  visit("tracker", peer.tracker);
  visit("gradient", peer.gradient);
  for (std::size_t k = 0; k < statistic_names.size(); ++k) visit(statistic_names[k], peer.statistics[k]);
}

/// The parameters, with zeros in the places of moments and constants.
std::vector<double> learnt_parameters(std::span<const float> parameters, const RunningMoments& apart) {
  std::vector<double> learnt(parameters.begin(), parameters.end());
  for (const UpdateRange& place : apart.places()) {
    std::ranges::fill(std::span(learnt).subspan(place.begin, place.end - place.begin), 0.0);
  }
  return learnt;
}

const Next::Settings& checked(const Next::Settings& settings, const Graph& graph) {
  if (settings.mixing == Mixing::average && !average_is_doubly_stochastic(graph, settings.link_probability)) {
    throw UsageError(
        fmt::format("mixing: expected metropolis, got average: gradients can be tracked by it only where "
                    "all peers have as many links (graph is {}), which are always up (link_probability "
                    "is {})",
                    name_of(kGraphKinds, settings.graph), settings.link_probability));
  }
  // Below this, alpha stays above zero.
  if (settings.step_decay * settings.update.schedule.initial >= 1) {
    throw UsageError(fmt::format("step_decay: expected less than 1 / learning_rate = {:g}, got {:g}",
                                 1 / settings.update.schedule.initial, settings.step_decay));
  }
  return settings;
}

}  // namespace

class Next::WorkerPort final : public Port {
 public:
  WorkerPort(Next& scheme, std::size_t peer, const Replica& replica)
      : scheme_(scheme), peer_(peer), replica_(replica) {}

  Fetched fetch() override {
    std::ranges::copy(scheme_.parameters_[peer_], replica_.parameters.begin());
    scheme_.moments_.load(replica_.parameters);
    const bool target = scheme_.has_target_ && target_version_ != scheme_.target_version_;
    if (target) std::ranges::copy(scheme_.targets_[peer_], replica_.target.begin());
    const std::size_t floats = replica_.parameters.size() + (target ? replica_.target.size() : 0);
    target_version_ = scheme_.target_version_;
    return {.parameters = true,
            .target = target,
            .step = scheme_.step(),
            .bytes = static_cast<std::int64_t>(floats * sizeof(float))};
  }
  Given give(const Contribution& contribution) override { return scheme_.give(peer_, contribution); }
  void merge(const MomentsBlock& block, MomentsBatch& batch) override { scheme_.moments_.merge(block, batch); }
  void forget() noexcept override {}  // each fetch copies

 private:
  Next& scheme_;
  std::size_t peer_;
  Replica replica_;
  std::uint64_t target_version_ = 0;
};

Next::Next(const Settings& settings, const AgentFactory& agents)
    : settings_(settings),
      statistic_names_(settings.update.optimizer.statistic_names()),
      layout_(agents.layout()),
      has_target_(agents.has_target()),
      graph_({.kind = settings.graph,
              .peers = settings.peers,
              .direction = LinkDirection::undirected,
              .seed = settings.seed}),
      moments_(layout_),
      gradients_(settings.peers),
      weights_(graph_, {.mixing = checked(settings, graph_).mixing,
                        .link_probability = settings.link_probability,
                        .seed = settings.seed}),
      tracking_({.peers = settings.peers,
                 .rule = settings.update.optimizer.rule,
                 .proximal = settings.proximal,
                 .regularization = settings.regularization,
                 .regularization_weight = settings.regularization_weight},
                learnt_parameters(agents.initial_parameters(settings.seed), moments_)),
      alpha_(settings.step_decay),
      next_target_(settings.target_interval) {
  assert(settings.peers > 0 && settings.workers % settings.peers == 0);
  const std::vector<float> initial = agents.initial_parameters(settings.seed);
  moments_.store(initial);
  for (auto& gradients : gradients_) gradients.reserve(settings.workers / settings.peers);
  parameters_.assign(settings.peers, initial);
  if (has_target_) targets_ = parameters_;
  if (settings.blocks.partition == BlockPartition::none) return;
  blocks_.emplace(settings.blocks, layout_,
                  SharedBlocks::Workers{.seed = settings.seed, .first = 0, .count = settings.peers});
  gradient_.resize(layout_.size);
}

std::unique_ptr<Port> Next::port(std::size_t worker, const Replica& replica) {
  return std::make_unique<WorkerPort>(*this, worker / (settings_.workers / settings_.peers), replica);
}

Given Next::give(std::size_t peer, const Contribution& contribution) {
  step_.store(step() + contribution.steps, std::memory_order_relaxed);
  Given given{.step = step()};
  if (contribution.usable) {
    gradients_[peer].push_back({.values = contribution.gradient, .scale = settings_.update.clip(contribution.norm)});
    norms_ += contribution.norm;
    given.bytes = static_cast<std::int64_t>(contribution.gradient.size_bytes());
  }
  if (++given_ < settings_.workers || no_gradients()) return given;
  weights_.draw(updates());
  constexpr std::size_t kSentArrays = 2;  // z and y
  given.updates = 1;
  given.bytes += static_cast<std::int64_t>(weights_.links_up() * kSentArrays * layout_.size * sizeof(double));
  const auto count = std::accumulate(gradients_.begin(), gradients_.end(), std::size_t{0},
                                     [](std::size_t sum, const auto& gradients) { return sum + gradients.size(); });
  given.gradient_norm = norms_ / static_cast<double>(count);
  return given;
}

bool Next::no_gradients() const noexcept {
  return std::ranges::all_of(gradients_, [](const auto& gradients) { return gradients.empty(); });
}

bool Next::begin_settling() {
  mutex_.lock();
  if (no_gradients()) {
    end_round();
    mutex_.unlock();
    return false;
  }
  if (blocks_) choose_blocks();
  rate_ = static_cast<double>(settings_.update.schedule.at(round_step_));
  return true;
}

void Next::choose_blocks() {
  const std::span<GradientTracking::Peer> peers = tracking_.peers();
  for (std::size_t p = 0; p < peers.size(); ++p) {
    average(p, {.begin = 0, .end = tracking_.size()});
    std::ranges::transform(peers[p].fresh, gradient_.begin(), [](double g) { return static_cast<float>(g); });
    peers[p].ranges = blocks_->schedule(p).select(gradient_);
  }
}

void Next::settle(const Part& part) noexcept {
  constexpr std::size_t kGrain = 64;  // doubles: parts share no cache line in the middle of the arrays
  const std::size_t size = tracking_.size();
  const std::size_t grains = (size + kGrain - 1) / kGrain;
  const auto bound = [&](std::size_t index) { return std::min(index * grains / part.count * kGrain, size); };
  const GradientTracking::Slice slice{.begin = bound(part.index), .end = bound(part.index + 1)};
  for (std::size_t p = 0; p < settings_.peers; ++p) average(p, slice);
  tracking_.advance({.alpha = alpha_.at(rate_), .number = updates() + 1, .weights = weights_}, slice);
  publish(slice);
}

void Next::end_settling() noexcept {
  alpha_.advance(rate_);
  updates_.store(updates() + 1, std::memory_order_relaxed);
  end_round();
  mutex_.unlock();
}

void Next::average(std::size_t peer, const GradientTracking::Slice& slice) noexcept {
  const std::vector<Gradient>& gradients = gradients_[peer];
  GradientTracking::Peer& own = tracking_.peers()[peer];
  const std::size_t size = slice.end - slice.begin;
  double* __restrict const mean = own.fresh.data() + slice.begin;
  if (gradients.empty()) {
    std::copy_n(own.gradient.data() + slice.begin, size, mean);
    return;
  }
  std::fill_n(mean, size, 0.0);
  for (const Gradient& gradient : gradients) {
    const float* __restrict const values = gradient.values.data() + slice.begin;
    for (std::size_t i = 0; i < size; ++i) mean[i] += static_cast<double>(gradient.scale * values[i]);
  }
  if (gradients.size() == 1) return;
  const double share = 1 / static_cast<double>(gradients.size());
  for (std::size_t i = 0; i < size; ++i) mean[i] *= share;
}

void Next::publish(const GradientTracking::Slice& slice) noexcept {
  for (std::size_t p = 0; p < parameters_.size(); ++p) {
    const double* const exact = tracking_.peers()[p].parameters.data();
    for (std::size_t i = slice.begin; i < slice.end; ++i) parameters_[p][i] = static_cast<float>(exact[i]);
  }
}

/// Ends a round, whether its gradients changed something or there were none.
void Next::end_round() noexcept {
  round_step_ = step();
  refresh_targets();
  given_ = 0;
  norms_ = 0;
  for (auto& gradients : gradients_) gradients.clear();
}

void Next::refresh_targets() noexcept {
  if (!has_target_ || round_step_ < next_target_) return;
  for (std::size_t p = 0; p < targets_.size(); ++p) {
    std::ranges::copy(parameters_[p], targets_[p].begin());
    moments_.load(targets_[p]);
  }
  ++target_version_;
  next_target_ = (round_step_ / settings_.target_interval + 1) * settings_.target_interval;
}

std::vector<float> Next::mean() const {
  std::vector<float> mean = mean_of(parameters_);
  moments_.load(mean);
  return mean;
}

Sharing::Snapshot Next::snapshot() const {
  const MutexLock lock(mutex_);
  Snapshot snapshot{.parameters = mean(), .step = round_step_, .updates = updates(), .consistent = true};
  const Shape flat{static_cast<std::int64_t>(tracking_.size())};
  const std::span<const GradientTracking::Peer> peers = tracking_.peers();
  for (std::size_t p = 0; p < peers.size(); ++p) {
    visit_doubles(peers[p], statistic_names_, [&](std::string_view what, const std::vector<double>& doubles) {
      snapshot.tensors.push_back({.name = peer_tensor_name(p, what), .shape = flat, .doubles = doubles});
    });
  }
  snapshot.tensors.push_back({.name = std::string(kStepFactor), .shape = {1}, .doubles = {alpha_.factor()}});
  for (std::size_t p = 0; p < peers.size(); ++p) {
    const auto add = [&](std::string_view what, const std::vector<float>& floats) {
      snapshot.tensors.push_back({.name = peer_tensor_name(p, what), .shape = flat, .values = floats});
    };
    add("parameters", parameters_[p]);
    moments_.load(snapshot.tensors.back().values);
    if (has_target_) add("target", targets_[p]);
  }
  if (blocks_) blocks_->save("", snapshot.tensors);
  return snapshot;
}

void Next::restore(const Checkpoint& checkpoint) {
  const MutexLock lock(mutex_);
  check_peers(checkpoint, settings_.peers);
  moments_.store(flat_parameters(checkpoint, layout_));
  const Shape flat{static_cast<std::int64_t>(layout_.size)};
  for (std::size_t p = 0; p < settings_.peers; ++p) {
    visit_doubles(tracking_.peers()[p], statistic_names_, [&](std::string_view what, std::vector<double>& doubles) {
      doubles = find_doubles(checkpoint.statistics, peer_tensor_name(p, what), flat).doubles;
    });
    if (has_target_) targets_[p] = find_tensor(checkpoint.statistics, peer_tensor_name(p, "target"), flat).values;
  }
  if (blocks_) blocks_->restore("", checkpoint.statistics, settings_.peers);
  alpha_.restore(find_doubles(checkpoint.statistics, kStepFactor, {1}).doubles[0]);
  round_step_ = checkpoint.progress.step;
  step_.store(round_step_, std::memory_order_relaxed);
  updates_.store(static_cast<std::uint64_t>(checkpoint.progress.updates), std::memory_order_relaxed);
  next_target_ = (round_step_ / settings_.target_interval + 1) * settings_.target_interval;
  publish({.begin = 0, .end = tracking_.size()});
}

void Next::measure(Measures& measures) const {
  const MutexLock lock(mutex_);
  measures.push_back({.name = "share/disagreement", .unit = "fraction", .value = disagreement(parameters_)});
  if (blocks_) blocks_->measure(measures);
}

std::span<float> Next::quiescent_view() {
  const MutexLock lock(mutex_);
  const std::vector<float> now = mean();
  view_.resize(now.size());
  std::ranges::copy(now, view_.begin());
  return view_;
}

void Next::replace(std::span<const float> parameters) {
  const MutexLock lock(mutex_);
  moments_.store(parameters);
  for (GradientTracking::Peer& peer : tracking_.peers()) peer.parameters = learnt_parameters(parameters, moments_);
  for (auto& target : targets_) target.assign(parameters.begin(), parameters.end());
  publish({.begin = 0, .end = tracking_.size()});
}

std::unique_ptr<Sharing> make_next(const TrainConfig& config, const AgentFactory& agents) {
  return std::make_unique<Next>(
      Next::Settings{.update = make_update_settings(config),
                     .blocks = make_block_settings(config),
                     .workers = static_cast<std::size_t>(config.workers),
                     .peers = peer_count(config),
                     .graph = find_named(kGraphKinds, "graph", config.graph),
                     .link_probability = config.link_probability,
                     .mixing = find_named(kMixings, "mixing", config.mixing),
                     .step_decay = config.step_decay,
                     .proximal = config.proximal,
                     .regularization = find_named(kRegularizations, "regularization", config.regularization),
                     .regularization_weight = config.regularization_weight,
                     .target_interval = config.target_interval,
                     .seed = static_cast<std::uint64_t>(config.seed)},
      agents);
}

}  // namespace sounder
