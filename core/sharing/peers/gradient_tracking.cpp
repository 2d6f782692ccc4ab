#include "core/sharing/peers/gradient_tracking.h"

#include <algorithm>
#include <cassert>
#include <variant>

namespace sounder {
namespace {

// Parameters of all peers that are worked on at a time: what is stepped is mixed while it is in the cache.
constexpr std::size_t kTile = 512;

std::size_t statistic_count(const UpdateRule& rule) {
  return std::visit([](const auto& r) { return r.kStatistics; }, rule);
}

/// The pointers to one slice of a peer's arrays.
template <std::size_t kStatistics>
struct Arrays {
  std::size_t size;
  const double* parameters;
  const double* direction;  // d
  double* stepped;          // z
  std::array<double*, kStatistics> statistics;
};

/// Makes the local step: z = w + alpha (w~ - w), where `solve` gives w~ - w from w, the rule's step and D.
template <class Rule, class Solve>
[[gnu::always_inline]] inline void step_all(const Rule& rule, const Arrays<Rule::kStatistics>& arrays,
                                            const GradientTracking::Round& round, double factor, Solve solve) noexcept {
  const double* __restrict const w = arrays.parameters;
  const double* __restrict const y = arrays.direction;
  double* __restrict const z = arrays.stepped;
  const double alpha = round.alpha;
  const float rate = rule.rate(1.0F, round.number);
  for (std::size_t i = 0; i < arrays.size; ++i) {
    const double d = factor * y[i];
    std::array<double, Rule::kStatistics> statistics;
    for (std::size_t k = 0; k < Rule::kStatistics; ++k) {
      statistics[k] = arrays.statistics[k][i] = rule.accumulate(k, arrays.statistics[k][i], d);
    }
    z[i] = w[i] + alpha * solve(w[i], rule.step(statistics, d, rate), rule.scale(statistics, rate));
  }
}

}  // namespace

GradientTracking::GradientTracking(const Settings& settings, std::span<const double> initial) : settings_(settings) {
  assert(settings.peers > 0);
  const std::vector<double> parameters(initial.begin(), initial.end());
  const std::vector<double> zeros(initial.size());
  if (settings_.proximal == 0) settings_.proximal = static_cast<double>(settings.peers);
  peers_.assign(settings.peers, {.parameters = parameters,
                                 .tracker = zeros,
                                 .gradient = zeros,
                                 .statistics = {statistic_count(settings.rule), zeros},
                                 .fresh = zeros});
  stepped_.assign(settings.peers, zeros);
  tracking_.assign(settings.peers, zeros);
}

void GradientTracking::advance(const Round& round, const Slice& slice) noexcept {
  for (std::size_t begin = slice.begin; begin < slice.end; begin += kTile) {
    const Slice tile{.begin = begin, .end = std::min(begin + kTile, slice.end)};
    std::visit(
        [&](const auto& rule) {
          for (std::size_t peer = 0; peer < peers_.size(); ++peer) {
            track(peer, tile);
            step_some(rule, round, peer, tile);
          }
        },
        settings_.rule);
    for (std::size_t peer = 0; peer < peers_.size(); ++peer) mix(round.weights.row(peer), peer, tile);
  }
}

void GradientTracking::track(std::size_t peer, const Slice& slice) noexcept {
  Peer& own = peers_[peer];
  const std::size_t size = slice.end - slice.begin;
  double* __restrict const tracking = tracking_[peer].data() + slice.begin;
  double* __restrict const gradient = own.gradient.data() + slice.begin;
  const double* __restrict const tracker = own.tracker.data() + slice.begin;
  const double* __restrict const fresh = own.fresh.data() + slice.begin;
  for (std::size_t i = 0; i < size; ++i) {
    tracking[i] = tracker[i] + (fresh[i] - gradient[i]);
    gradient[i] = fresh[i];
  }
}

/// Makes the local step of what the peer's ranges have of a slice.
template <class Rule>
void GradientTracking::step_some(const Rule& rule, const Round& round, std::size_t peer, const Slice& slice) noexcept {
  const Peer& own = peers_[peer];
  if (own.ranges && own.ranges->empty()) return step(rule, round, peer, slice);
  const auto begin = static_cast<std::ptrdiff_t>(slice.begin);
  const auto end = static_cast<std::ptrdiff_t>(slice.end);
  std::copy(own.parameters.begin() + begin, own.parameters.begin() + end, stepped_[peer].begin() + begin);
  if (!own.ranges) return;
  for (const UpdateRange& range : *own.ranges) {
    const Slice part{.begin = std::max(range.begin, slice.begin), .end = std::min(range.end, slice.end)};
    if (part.begin >= part.end) continue;
    step(rule,
         {.alpha = round.alpha * static_cast<double>(range.rate), .number = round.number, .weights = round.weights},
         peer, part);
  }
}

template <class Rule>
void GradientTracking::step(const Rule& rule, const Round& round, std::size_t peer, const Slice& slice) noexcept {
  Peer& own = peers_[peer];
  Arrays<Rule::kStatistics> arrays{.size = slice.end - slice.begin,
                                   .parameters = own.parameters.data() + slice.begin,
                                   .direction = tracking_[peer].data() + slice.begin,
                                   .stepped = stepped_[peer].data() + slice.begin,
                                   .statistics = {}};
  for (std::size_t k = 0; k < Rule::kStatistics; ++k) arrays.statistics[k] = own.statistics[k].data() + slice.begin;
  const double factor = static_cast<double>(peers_.size()) / settings_.proximal;
  const double weight = settings_.regularization_weight / settings_.proximal;
  switch (settings_.regularization) {
    case Regularization::none:
      return step_all(rule, arrays, round, factor, [](double, double step, double) { return step; });
    case Regularization::l2:
      return step_all(rule, arrays, round, factor,
                      [weight](double w, double step, double scale) { return (w + step) / (1 + scale * weight) - w; });
    case Regularization::l1:
      return step_all(rule, arrays, round, factor, [weight](double w, double step, double scale) {
        return step - within(w + step, scale * weight);  // soft(x, t) = x - (x within -t and t)
      });
  }
}

void GradientTracking::mix(const MixingWeights::Row& row, std::size_t peer, const Slice& slice) noexcept {
  const std::size_t size = slice.end - slice.begin;
  double* __restrict const parameters = peers_[peer].parameters.data() + slice.begin;
  double* __restrict const tracker = peers_[peer].tracker.data() + slice.begin;
  const auto add = [&](std::size_t from, double weight, bool first) {
    const double* __restrict const z = stepped_[from].data() + slice.begin;
    const double* __restrict const y = tracking_[from].data() + slice.begin;
    for (std::size_t i = 0; i < size; ++i) {
      parameters[i] = weight * z[i] + (first ? 0 : parameters[i]);
      tracker[i] = weight * y[i] + (first ? 0 : tracker[i]);
    }
  };
  add(peer, row.own, true);
  for (std::size_t n = 0; n < row.neighbours.size(); ++n) {
    if (row.weights[n] != 0) add(row.neighbours[n], row.weights[n], false);
  }
}

}  // namespace sounder
