#include "envs/linear_control/riccati.h"

#include <cmath>
#include <numbers>

#include "envs/error.h"
#include "tests/catch.h"

using namespace sounder;

namespace {

constexpr double kGolden = std::numbers::phi;  // (1 + sqrt(5)) / 2

constexpr LinearQuadraticProblem<1, 1> kScalar{.a = {{1}}, .b = {{1}}, .q = {{1}}, .r = {{1}}};

/// A mass moved by a force that is constant for `time` seconds, with a cost of x^2 + v^2 + u^2 per second.
LinearQuadraticProblem<2, 1> double_integrator(double time) {
  return {.a = {{1, time, 0, 1}}, .b = {{time * time / 2, time}}, .q = {{time, 0, 0, time}}, .r = {{time}}};
}

template <std::size_t N, std::size_t M>
double cost_of(const LinearQuadraticProblem<N, M>& problem, const Matrix<M, N>& gain, Vector<N> state) {
  double cost = 0.0;
  for (int step = 0; step < 2'000; ++step) {
    const Vector<M> action = Vector<M>{} - gain * state;
    cost += problem.cost(state, action);
    state = problem.next(state, action);
  }
  return cost;
}

}  // namespace

TEST_CASE("a scalar Riccati equation of ones has the golden ratio as its solution") {
  // p = 1 + p - p^2 / (1 + p), so that p^2 = p + 1; k = p / (1 + p) = 1 / p.
  const auto solution = solve_infinite_horizon(kScalar);
  CHECK(solution.cost_to_go(0, 0) == Approx(kGolden).epsilon(1e-12));
  CHECK(solution.gain(0, 0) == Approx(1 / kGolden).epsilon(1e-12));
}

TEST_CASE("a scalar Riccati recursion of ones goes through the ratios of Fibonacci numbers") {
  const auto regulators = solve_finite_horizon(kScalar, 4);
  REQUIRE(regulators.size() == 4);
  CHECK(regulators[3].cost_to_go(0, 0) == 1);
  CHECK(regulators[2].cost_to_go(0, 0) == Approx(3.0 / 2).epsilon(1e-14));
  CHECK(regulators[1].cost_to_go(0, 0) == Approx(8.0 / 5).epsilon(1e-14));
  CHECK(regulators[0].cost_to_go(0, 0) == Approx(21.0 / 13).epsilon(1e-14));
  CHECK(regulators[3].gain(0, 0) == 0);
  CHECK(regulators[2].gain(0, 0) == Approx(1.0 / 2).epsilon(1e-14));
  CHECK(regulators[1].gain(0, 0) == Approx(3.0 / 5).epsilon(1e-14));
  CHECK(regulators[0].gain(0, 0) == Approx(8.0 / 13).epsilon(1e-14));
  CHECK(regulators[1].action({{2}}).elements[0] == Approx(-6.0 / 5));
}

TEST_CASE("the expected cost counts the first state, and the noise of every step but the last") {
  const auto regulators = solve_finite_horizon(kScalar, 3);
  // 8/5 4 + (3/2 + 1) 0.25
  CHECK(expected_cost<1, 1>(regulators, {.initial = {{4}}, .noise = {{0.25}}}) == Approx(7.025).epsilon(1e-14));
}

TEST_CASE("the Riccati equation of Laub's example 2 has his solution") {
  // Laub (1979), "A Schur Method for Solving Algebraic Riccati Equations": the golden ratio times Q.
  const LinearQuadraticProblem<2, 1> problem{
      .a = {{4, 3, -4.5, -3.5}}, .b = {{1, -1}}, .q = {{9, 6, 6, 4}}, .r = {{1}}};
  const auto p = solve_infinite_horizon(problem).cost_to_go;
  CHECK(p(0, 0) == Approx(9 * kGolden).epsilon(1e-10));
  CHECK(p(0, 1) == Approx(6 * kGolden).epsilon(1e-10));
  CHECK(p(1, 0) == Approx(6 * kGolden).epsilon(1e-10));
  CHECK(p(1, 1) == Approx(4 * kGolden).epsilon(1e-10));
}

TEST_CASE("a double integrator with short steps has the solution of continuous time") {
  // Tedrake, "Underactuated Robotics", chapter 8 (2023): S = [[sqrt(3), 1], [1, sqrt(3)]], K = [1, sqrt(3)]. Steps of h
  // seconds are off by about h.
  constexpr double kTime = 1e-3;
  const double root = std::numbers::sqrt3;
  const auto solution = solve_infinite_horizon(double_integrator(kTime));
  CHECK(solution.cost_to_go(0, 0) == Approx(root).epsilon(2 * kTime));
  CHECK(solution.cost_to_go(0, 1) == Approx(1).epsilon(2 * kTime));
  CHECK(solution.cost_to_go(1, 1) == Approx(root).epsilon(2 * kTime));
  CHECK(solution.gain(0, 0) == Approx(1).epsilon(2 * kTime));
  CHECK(solution.gain(0, 1) == Approx(root).epsilon(2 * kTime));
}

TEST_CASE("the cost to go is the cost of the regulator's episode, and other gains cost more") {
  const LinearQuadraticProblem<2, 1> problem = double_integrator(0.3);
  const auto solution = solve_infinite_horizon(problem);
  for (const Vector<2>& state : {Vector<2>{{1, 0}}, Vector<2>{{0, 1}}, Vector<2>{{-2, 0.5}}}) {
    const double least = quadratic_form(solution.cost_to_go, state);
    CHECK(cost_of(problem, solution.gain, state) == Approx(least).epsilon(1e-9));
    for (std::size_t i = 0; i < 2; ++i) {
      for (const double change : {-0.05, 0.05}) {
        auto gain = solution.gain;
        gain(0, i) += change;
        CHECK(cost_of(problem, gain, state) > least);
      }
    }
  }
}

TEST_CASE("a long episode begins like a task without an end") {
  const LinearQuadraticProblem<2, 1> problem = double_integrator(0.3);
  const auto endless = solve_infinite_horizon(problem);
  const auto first = solve_finite_horizon(problem, 300).front();
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(first.cost_to_go.elements[i] == Approx(endless.cost_to_go.elements[i]).epsilon(1e-10));
  }
}

TEST_CASE("a system that cannot be stabilised has no solution") {
  using Scalar = LinearQuadraticProblem<1, 1>;
  const Scalar unstable{.a = {{2}}, .b = {{0}}, .q = {{1}}, .r = {{1}}};
  const Scalar standing{.a = {{1}}, .b = {{0}}, .q = {{1}}, .r = {{1}}};
  const Scalar free_of_cost{.a = {{1}}, .b = {{1}}, .q = {{0}}, .r = {{0}}};
  CHECK_THROWS_WITH(solve_infinite_horizon(unstable), Catch::Matchers::Contains("can be stabilised"));
  CHECK_THROWS_WITH(solve_infinite_horizon(standing), Catch::Matchers::Contains("can be stabilised"));
  CHECK_THROWS_WITH(solve_infinite_horizon(free_of_cost), Catch::Matchers::Contains("positive definite"));
}
