#pragma once

#include <cstddef>
#include <span>

#include "tests/agents/torch_catch.h"

namespace sounder {

/// Checks a gradient against central differences of `loss()`, a function of `parameters`, which are changed one at a
/// time and restored. Single precision limits the agreement to `margin` and one percent.
template <typename Loss>
void check_slopes(std::span<float> parameters, std::span<const float> gradient, Loss&& loss, double margin) {
  REQUIRE(gradient.size() == parameters.size());
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    constexpr float kStep = 1e-2F;
    const float before = parameters[i];
    parameters[i] = before + kStep;
    const double above = loss();
    parameters[i] = before - kStep;
    const double below = loss();
    parameters[i] = before;
    INFO("parameter " << i);
    CHECK(gradient[i] == Approx((above - below) / (2 * static_cast<double>(kStep))).margin(margin).epsilon(1e-2));
  }
}

}  // namespace sounder
