#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "envs/environment.h"
#include "envs/linear_control/riccati.h"
#include "envs/options.h"

namespace sounder::envs {

/// Keeps three coupled quantities that drift apart near 0 against noise, each by an action of its own: a linear system
/// with quadratic costs, whose optimal controller, and so the best possible return, is known from the Riccati equation
/// (envs/linear_control/riccati.h). A step's reward is -(x'Qx + u'Ru), of the state before it. Episodes never
/// terminate; they have 100 steps, and the reward threshold is a cost 5 % above the least expected one.
///
/// x' = A x + u + w with A = [[1.01, 0.01, 0], [0.01, 1.01, 0.01], [0, 0.01, 1.01]], slightly unstable: the example of
/// Dean, Mania, Matni, Recht and Tu (2018), "On the Sample Complexity of the Linear Quadratic Regulator", section 6.
/// Here Q and R are identities, times options. The noise w is uniform and independent in its three numbers, rather than
/// normal, so that it has bounds: then the optimal controller's actions are within theirs, [-5, 5], always. Beyond,
/// they are clipped.
///
/// Observation [3]: x. State [4]: x, and the key from which the noise of the next steps follows, a whole number below
/// 2^53.
class LinearQuadratic {
 public:
  using Action = std::span<const float>;
  using Problem = LinearQuadraticProblem<3, 3>;
  using State = Vector<3>;
  using Regulator = LinearRegulator<3, 3>;

  static constexpr std::int64_t kSteps = 100;
  static constexpr double kActionLimit = 5.0;
  static constexpr double kInitialSpread = 1.0;  ///< the first state's numbers are from U(-1, 1)

  /// What states and actions cost, how strong the noise is: see `sounder envs LinearQuadratic-v0`.
  static std::vector<EnvironmentOption<LinearQuadratic>> options();
  EnvironmentSpec spec() const;
  void reset(std::uint64_t seed, std::span<float> observation) noexcept;
  StepResult step(std::span<const float> action, std::span<float> observation) noexcept;
  void draw(Canvas& canvas) const;
  std::vector<double> state() const;
  /// Throws Error unless the state has four numbers, of which the last is a key.
  void set_state(std::span<const double> state, std::span<float> observation);

  Problem problem() const noexcept;
  /// Gives the optimal controller of each step of an episode.
  std::vector<Regulator> optimal_regulators() const;
  /// Gives the expected return of the optimal controller: no other one has a higher one.
  double optimal_return() const;

 private:
  void observe(std::span<float> observation) const noexcept;

  double state_cost_ = 1.0;
  double action_cost_ = 1.0;
  double noise_ = 1.0;

  Vector<3> state_{};
  std::uint64_t noise_key_ = 0;
};

}  // namespace sounder::envs
