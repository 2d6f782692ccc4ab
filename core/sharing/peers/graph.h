#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/named.h"

namespace sounder {

/// How peers are linked.
enum class GraphKind {
  ring,         ///< peer p hears from p - 1
  exponential,  ///< peer p hears from p - 1, p - 2, p - 4, ...
  torus,        ///< a grid with wrap-around, as near to a square as the number of peers has it; of a prime, a ring
  complete,     ///< each peer hears from all others
  random,       ///< each pair is linked with the same probability; drawn until the graph is connected
};
inline constexpr auto kGraphKinds = std::to_array<Named<GraphKind>>({
    {"ring", GraphKind::ring},
    {"exponential", GraphKind::exponential},
    {"torus", GraphKind::torus},
    {"complete", GraphKind::complete},
    {"random", GraphKind::random},
});

/// Whether a peer that hears from another is heard by it as well.
enum class LinkDirection { directed, undirected };

/// For each peer the peers that it hears from.
using Neighbours = std::vector<std::vector<std::size_t>>;

/// Returns whether what any peer says reaches every peer.
bool strongly_connected(const Neighbours& neighbours);

/// Draws an undirected graph of `peers`, in which each pair is linked with `probability`, until it is connected. Throws
/// UsageError after a thousand draws.
struct RandomGraph {
  std::size_t peers;
  double probability;
  std::uint64_t seed;
};
Neighbours draw_connected(const RandomGraph& graph);

/// Who hears from whom among the peers 0, 1, ..., I - 1; strongly connected. Immutable.
class Graph {
 public:
  struct Settings {
    GraphKind kind;
    std::size_t peers;        ///< I, at least 1: a graph of one peer has no links
    LinkDirection direction;  ///< undirected: a ring and an exponential graph are made symmetric; the others are
    std::uint64_t seed = 0;   ///< of the random graph
  };
  /// Throws UsageError where no connected graph is found.
  explicit Graph(const Settings& settings);

  std::size_t size() const noexcept { return neighbours_.size(); }
  LinkDirection direction() const noexcept { return direction_; }

  /// The peers that a peer hears from, in ascending order: each once, and not itself.
  std::span<const std::size_t> neighbours(std::size_t peer) const noexcept { return neighbours_[peer]; }

 private:
  LinkDirection direction_;
  Neighbours neighbours_;
};

/// A link from one peer to another, which hears from it.
struct Link {
  std::size_t from;
  std::size_t to;
};

/// Which links are up in a round: each with the same probability, drawn anew for each round. What is drawn is
/// determined by seed, round and link, so that a resumed run has the same links. Of an undirected link both
/// directions are up, or none. Immutable.
class Links {
 public:
  struct Settings {
    LinkDirection direction;
    double probability;  ///< that a link is up
    std::uint64_t seed;
  };
  explicit Links(const Settings& settings) : settings_(settings) {}

  bool up(const Link& link, std::uint64_t round) const noexcept;

 private:
  Settings settings_;
};

}  // namespace sounder
