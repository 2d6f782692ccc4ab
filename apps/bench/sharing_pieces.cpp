#include "apps/bench/sharing_pieces.h"

#include <algorithm>
#include <span>

#include "apps/bench/plain_update.h"

namespace sounder::benchmark {
namespace {

constexpr RmsProp kRule{.decay = 0.99F, .epsilon = 0.1F};
// So small that a million updates by one gradient barely move the parameters.
constexpr float kLearningRate = 1e-7F;

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
  const PlainUpdate& plain = SOUNDER_AT_LEVEL(kPlainUpdate);
  return {
      {.shared = {.name = "pull", .call = [this] { store_.pull(replica_); }},
       .plain = {.name = "pull", .call = [arrays] { std::copy_n(arrays.parameters, arrays.size, arrays.replica); }}},
      {.shared = {.name = "push", .call = [push] { push({}); }},
       .plain = {.name = "push", .call = [&plain, arrays] { plain.push(arrays, kRule, kLearningRate); }}},
      {.shared = {.name = "exchange", .call = [this, push] { push(replica_); }},
       .plain = {.name = "exchange", .call = [&plain, arrays] { plain.exchange(arrays, kRule, kLearningRate); }}}};
}

}  // namespace sounder::benchmark
