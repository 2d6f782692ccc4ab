#include "envs/random.h"

#include <cmath>

namespace sounder {

double Rng::normal() noexcept {
  while (true) {
    const double x = uniform(-1.0, 1.0);
    const double y = uniform(-1.0, 1.0);
    const double square = x * x + y * y;
    if (square > 0.0 && square < 1.0) return x * std::sqrt(-2.0 * std::log(square) / square);
  }
}

}  // namespace sounder
