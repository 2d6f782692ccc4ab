#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/named.h"
#include "core/sharing/peers/graph.h"

namespace sounder {

/// How a peer weighs what it hears, over the links that are up in a round; d_i are the links of peer i that are.
enum class Mixing {
  average,     ///< 1 / (d_i + 1) for each neighbour and for itself
  metropolis,  ///< 1 / (1 + max(d_i, d_j)) for a neighbour j, and the rest for itself: doubly stochastic where links
               ///< are undirected (Xiao, Boyd and Lall 2005)
};
inline constexpr auto kMixings = std::to_array<Named<Mixing>>({
    {"average", Mixing::average},
    {"metropolis", Mixing::metropolis},
});

/// Returns whether the weights by Mixing::average are doubly stochastic on a graph in every round, which tracking the
/// mean gradient takes: every link is always up, and all peers hear from, and are heard by, as many others.
bool average_is_doubly_stochastic(const Graph& graph, double link_probability);

/// The weights of one round: the matrix C, of which each row sums to 1. Not thread-safe; allocates at construction
/// only.
class MixingWeights {
 public:
  struct Settings {
    Mixing mixing;
    double link_probability = 1;  ///< that a link is up in a round
    std::uint64_t seed = 0;       ///< of the links
  };
  /// Makes the weights of round 0. The graph must outlive them.
  MixingWeights(const Graph& graph, const Settings& settings);

  /// Replaces the weights by those of a round.
  void draw(std::uint64_t round) noexcept;

  struct Row {
    double own;                               ///< c_ii
    std::span<const std::size_t> neighbours;  ///< j, in ascending order
    std::span<const double> weights;          ///< c_ij of each of them; 0 where the link is down
  };
  Row row(std::size_t peer) const noexcept {
    return {.own = own_[peer], .neighbours = graph_.neighbours(peer), .weights = weights_[peer]};
  }

  /// Links that are up, an undirected one counted for each of its directions: messages of the round.
  std::size_t links_up() const noexcept;

 private:
  const Graph& graph_;
  Mixing mixing_;
  Links links_;
  std::vector<std::size_t> degrees_;          // [peers], of links that are up
  std::vector<double> own_;                   // [peers]
  std::vector<std::vector<double>> weights_;  // [peers][neighbours]
};

}  // namespace sounder
