#include "core/sharing/peers/graph.h"

#include <algorithm>
#include <vector>

#include "envs/error.h"
#include "tests/catch.h"

using namespace sounder;

namespace {

using Peers = std::vector<std::size_t>;

Graph make_graph(GraphKind kind, std::size_t peers, LinkDirection direction, std::uint64_t seed = 1) {
  return Graph({.kind = kind, .peers = peers, .direction = direction, .seed = seed});
}

Peers heard(const Graph& graph, std::size_t peer) {
  const auto neighbours = graph.neighbours(peer);
  return {neighbours.begin(), neighbours.end()};
}

constexpr LinkDirection kDirected = LinkDirection::directed;
constexpr LinkDirection kUndirected = LinkDirection::undirected;

}  // namespace

TEST_CASE("in a ring a peer hears from the one before it, or from both beside it") {
  const Graph directed = make_graph(GraphKind::ring, 5, kDirected);
  CHECK(heard(directed, 0) == Peers{4});
  CHECK(heard(directed, 3) == Peers{2});
  const Graph undirected = make_graph(GraphKind::ring, 5, kUndirected);
  CHECK(heard(undirected, 0) == Peers{1, 4});
  CHECK(heard(undirected, 3) == Peers{2, 4});
}

TEST_CASE("in an exponential graph a peer hears from those that are 1, 2, 4, ... before it") {
  CHECK(heard(make_graph(GraphKind::exponential, 8, kDirected), 0) == Peers{4, 6, 7});
  CHECK(heard(make_graph(GraphKind::exponential, 9, kDirected), 0) == Peers{1, 5, 7, 8});
  CHECK(heard(make_graph(GraphKind::exponential, 6, kDirected), 5) == Peers{1, 3, 4});
  CHECK(heard(make_graph(GraphKind::exponential, 6, kUndirected), 0) == Peers{1, 2, 4, 5});
}

TEST_CASE("a torus is as near to a square as its number of peers has it, and wraps around") {
  const LinkDirection direction = GENERATE(kDirected, kUndirected);
  CHECK(heard(make_graph(GraphKind::torus, 12, direction), 5) == Peers{1, 4, 6, 9});  // 3 rows of 4
  CHECK(heard(make_graph(GraphKind::torus, 9, direction), 0) == Peers{1, 2, 3, 6});
  CHECK(heard(make_graph(GraphKind::torus, 6, direction), 0) == Peers{1, 2, 3});  // 2 rows of 3
  CHECK(heard(make_graph(GraphKind::torus, 4, direction), 3) == Peers{1, 2});
  CHECK(heard(make_graph(GraphKind::torus, 7, direction), 0) == Peers{1, 6});  // a ring
}

TEST_CASE("in a complete graph each peer hears from all others") {
  CHECK(heard(make_graph(GraphKind::complete, 4, kUndirected), 2) == Peers{0, 1, 3});
}

TEST_CASE("every graph is connected, names a neighbour once and no peer its own, and is symmetric if undirected") {
  const auto kind = GENERATE(from_range(kGraphKinds));
  const LinkDirection direction = GENERATE(kDirected, kUndirected);
  for (std::size_t peers = 1; peers <= 17; ++peers) {
    INFO(kind.name << " of " << peers);
    const Graph graph = make_graph(kind.value, peers, direction);
    REQUIRE(graph.size() == peers);
    Neighbours neighbours;
    for (std::size_t p = 0; p < peers; ++p) neighbours.push_back(heard(graph, p));
    CHECK(strongly_connected(neighbours));
    for (std::size_t p = 0; p < peers; ++p) {
      CHECK(std::ranges::adjacent_find(neighbours[p], std::greater_equal()) == neighbours[p].end());
      CHECK(std::ranges::count(neighbours[p], p) == 0);
      if (direction == kDirected) continue;
      for (const std::size_t other : neighbours[p]) CHECK(std::ranges::count(neighbours[other], p) == 1);
    }
    if (peers == 1) CHECK(neighbours == Neighbours{{}});
    if (peers == 2) CHECK(neighbours == Neighbours{{1}, {0}});
  }
}

TEST_CASE("a graph is connected only if each peer reaches each other one") {
  CHECK(strongly_connected({{}}));
  CHECK(strongly_connected({{2}, {0}, {1}}));
  CHECK_FALSE(strongly_connected({{1}, {2}, {}}));        // nothing reaches 2
  CHECK_FALSE(strongly_connected({{}, {0}, {1}}));        // nothing reaches 0
  CHECK_FALSE(strongly_connected({{1}, {0}, {3}, {2}}));  // two pairs
}

TEST_CASE("a random graph is drawn from a seed, with 2 ln I links of a peer in the mean") {
  constexpr std::size_t kPeers = 20;
  constexpr std::size_t kGraphs = 200;
  const Graph one = make_graph(GraphKind::random, kPeers, kUndirected, 5);
  const Graph same = make_graph(GraphKind::random, kPeers, kUndirected, 5);
  const Graph other = make_graph(GraphKind::random, kPeers, kUndirected, 6);
  bool differs = false;
  for (std::size_t p = 0; p < kPeers; ++p) {
    CHECK(heard(one, p) == heard(same, p));
    differs = differs || heard(one, p) != heard(other, p);
  }
  CHECK(differs);
  double links = 0;
  for (std::uint64_t seed = 0; seed < kGraphs; ++seed) {
    const Graph graph = make_graph(GraphKind::random, kPeers, kUndirected, seed);
    for (std::size_t p = 0; p < kPeers; ++p) links += static_cast<double>(graph.neighbours(p).size());
  }
  // 19 * 2 ln 20 / 20 = 5.69, and a little more, for graphs that are not connected were drawn again.
  CHECK(links / (kPeers * kGraphs) == Approx(5.69).margin(0.15));
}

TEST_CASE("where no draw is connected, the error names the graph and the number of peers") {
  CHECK_THROWS_AS(draw_connected({.peers = 3, .probability = 0, .seed = 1}), UsageError);
  CHECK_THROWS_WITH(draw_connected({.peers = 3, .probability = 0, .seed = 1}),
                    "graph: expected a connected one, got none in 1000 draws of a random graph of 3 peers; take "
                    "another seed, or graph = ring");
}

TEST_CASE("links are up with their probability, each by itself and anew in each round") {
  constexpr std::uint64_t kRounds = 10'000;
  const auto share = [](double probability) {
    const Links links({.direction = kDirected, .probability = probability, .seed = 3});
    std::array<double, 3> up{};  // one, another, both
    for (std::uint64_t round = 0; round < kRounds; ++round) {
      const bool one = links.up({.from = 0, .to = 1}, round);
      const bool other = links.up({.from = 1, .to = 2}, round);
      up[0] += one ? 1.0 / kRounds : 0;
      up[1] += other ? 1.0 / kRounds : 0;
      up[2] += one && other ? 1.0 / kRounds : 0;
    }
    return up;
  };
  CHECK(share(1)[2] == Approx(1));
  CHECK(share(0) == std::array<double, 3>{});
  const auto [one, other, both] = share(0.3);
  CHECK(one == Approx(0.3).margin(0.02));  // four standard deviations
  CHECK(other == Approx(0.3).margin(0.02));
  CHECK(both == Approx(0.09).margin(0.012));
}

TEST_CASE("a link is a function of seed, round and its two ends, which agree on it where it is undirected") {
  const auto ups = [](LinkDirection direction, std::uint64_t seed, Link link) {
    const Links links({.direction = direction, .probability = 0.5, .seed = seed});
    std::vector<bool> up;
    for (std::uint64_t round = 0; round < 100; ++round) up.push_back(links.up(link, round));
    return up;
  };
  const Link link{.from = 4, .to = 2};
  const Link reverse{.from = 2, .to = 4};
  CHECK(ups(kUndirected, 1, link) == ups(kUndirected, 1, reverse));
  CHECK(ups(kDirected, 1, link) != ups(kDirected, 1, reverse));
  CHECK(ups(kDirected, 1, link) == ups(kDirected, 1, link));
  CHECK(ups(kDirected, 1, link) != ups(kDirected, 2, link));
  // Whatever was asked before: a resumed run goes on with the same links.
  const Links resumed({.direction = kDirected, .probability = 0.5, .seed = 1});
  CHECK(resumed.up(link, 99) == ups(kDirected, 1, link)[99]);
}
