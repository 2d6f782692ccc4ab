#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "envs/environment.h"
#include "envs/linear_control/riccati.h"
#include "envs/options.h"

namespace sounder::envs {

/// Keeps three coupled, drifting quantities near 0 against noise, with one action for each. It is a linear system with
/// quadratic costs; the Riccati equation (envs/linear_control/riccati.h) gives its optimal controller and so the best
/// possible return. The reward is -(x'Qx + u'Ru) for the state before the step. Episodes never terminate and have 100
/// steps. The reward threshold is a cost 5 % above the least expected cost.
///
/// x' = A x + u + w with A = [[1.01, 0.01, 0], [0.01, 1.01, 0.01], [0, 0.01, 1.01]], slightly unstable: the example of
/// Dean, Mania, Matni, Recht and Tu (2018), "On the Sample Complexity of the Linear Quadratic Regulator", section 6.
/// Here Q and R are identities with weights from the options. The three numbers of the noise w are independent and
/// uniform rather than normal. The noise is therefore bounded, and the optimal controller's actions always stay within
/// the bounds of [-5, 5]; other actions are clipped to them.
///
/// Observation [3]: x. State [4]: x, and the key that determines the noise of the next steps, an integer below 2^53.
class LinearQuadratic {
 public:
  using Action = std::span<const float>;
  using Problem = LinearQuadraticProblem<3, 3>;
  using State = Vector<3>;
  using Regulator = LinearRegulator<3, 3>;

  static constexpr std::int64_t kSteps = 100;
  static constexpr double kActionLimit = 5.0;
  static constexpr double kInitialSpread = 1.0;  ///< the first state's numbers are drawn from U(-1, 1)

  /// The weights of states and actions, and the noise level: see `sounder envs LinearQuadratic-v0`.
  static std::vector<EnvironmentOption<LinearQuadratic>> options();
  EnvironmentSpec spec() const;
  void reset(std::uint64_t seed, std::span<float> observation) noexcept;
  StepResult step(std::span<const float> action, std::span<float> observation) noexcept;
  void draw(Canvas& canvas) const;
  std::vector<double> state() const;
  /// Throws Error unless the state has four numbers, the last of them a valid key.
  void set_state(std::span<const double> state, std::span<float> observation);

  Problem problem() const noexcept;
  /// Returns the optimal controller of each step of an episode.
  std::vector<Regulator> optimal_regulators() const;
  /// Returns the expected return of the optimal controller, an upper bound for every policy.
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
