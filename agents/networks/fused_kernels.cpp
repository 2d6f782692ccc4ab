// A single matrix product serves for the forward pass, for going back to the inputs, and for the gradient of the
// weights. It is computed in tiles: the sums of R rows and C vectors of columns stay in registers over the whole depth.
// Each step of the depth takes C loads of B, R broadcasts of A and R * C multiply-adds. A multiply-add waits for the
// one before it in its chain, so where R * C chains are too few to keep the processor busy (a single row, while
// acting), S sums of each element alternate, each over every S-th step.
//
// This file is compiled once for each level (core/level.h), with -ffp-contract=fast, so that a * b + c is one
// instruction, and with GCC's -fschedule-insns, without which B is loaded again for every row.
#include "agents/networks/fused_kernels.h"

#include <array>
#include <cassert>
#include <cstring>
#include <type_traits>
#include <utility>

#if defined(__AVX__)
#include <immintrin.h>
#endif

#include "agents/networks/fused_functions.h"
#include "agents/networks/vector.h"

namespace sounder::SOUNDER_LEVEL {
namespace {

using Quad = float __attribute__((vector_size(4 * sizeof(float))));
using Octet = float __attribute__((vector_size(8 * sizeof(float))));

[[gnu::always_inline]] inline Quad load_quad(const float* from) noexcept {
  Quad v;
  std::memcpy(&v, from, sizeof v);
  return v;
}

/// Determines the initial value of a tile's sums, and what is stored of them.
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
    if constexpr (f == Transfer::relu) return value > 0.0F ? dh : Vector{};  // 0 at the kink, like LibTorch
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

// Two units, with a latency of four cycles per multiply-add.
constexpr std::size_t kChains = 8;

/// Computes a single row from a column on, in tiles of C vectors of columns, then in narrower ones. Each vector of B is
/// used once, in the multiply-add that loads it. So all registers hold sums, and each element of A is loaded once for
/// as many columns as possible.
template <std::size_t C, class Ends>
inline void compute_row(const Product& p, std::size_t column, const Ends& ends) noexcept {
  for (; column + C * kLanes <= p.columns; column += C * kLanes) compute_tile<1, C, kChains / C>(p, 0, column, ends);
  if constexpr (C > 1) compute_row<C / 2>(p, column, ends);
}

/// Computes all rows of C vectors of columns.
template <std::size_t C, class Ends>
inline void compute_columns(const Product& p, std::size_t column, const Ends& ends) noexcept {
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
  if (p.rows == 1) return compute_row<kChains>(p, 0, ends);
  // Registers hold the tile's R * C = 4 * C sums, a row of B and an element of A.
  constexpr std::size_t kMost = kVectorRegisters >= 32 ? 4 : 2;
  std::size_t column = 0;
  for (; column + kMost * kLanes <= p.columns; column += kMost * kLanes) compute_columns<kMost>(p, column, ends);
  if constexpr (kMost > 2) {
    for (; column + 2 * kLanes <= p.columns; column += 2 * kLanes) compute_columns<2>(p, column, ends);
  }
  for (; column < p.columns; column += kLanes) compute_columns<1>(p, column, ends);
}

// Shuffles of two vectors a and b, within each quad of their lanes: lows gives a_0 b_0 a_1 b_1, highs a_2 b_2 a_3 b_3,
// low_pairs a_0 a_1 b_0 b_1, high_pairs a_2 a_3 b_2 b_3.
template <class V, std::size_t... i>
[[gnu::always_inline]] inline V lows(V a, V b, std::index_sequence<i...> /*lanes*/) noexcept {
  return __builtin_shufflevector(a, b, static_cast<int>(i / 4 * 4 + i % 4 / 2 + i % 2 * sizeof...(i))...);
}
template <class V, std::size_t... i>
[[gnu::always_inline]] inline V highs(V a, V b, std::index_sequence<i...> /*lanes*/) noexcept {
  return __builtin_shufflevector(a, b, static_cast<int>(i / 4 * 4 + i % 4 / 2 + i % 2 * sizeof...(i) + 2)...);
}
template <class V, std::size_t... i>
[[gnu::always_inline]] inline V low_pairs(V a, V b, std::index_sequence<i...> /*lanes*/) noexcept {
  return __builtin_shufflevector(a, b, static_cast<int>(i / 4 * 4 + i % 2 + i % 4 / 2 * sizeof...(i))...);
}
template <class V, std::size_t... i>
[[gnu::always_inline]] inline V high_pairs(V a, V b, std::index_sequence<i...> /*lanes*/) noexcept {
  return __builtin_shufflevector(a, b, static_cast<int>(i / 4 * 4 + i % 2 + i % 4 / 2 * sizeof...(i) + 2)...);
}

/// Transposes a square of W rows, 4 or 8. For 8, loads place the left or right halves of rows i and 4 + i in one
/// vector, so that what remains are transpositions of four rows within each half of the vectors.
template <std::size_t W>
[[gnu::always_inline]] inline void transpose_square(const float* from, std::size_t from_stride, float* to,
                                                    std::size_t to_stride) noexcept {
  // Of a size that depends on W itself, GCC 14 would take the type for a float while it reads the template.
  using V = std::conditional_t<W == 4, Quad, Octet>;
  constexpr auto kAll = std::make_index_sequence<W>();
#pragma GCC unroll 2
  for (std::size_t piece = 0; piece < W; piece += 4) {
    V x[4];
#pragma GCC unroll 4
    for (std::size_t i = 0; i < 4; ++i) {
      const float* const at = from + i * from_stride + piece;
      if constexpr (W == 4) {
        x[i] = load_quad(at);
      } else {
#if defined(__AVX__)
        // An intrinsic, because GCC compiles the equivalent vector types to two loads and a shuffle.
        x[i] = _mm256_insertf128_ps(_mm256_castps128_ps256(load_quad(at)), load_quad(at + 4 * from_stride), 1);
#endif
      }
    }
    const V low01 = lows(x[0], x[1], kAll);
    const V high01 = highs(x[0], x[1], kAll);
    const V low23 = lows(x[2], x[3], kAll);
    const V high23 = highs(x[2], x[3], kAll);
    const V y[4]{low_pairs(low01, low23, kAll), high_pairs(low01, low23, kAll), low_pairs(high01, high23, kAll),
                 high_pairs(high01, high23, kAll)};
#pragma GCC unroll 4
    for (std::size_t i = 0; i < 4; ++i) std::memcpy(to + (piece + i) * to_stride, &y[i], sizeof(V));
  }
}

/// Transposes in squares of W rows, then the rest on the right and below in smaller ones or number by number.
template <std::size_t W>
void transpose_by_squares(const Transposition t) noexcept {
  const std::size_t rows = t.rows / W * W;
  const std::size_t columns = t.columns / W * W;
  for (std::size_t row = 0; row < rows; row += W) {
    for (std::size_t column = 0; column < columns; column += W) {
      transpose_square<W>(t.from + row * t.from_stride + column, t.from_stride, t.to + column * t.to_stride + row,
                          t.to_stride);
    }
  }
  const Transposition right{.rows = rows,
                            .columns = t.columns - columns,
                            .from = t.from + columns,
                            .from_stride = t.from_stride,
                            .to = t.to + columns * t.to_stride,
                            .to_stride = t.to_stride};
  const Transposition below{.rows = t.rows - rows,
                            .columns = t.columns,
                            .from = t.from + rows * t.from_stride,
                            .from_stride = t.from_stride,
                            .to = t.to + rows,
                            .to_stride = t.to_stride};
  for (const Transposition& part : {right, below}) {
    if constexpr (W > 4) {
      transpose_by_squares<W / 2>(part);
    } else {
      for (std::size_t row = 0; row < part.rows; ++row) {
        for (std::size_t column = 0; column < part.columns; ++column) {
          part.to[column * part.to_stride + row] = part.from[row * part.from_stride + column];
        }
      }
    }
  }
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
#if defined(__AVX__)
  transpose_by_squares<8>(t);
#else
  transpose_by_squares<4>(t);
#endif
}

const FusedKernels kFusedKernels{
    .lanes = kLanes, .forward = forward, .backward = backward, .multiply = multiply, .transpose = transpose};

}  // namespace sounder::SOUNDER_LEVEL
