#pragma once

#include <array>
#include <cstddef>

namespace sounder::envs {

/// Integrates one step of `time` by the classical Runge-Kutta method of fourth order; `derivative` maps a state to its
/// time derivative.
template <std::size_t Size, class Derivative>
std::array<double, Size> runge_kutta_step(const std::array<double, Size>& state, double time,
                                          const Derivative& derivative) noexcept {
  const auto moved = [&](const std::array<double, Size>& slope, double duration) {
    std::array<double, Size> result{};
    for (std::size_t i = 0; i < Size; ++i) result[i] = state[i] + duration * slope[i];
    return result;
  };
  const std::array<double, Size> k1 = derivative(state);
  const std::array<double, Size> k2 = derivative(moved(k1, time / 2.0));
  const std::array<double, Size> k3 = derivative(moved(k2, time / 2.0));
  const std::array<double, Size> k4 = derivative(moved(k3, time));
  std::array<double, Size> result{};
  for (std::size_t i = 0; i < Size; ++i) {
    result[i] = state[i] + time / 6.0 * (k1[i] + 2.0 * k2[i] + 2.0 * k3[i] + k4[i]);
  }
  return result;
}

}  // namespace sounder::envs
