#include "apps/bench/sharing_pieces.h"

#include <algorithm>
#include <array>
#include <span>

#include "core/update_rule.h"

namespace sounder::benchmark {
namespace {

constexpr RmsProp kRule{.decay = 0.99F, .epsilon = 0.1F};
// So small that a million updates by one gradient leave the parameters where they are.
constexpr float kLearningRate = 1e-7F;

/// What a plain update works on: arrays of one size.
struct PlainArrays {
  float* parameters;
  float* square_averages;
  const float* gradient;
  float* replica;
  std::size_t size;
};

void plain_pull(const PlainArrays& arrays) noexcept {
  std::copy_n(arrays.parameters, arrays.size, arrays.replica);
}

enum class Replica { untouched, written };

template <Replica replica_is>
void plain_push(const PlainArrays& arrays) noexcept {
  float* __restrict const parameters = arrays.parameters;
  float* __restrict const square_averages = arrays.square_averages;
  const float* __restrict const gradient = arrays.gradient;
  float* __restrict const replica = arrays.replica;
  for (std::size_t i = 0; i < arrays.size; ++i) {
    const float g = kRule.accumulate(0, square_averages[i], gradient[i]);
    square_averages[i] = g;
    parameters[i] += kRule.step(std::array<float, 1>{g}, gradient[i], kLearningRate);
    if constexpr (replica_is == Replica::written) replica[i] = parameters[i];
  }
}

}  // namespace

SharingPieces::SharingPieces(std::size_t size)
    : store_(size, RmsProp::kStatistics, WriteMode::relaxed),
      parameters_(size),
      square_averages_(size),
      gradient_(size, 0.01F),
      replica_(size) {}

std::vector<SharingPiece> SharingPieces::pieces() {
  const auto push = [this](std::span<float> replica) {
    store_.push({.gradient = gradient_,
                 .learning_rate = kLearningRate,
                 .steps = 1,
                 .version = store_.updates(),
                 .replica = replica},
                kRule);
  };
  const PlainArrays arrays{.parameters = parameters_.data(),
                           .square_averages = square_averages_.data(),
                           .gradient = gradient_.data(),
                           .replica = replica_.data(),
                           .size = parameters_.size()};
  return {{.shared = {.name = "pull", .call = [this] { store_.pull(replica_); }},
           .plain = {.name = "pull", .call = [arrays] { plain_pull(arrays); }}},
          {.shared = {.name = "push", .call = [push] { push({}); }},
           .plain = {.name = "push", .call = [arrays] { plain_push<Replica::untouched>(arrays); }}},
          {.shared = {.name = "exchange", .call = [this, push] { push(replica_); }},
           .plain = {.name = "exchange", .call = [arrays] { plain_push<Replica::written>(arrays); }}}};
}

}  // namespace sounder::benchmark
