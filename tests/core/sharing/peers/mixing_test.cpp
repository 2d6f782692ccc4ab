#include "core/sharing/peers/mixing.h"

#include <cmath>
#include <vector>

#include "tests/catch.h"

using namespace sounder;

namespace {

Graph make_graph(GraphKind kind, std::size_t peers, LinkDirection direction = LinkDirection::undirected) {
  return Graph({.kind = kind, .peers = peers, .direction = direction, .seed = 1});
}

/// C, row by row.
std::vector<std::vector<double>> matrix(const MixingWeights& weights, std::size_t peers) {
  std::vector<std::vector<double>> rows(peers, std::vector<double>(peers));
  for (std::size_t i = 0; i < peers; ++i) {
    const MixingWeights::Row row = weights.row(i);
    rows[i][i] = row.own;
    for (std::size_t n = 0; n < row.neighbours.size(); ++n) rows[i][row.neighbours[n]] = row.weights[n];
  }
  return rows;
}

void check_close(const std::vector<std::vector<double>>& c, const std::vector<std::vector<double>>& expected) {
  for (std::size_t i = 0; i < c.size(); ++i) {
    for (std::size_t j = 0; j < c.size(); ++j) {
      INFO(i << ", " << j);
      CHECK(c[i][j] == Approx(expected[i][j]).margin(1e-15));
    }
  }
}

}  // namespace

TEST_CASE("an average weighs a peer and all that it hears alike") {
  const Graph ring = make_graph(GraphKind::ring, 3, LinkDirection::directed);
  check_close(matrix(MixingWeights(ring, {.mixing = Mixing::average}), 3), {{.5, 0, .5}, {.5, .5, 0}, {0, .5, .5}});
  const Graph complete = make_graph(GraphKind::complete, 4);
  check_close(matrix(MixingWeights(complete, {.mixing = Mixing::average}), 4),
              std::vector<std::vector<double>>(4, std::vector<double>(4, .25)));
  const Graph alone = make_graph(GraphKind::ring, 1);
  check_close(matrix(MixingWeights(alone, {.mixing = Mixing::average}), 1), {{1}});
}

TEST_CASE("Metropolis weights are those of the links that are up") {
  // A ring of four. The links that are up are taken from the rounds in which they are.
  const Graph ring = make_graph(GraphKind::ring, 4);
  const Links links({.direction = LinkDirection::undirected, .probability = 0.5, .seed = 9});
  MixingWeights weights(ring, {.mixing = Mixing::metropolis, .link_probability = 0.5, .seed = 9});
  int lines = 0, pairs = 0;
  for (std::uint64_t round = 0; round < 200; ++round) {
    const auto up = [&](std::size_t from, std::size_t to) { return links.up({.from = from, .to = to}, round); };
    weights.draw(round);
    if (up(0, 1) && up(1, 2) && up(2, 3) && !up(3, 0)) {  // a line: its ends have one link, the others two
      ++lines;
      CHECK(weights.links_up() == 6);
      constexpr double kThird = 1.0 / 3;
      check_close(matrix(weights, 4), {{2 * kThird, kThird, 0, 0},
                                       {kThird, kThird, kThird, 0},
                                       {0, kThird, kThird, kThird},
                                       {0, 0, kThird, 2 * kThird}});
    }
    if (up(0, 1) && !up(1, 2) && up(2, 3) && !up(3, 0)) {
      ++pairs;
      CHECK(weights.links_up() == 4);
      check_close(matrix(weights, 4), {{.5, .5, 0, 0}, {.5, .5, 0, 0}, {0, 0, .5, .5}, {0, 0, .5, .5}});
    }
  }
  CHECK(lines > 0);
  CHECK(pairs > 0);
}

TEST_CASE("Metropolis weights are doubly stochastic in every round on every graph") {
  const auto kind = GENERATE(from_range(kGraphKinds));
  constexpr std::size_t kPeers = 9;
  const Graph graph = make_graph(kind.value, kPeers);
  MixingWeights weights(graph, {.mixing = Mixing::metropolis, .link_probability = 0.5, .seed = 2});
  for (std::uint64_t round = 0; round < 50; ++round) {
    weights.draw(round);
    const auto c = matrix(weights, kPeers);
    for (std::size_t i = 0; i < kPeers; ++i) {
      double row = 0, column = 0;
      for (std::size_t j = 0; j < kPeers; ++j) {
        CHECK(c[i][j] >= 0);
        row += c[i][j];
        column += c[j][i];
      }
      CHECK(std::abs(row - 1) < 1e-15);
      CHECK(std::abs(column - 1) < 1e-15);
    }
  }
}

TEST_CASE("an average is doubly stochastic where all peers have as many links, which are always up") {
  for (const GraphKind kind : {GraphKind::ring, GraphKind::exponential, GraphKind::torus, GraphKind::complete}) {
    for (const LinkDirection direction : {LinkDirection::directed, LinkDirection::undirected}) {
      for (const std::size_t peers : {2U, 3U, 6U, 8U}) {
        const Graph graph = make_graph(kind, peers, direction);
        CHECK(average_is_doubly_stochastic(graph, 1));
        CHECK_FALSE(average_is_doubly_stochastic(graph, 0.99));
      }
    }
  }
  CHECK(average_is_doubly_stochastic(make_graph(GraphKind::ring, 1), 0.5));
  // Its peers differ in their links, so that one column of the weights sums to less than 1, another to more.
  const Graph random = make_graph(GraphKind::random, 9);
  const auto c = matrix(MixingWeights(random, {.mixing = Mixing::average}), 9);
  double column = 0;
  for (std::size_t i = 0; i < 9; ++i) column += c[i][0];
  REQUIRE(std::abs(column - 1) > 0.01);
  CHECK_FALSE(average_is_doubly_stochastic(random, 1));
}
