#include "core/sharing/peers/mixing.h"

#include <algorithm>
#include <numeric>

namespace sounder {

bool average_is_doubly_stochastic(const Graph& graph, double link_probability) {
  // In each kind of graph where all peers hear from as many others, each is heard by as many: its links are
  // undirected, or the same for every peer but for the peer's number.
  const std::size_t degree = graph.neighbours(0).size();
  for (std::size_t peer = 0; peer < graph.size(); ++peer) {
    if (graph.neighbours(peer).size() != degree) return false;
  }
  return link_probability == 1 || degree == 0;
}

MixingWeights::MixingWeights(const Graph& graph, const Settings& settings)
    : graph_(graph),
      mixing_(settings.mixing),
      links_({.direction = graph.direction(), .probability = settings.link_probability, .seed = settings.seed}),
      degrees_(graph.size()),
      own_(graph.size()) {
  for (std::size_t peer = 0; peer < graph.size(); ++peer) weights_.emplace_back(graph.neighbours(peer).size());
  draw(0);
}

void MixingWeights::draw(std::uint64_t round) noexcept {
  for (std::size_t peer = 0; peer < graph_.size(); ++peer) {
    const auto neighbours = graph_.neighbours(peer);
    degrees_[peer] = 0;
    for (std::size_t n = 0; n < neighbours.size(); ++n) {
      const bool up = links_.up({.from = neighbours[n], .to = peer}, round);
      weights_[peer][n] = up ? 1 : 0;
      degrees_[peer] += up ? 1 : 0;
    }
  }
  for (std::size_t peer = 0; peer < graph_.size(); ++peer) {
    const auto neighbours = graph_.neighbours(peer);
    for (std::size_t n = 0; n < neighbours.size(); ++n) {
      const std::size_t degree =
          mixing_ == Mixing::metropolis ? std::max(degrees_[peer], degrees_[neighbours[n]]) : degrees_[peer];
      weights_[peer][n] /= static_cast<double>(degree + 1);
    }
    own_[peer] = 1 - std::accumulate(weights_[peer].begin(), weights_[peer].end(), 0.0);
  }
}

std::size_t MixingWeights::links_up() const noexcept {
  return std::accumulate(degrees_.begin(), degrees_.end(), std::size_t{0});
}

}  // namespace sounder
