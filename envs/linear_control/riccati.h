#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

#include "envs/error.h"
#include "envs/linear_control/matrix.h"

namespace sounder {

/// A linear system with quadratic costs in discrete time, x' = A x + B u + w, with a state x [N], an action u [M] and
/// independent noise w of mean 0 in each step. A step costs x'Qx + u'Ru for the state before it. Q is symmetric and
/// positive semidefinite, R symmetric and positive definite.
template <std::size_t N, std::size_t M>
struct LinearQuadraticProblem {
  Matrix<N, N> a;
  Matrix<N, M> b;
  Matrix<N, N> q;
  Matrix<M, M> r;

  /// Returns the next state without the noise.
  constexpr Vector<N> next(const Vector<N>& state, const Vector<M>& action) const noexcept {
    return a * state + b * action;
  }
  constexpr double cost(const Vector<N>& state, const Vector<M>& action) const noexcept {
    return quadratic_form(q, state) + quadratic_form(r, action);
  }
};

/// The optimal controller of one step, u = -K x, and its cost. From a state x on, the least expected cost is x'Px plus
/// a share of the noise, which no controller changes.
template <std::size_t N, std::size_t M>
struct LinearRegulator {
  Matrix<N, N> cost_to_go;  ///< P
  Matrix<M, N> gain;        ///< K

  constexpr Vector<M> action(const Vector<N>& state) const noexcept { return Vector<M>{} - gain * state; }
};

/// Solves one step, given the cost x'Px of the state x after it: the Riccati recursion (Bertsekas, "Dynamic Programming
/// and Optimal Control", volume I, section 4.1 of the 3rd edition). Throws Error if R + B'PB is not positive definite.
template <std::size_t N, std::size_t M>
LinearRegulator<N, M> solve_step(const LinearQuadraticProblem<N, M>& problem, const Matrix<N, N>& p) {
  const auto weighted = transposed(problem.b) * p;  // B'P
  const auto gain = solve_positive_definite(problem.r + weighted * problem.b, weighted * problem.a);
  auto cost_to_go = problem.q + transposed(problem.a) * p * (problem.a - problem.b * gain);
  // Rounding makes the matrix slightly asymmetric, an error that would grow from step to step.
  for (std::size_t i = 0; i < N; ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      cost_to_go(i, j) = cost_to_go(j, i) = (cost_to_go(i, j) + cost_to_go(j, i)) / 2.0;
    }
  }
  return {.cost_to_go = cost_to_go, .gain = gain};
}

/// Solves an episode of n steps without a final cost. Returns the regulator of each step, in time order.
template <std::size_t N, std::size_t M>
std::vector<LinearRegulator<N, M>> solve_finite_horizon(const LinearQuadraticProblem<N, M>& problem,
                                                        std::size_t steps) {
  std::vector<LinearRegulator<N, M>> regulators(steps);
  Matrix<N, N> p;
  for (std::size_t step = steps; step-- > 0;) {
    regulators[step] = solve_step(problem, p);
    p = regulators[step].cost_to_go;
  }
  return regulators;
}

/// Solves the discrete-time algebraic Riccati equation. Returns the regulator of a task without an end. Iterates from P
/// = Q until P changes by less than 1e-13 of its largest element. Throws Error if that takes more than 1,000,000
/// iterations: the system cannot be stabilised, so that no controller keeps the cost finite, or P is ill-conditioned.
template <std::size_t N, std::size_t M>
LinearRegulator<N, M> solve_infinite_horizon(const LinearQuadraticProblem<N, M>& problem) {
  constexpr int kIterations = 1'000'000;
  constexpr double kTolerance = 1e-13;
  Matrix<N, N> p = problem.q;
  for (int i = 0; i < kIterations; ++i) {
    const LinearRegulator<N, M> regulator = solve_step(problem, p);
    double change = 0.0;
    double largest = 0.0;
    for (std::size_t j = 0; j < N * N; ++j) {
      change = std::fmax(change, std::abs(regulator.cost_to_go.elements[j] - p.elements[j]));
      largest = std::fmax(largest, std::abs(regulator.cost_to_go.elements[j]));
    }
    if (!std::isfinite(largest)) break;
    if (change <= kTolerance * largest) return regulator;
    p = regulator.cost_to_go;
  }
  throw Error(
      "the Riccati equation has no solution that the iteration reaches: expected a system that can be stabilised");
}

/// The distributions of an episode's first state and of the noise.
template <std::size_t N>
struct Disturbance {
  Matrix<N, N> initial;  ///< second moment of the first state: E[xx']
  Matrix<N, N> noise;    ///< covariance of w: E[ww']
};

/// Returns the expected cost of an episode under the optimal controllers from solve_finite_horizon, the least possible
/// one. The noise of the last step costs nothing.
template <std::size_t N, std::size_t M>
double expected_cost(const std::vector<LinearRegulator<N, M>>& regulators, const Disturbance<N>& disturbance) {
  double cost = 0.0;
  for (std::size_t step = 0; step < regulators.size(); ++step) {
    cost += trace_of_product(regulators[step].cost_to_go, step == 0 ? disturbance.initial : disturbance.noise);
  }
  return cost;
}

}  // namespace sounder
