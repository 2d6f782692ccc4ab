#include "core/sharing/peers/graph.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>

#include "envs/error.h"
#include "envs/random.h"

namespace sounder {
namespace {

/// Rows of a torus: the largest divisor of the number of peers up to its square root.
std::size_t rows_of(std::size_t peers) {
  std::size_t rows = 1;
  for (std::size_t divisor = 2; divisor * divisor <= peers; ++divisor) {
    if (peers % divisor == 0) rows = divisor;
  }
  return rows;
}

/// The peers that a peer of a torus hears from. Where there are one or two rows, some of them are the same.
std::vector<std::size_t> torus_neighbours(std::size_t peer, std::size_t peers) {
  const std::size_t rows = rows_of(peers);
  const std::size_t columns = peers / rows;
  const std::size_t row = peer / columns;
  const std::size_t column = peer % columns;
  const auto at = [&](std::size_t r, std::size_t c) { return r % rows * columns + c % columns; };
  return {at(row + 1, column), at(row + rows - 1, column), at(row, column + 1), at(row, column + columns - 1)};
}

std::vector<std::size_t> in_neighbours(GraphKind kind, std::size_t peer, std::size_t peers) {
  std::vector<std::size_t> neighbours;
  switch (kind) {
    case GraphKind::ring:
      return {(peer + peers - 1) % peers};
    case GraphKind::exponential:
      for (std::size_t hop = 1; hop < peers; hop *= 2) neighbours.push_back((peer + peers - hop) % peers);
      return neighbours;
    case GraphKind::torus:
      return torus_neighbours(peer, peers);
    case GraphKind::complete:
    case GraphKind::random:  // is drawn as a whole
      for (std::size_t other = 0; other < peers; ++other) neighbours.push_back(other);
  }
  return neighbours;
}

/// Sorts each peer's neighbours and removes repetitions and the peer itself.
void tidy(Neighbours& neighbours) {
  for (std::size_t peer = 0; peer < neighbours.size(); ++peer) {
    std::vector<std::size_t>& own = neighbours[peer];
    std::ranges::sort(own);
    own.erase(std::unique(own.begin(), own.end()), own.end());
    std::erase(own, peer);
  }
}

/// The same links the other way round.
Neighbours reversed(const Neighbours& neighbours) {
  Neighbours reverse(neighbours.size());
  for (std::size_t peer = 0; peer < neighbours.size(); ++peer) {
    for (const std::size_t from : neighbours[peer]) reverse[from].push_back(peer);
  }
  return reverse;
}

bool all_reached(const Neighbours& neighbours) {
  std::vector<bool> reached(neighbours.size());
  std::vector<std::size_t> open{0};
  reached[0] = true;
  while (!open.empty()) {
    const std::size_t peer = open.back();
    open.pop_back();
    for (const std::size_t other : neighbours[peer]) {
      if (reached[other]) continue;
      reached[other] = true;
      open.push_back(other);
    }
  }
  return std::ranges::all_of(reached, [](bool r) { return r; });
}

/// Twice the probability from which on random graphs of many peers are nearly always connected (Erdos and Renyi 1959).
double link_share(std::size_t peers) {
  if (peers <= 2) return 1;
  const auto count = static_cast<double>(peers);
  return std::min(1.0, 2 * std::log(count) / count);
}

Neighbours make_neighbours(const Graph::Settings& settings) {
  assert(settings.peers > 0);
  if (settings.kind == GraphKind::random) {
    return draw_connected({.peers = settings.peers, .probability = link_share(settings.peers), .seed = settings.seed});
  }
  Neighbours neighbours;
  for (std::size_t peer = 0; peer < settings.peers; ++peer) {
    neighbours.push_back(in_neighbours(settings.kind, peer, settings.peers));
  }
  if (settings.direction == LinkDirection::undirected) {
    const Neighbours reverse = reversed(neighbours);
    for (std::size_t peer = 0; peer < settings.peers; ++peer) {
      neighbours[peer].insert(neighbours[peer].end(), reverse[peer].begin(), reverse[peer].end());
    }
  }
  tidy(neighbours);
  return neighbours;
}

}  // namespace

bool strongly_connected(const Neighbours& neighbours) {
  return all_reached(neighbours) && all_reached(reversed(neighbours));
}

Neighbours draw_connected(const RandomGraph& graph) {
  constexpr std::uint64_t kDraws = 1'000;
  for (std::uint64_t draw = 0; draw < kDraws; ++draw) {
    Rng rng(StreamKey{.seed = graph.seed, .worker = 0, .purpose = Stream::graph, .index = draw});
    Neighbours neighbours(graph.peers);
    for (std::size_t peer = 0; peer < graph.peers; ++peer) {
      for (std::size_t other = 0; other < peer; ++other) {
        if (rng.uniform(0.0, 1.0) >= graph.probability) continue;
        neighbours[peer].push_back(other);
        neighbours[other].push_back(peer);
      }
    }
    if (!strongly_connected(neighbours)) continue;
    tidy(neighbours);
    return neighbours;
  }
  throw UsageError(
      fmt::format("graph: expected a connected one, got none in {} draws of a random graph of {} peers; "
                  "take another seed, or graph = ring",
                  kDraws, graph.peers));
}

Graph::Graph(const Settings& settings) : direction_(settings.direction), neighbours_(make_neighbours(settings)) {
  assert(strongly_connected(neighbours_));
}

bool Links::up(const Link& link, std::uint64_t round) const noexcept {
  auto [from, to] = link;
  if (settings_.direction == LinkDirection::undirected && from > to) std::swap(from, to);
  // One number for the two peers, of which there are fewer than 2^32.
  const std::uint64_t pair = (static_cast<std::uint64_t>(from) << 32U) + to;
  Rng rng(StreamKey{.seed = settings_.seed, .worker = pair, .purpose = Stream::links, .index = round});
  return rng.uniform(0.0, 1.0) < settings_.probability;
}

}  // namespace sounder
