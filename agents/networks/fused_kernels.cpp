// One product of matrices serves all: forward, back to the inputs, and to the weights' gradient. It is computed tile by
// tile: R rows and C vectors of columns of the result stay in registers while the depth passes by, each step of it C
// loads of B, R broadcasts of A and R * C multiply-adds. A chain of dependent multiply-adds waits for each; so where R
// * C alone cannot keep the processor busy (a single row, while acting), S chains run side by side, each over every
// S-th step.
//
// This file is compiled once for each level (core/level.h), with -ffp-contract=fast, so that a * b + c is one
// instruction, and, by GCC, with -fschedule-insns, without which it loads B anew for every row.
#include "agents/networks/fused_kernels.h"

#include <array>
#include <cassert>

#include "agents/networks/fused_functions.h"
#include "agents/networks/vector.h"

namespace sounder::SOUNDER_LEVEL {
namespace {

/// What a tile starts from and what becomes of its sums.
struct Plain {
  [[gnu::always_inline]] Vector start(std::size_t /*column*/) const noexcept { return Vector{}; }
  [[gnu::always_inline]] Vector finish(Vector sum, std::size_t /*row*/, std::size_t /*column*/) const noexcept {
    return sum;
  }
};

template <Transfer f>
struct BiasAndTransfer {
  const float* bias;

  [[gnu::always_inline]] Vector start(std::size_t column) const noexcept { return load(bias + column); }
  [[gnu::always_inline]] Vector finish(Vector z, std::size_t /*row*/, std::size_t /*column*/) const noexcept {
    if constexpr (f == Transfer::tanh) return tanh(z);
    if constexpr (f == Transfer::relu) return z > 0.0F ? z : Vector{};
    return z;
  }
};

template <Transfer f>
struct TimesDerivative {
  const float* h;
  std::size_t stride;

  [[gnu::always_inline]] Vector start(std::size_t /*column*/) const noexcept { return Vector{}; }
  [[gnu::always_inline]] Vector finish(Vector dh, std::size_t row, std::size_t column) const noexcept {
    const Vector value = load(h + row * stride + column);
    if constexpr (f == Transfer::tanh) return dh * (1.0F - value * value);
    if constexpr (f == Transfer::relu) return value > 0.0F ? dh : Vector{};  // 0 at the kink, as LibTorch has it
    return dh;
  }
};

template <std::size_t R, std::size_t C, std::size_t S, class Ends>
inline void compute_tile(const Product& p, std::size_t row, std::size_t column, const Ends& ends) noexcept {
  Vector sums[S][R][C];
#pragma GCC unroll 8
  for (std::size_t s = 0; s < S; ++s) {
#pragma GCC unroll 8
    for (std::size_t r = 0; r < R; ++r) {
#pragma GCC unroll 8
      for (std::size_t c = 0; c < C; ++c) sums[s][r][c] = s == 0 ? ends.start(column + c * kLanes) : Vector{};
    }
  }
  const float* a = p.a.data + row * p.a.row;
  const float* b = p.b + column;
  const auto add_step = [&](std::size_t s) {
    Vector b_row[C];
#pragma GCC unroll 8
    for (std::size_t c = 0; c < C; ++c) b_row[c] = load(b + c * kLanes);
#pragma GCC unroll 8
    for (std::size_t r = 0; r < R; ++r) {
      const Vector x = splat(a[r * p.a.row]);
#pragma GCC unroll 8
      for (std::size_t c = 0; c < C; ++c) sums[s][r][c] = x * b_row[c] + sums[s][r][c];
    }
    a += p.a.column;
    b += p.b_stride;
  };
  std::size_t step = 0;
  for (; step + S <= p.depth; step += S) {
#pragma GCC unroll 8
    for (std::size_t s = 0; s < S; ++s) add_step(s);
  }
  if constexpr (S > 1) {
    for (; step < p.depth; ++step) add_step(0);
  }
#pragma GCC unroll 8
  for (std::size_t r = 0; r < R; ++r) {
#pragma GCC unroll 8
    for (std::size_t c = 0; c < C; ++c) {
      Vector total = sums[0][r][c];
#pragma GCC unroll 8
      for (std::size_t s = 1; s < S; ++s) total += sums[s][r][c];
      store(p.c + (row + r) * p.c_stride + column + c * kLanes, ends.finish(total, row + r, column + c * kLanes));
    }
  }
}

/// All rows of C vectors of columns.
template <std::size_t C, class Ends>
inline void compute_columns(const Product& p, std::size_t column, const Ends& ends) noexcept {
  constexpr std::size_t kChains = 8;  // two units, each four cycles from one multiply-add to the next
  std::size_t row = 0;
  for (; row + kRowsTogether <= p.rows; row += kRowsTogether) {
    compute_tile<kRowsTogether, C, C == 1 ? 2 : 1>(p, row, column, ends);
  }
  for (; row + 2 <= p.rows; row += 2) compute_tile<2, C, kChains / (2 * C)>(p, row, column, ends);
  for (; row < p.rows; ++row) compute_tile<1, C, kChains / C>(p, row, column, ends);
}

template <class Ends>
void compute(const Product& p, const Ends& ends) noexcept {
  assert(p.columns % kLanes == 0);
  // Registers hold the tile's R * C = 4 * C sums, a row of B and an element of A.
  constexpr std::size_t kMost = kVectorRegisters >= 32 ? 4 : 2;
  std::size_t column = 0;
  for (; column + kMost * kLanes <= p.columns; column += kMost * kLanes) compute_columns<kMost>(p, column, ends);
  if constexpr (kMost > 2) {
    for (; column + 2 * kLanes <= p.columns; column += 2 * kLanes) compute_columns<2>(p, column, ends);
  }
  for (; column < p.columns; column += kLanes) compute_columns<1>(p, column, ends);
}

}  // namespace

void multiply(const Product& product) noexcept {
  compute(product, Plain{});
}

void forward(const LayerForward& layer) noexcept {
  const Product product{.rows = layer.rows,
                        .depth = layer.inputs,
                        .columns = layer.outputs,
                        .a = {.data = layer.x, .row = layer.x_stride, .column = 1},
                        .b = layer.transposed_weight,
                        .b_stride = layer.outputs,
                        .c = layer.h,
                        .c_stride = layer.outputs};
  switch (layer.transfer) {
    case Transfer::tanh:
      return compute(product, BiasAndTransfer<Transfer::tanh>{layer.bias});
    case Transfer::relu:
      return compute(product, BiasAndTransfer<Transfer::relu>{layer.bias});
    case Transfer::identity:
      return compute(product, BiasAndTransfer<Transfer::identity>{layer.bias});
  }
}

void backward(const LayerBackward& layer) noexcept {
  const Product product{.rows = layer.rows,
                        .depth = layer.outputs,
                        .columns = layer.inputs,
                        .a = {.data = layer.dz, .row = layer.dz_stride, .column = 1},
                        .b = layer.weight,
                        .b_stride = layer.inputs,
                        .c = layer.dz_below,
                        .c_stride = layer.inputs};
  switch (layer.transfer_below) {
    case Transfer::tanh:
      return compute(product, TimesDerivative<Transfer::tanh>{layer.h_below, layer.inputs});
    case Transfer::relu:
      return compute(product, TimesDerivative<Transfer::relu>{layer.h_below, layer.inputs});
    case Transfer::identity:
      return compute(product, TimesDerivative<Transfer::identity>{layer.h_below, layer.inputs});
  }
}

void transpose(const Transposition& t) noexcept {
  const std::size_t whole_rows = t.rows / kLanes * kLanes;
  const std::size_t whole_columns = t.columns / kLanes * kLanes;
  for (std::size_t row = 0; row < whole_rows; row += kLanes) {
    for (std::size_t column = 0; column < whole_columns; column += kLanes) {
      std::array<Vector, kLanes> square;
#pragma GCC unroll 16
      for (std::size_t i = 0; i < kLanes; ++i) square[i] = load(t.from + (row + i) * t.from_stride + column);
      transpose(square);
#pragma GCC unroll 16
      for (std::size_t i = 0; i < kLanes; ++i) store(t.to + (column + i) * t.to_stride + row, square[i]);
    }
  }
  // What is left on the right is narrow, and what is left below is low: the long loop is the inner one.
  for (std::size_t column = whole_columns; column < t.columns; ++column) {
    for (std::size_t row = 0; row < whole_rows; ++row) {
      t.to[column * t.to_stride + row] = t.from[row * t.from_stride + column];
    }
  }
  for (std::size_t row = whole_rows; row < t.rows; ++row) {
    for (std::size_t column = 0; column < t.columns; ++column) {
      t.to[column * t.to_stride + row] = t.from[row * t.from_stride + column];
    }
  }
}

const FusedKernels kFusedKernels{
    .lanes = kLanes, .forward = forward, .backward = backward, .multiply = multiply, .transpose = transpose};

}  // namespace sounder::SOUNDER_LEVEL
