// Compiled once for each level (core/level.h).
#include "apps/bench/plain_update.h"

#include <array>

namespace sounder::SOUNDER_LEVEL {
namespace {

enum class Replica { untouched, written };

template <Replica replica_is>
void update(const PlainArrays& arrays, const RmsProp& rule, float rate) noexcept {
  float* __restrict const parameters = arrays.parameters;
  float* __restrict const square_averages = arrays.square_averages;
  const float* __restrict const gradient = arrays.gradient;
  float* __restrict const replica = arrays.replica;
  for (std::size_t i = 0; i < arrays.size; ++i) {
    const float g = rule.accumulate(0, square_averages[i], gradient[i]);
    square_averages[i] = g;
    parameters[i] += rule.step(std::array<float, 1>{g}, gradient[i], rate);
    if constexpr (replica_is == Replica::written) replica[i] = parameters[i];
  }
}

}  // namespace

const PlainUpdate kPlainUpdate{.push = update<Replica::untouched>, .exchange = update<Replica::written>};

}  // namespace sounder::SOUNDER_LEVEL
