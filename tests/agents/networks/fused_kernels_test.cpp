#include "agents/networks/fused_kernels.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/aligned_floats.h"
#include "envs/random.h"
#include "tests/catch.h"

namespace sounder {
namespace {

/// A matrix of random numbers in padded rows, the padding zero.
struct Matrix {
  std::size_t rows;
  std::size_t columns;
  std::size_t stride;
  AlignedFloats elements;

  Matrix(std::size_t m, std::size_t n) : rows(m), columns(n), stride(fused_kernels().padded(n)), elements(m * stride) {}
  Matrix(std::size_t m, std::size_t n, Rng& rng) : Matrix(m, n) {
    for (std::size_t i = 0; i < m; ++i) {
      for (std::size_t j = 0; j < n; ++j) elements[i * stride + j] = static_cast<float>(rng.normal());
    }
  }
  double operator()(std::size_t i, std::size_t j) const { return static_cast<double>(elements[i * stride + j]); }
};

double transferred(double z, Transfer f) {
  if (f == Transfer::tanh) return std::tanh(z);
  return f == Transfer::relu ? std::max(z, 0.0) : z;
}

/// f', from what f gave.
double derivative(double h, Transfer f) {
  if (f == Transfer::tanh) return 1 - h * h;
  return f == Transfer::relu && h <= 0 ? 0 : 1;
}

/// Compares a matrix with what `expected` says of (row, column): sums of products of numbers around 1, which may
/// cancel. The numbers beyond the last column must be zero.
template <class Expected>
void check(const Matrix& matrix, const Expected& expected) {
  double largest = 1;
  double difference = 0;
  int stained = 0;
  for (std::size_t i = 0; i < matrix.rows; ++i) {
    for (std::size_t j = 0; j < matrix.columns; ++j) {
      largest = std::max(largest, std::abs(expected(i, j)));
      const double distance = std::abs(matrix(i, j) - expected(i, j));
      difference = std::max(difference, std::isnan(distance) ? HUGE_VAL : distance);
    }
    for (std::size_t j = matrix.columns; j < matrix.stride; ++j) stained += matrix(i, j) == 0 ? 0 : 1;
  }
  CHECK(difference <= 1e-5 * largest);
  CHECK(stained == 0);
}

/// Sizes around those of vectors and tiles, and far from them.
const std::vector<std::size_t> kSizes{1, 2, 3, 5, 7, 15, 16, 17, 33, 64, 65, 79, 150};
const std::vector<std::size_t> kRows{1, 2, 3, 4, 5, 7, 21};
const std::vector<Transfer> kTransfers{Transfer::identity, Transfer::tanh, Transfer::relu};

void stain(Matrix& matrix) {
  std::ranges::fill(matrix.elements, 1e6F);
}

TEST_CASE("forward is a layer's formula, and its padding stays zero", "[levels]") {
  Rng rng(1);
  for (const std::size_t rows : kRows) {
    for (const std::size_t inputs : kSizes) {
      for (const std::size_t outputs : kSizes) {
        const Matrix x(rows, inputs, rng);
        const Matrix weight(inputs, outputs, rng);
        const Matrix bias(1, outputs, rng);
        Matrix h(rows, outputs);
        for (const Transfer f : kTransfers) {
          stain(h);
          fused_kernels().forward({.rows = rows,
                                   .inputs = inputs,
                                   .outputs = h.stride,
                                   .x = x.elements.data(),
                                   .x_stride = x.stride,
                                   .transposed_weight = weight.elements.data(),
                                   .bias = bias.elements.data(),
                                   .transfer = f,
                                   .h = h.elements.data()});
          INFO(rows << " rows, " << inputs << " to " << outputs << ", transfer " << static_cast<int>(f));
          check(h, [&](std::size_t i, std::size_t j) {
            double z = bias(0, j);
            for (std::size_t k = 0; k < inputs; ++k) z += x(i, k) * weight(k, j);
            return transferred(z, f);
          });
        }
      }
    }
  }
}

TEST_CASE("backward is the chain rule through a layer, and its padding stays zero", "[levels]") {
  Rng rng(2);
  for (const std::size_t rows : kRows) {
    for (const std::size_t inputs : kSizes) {
      for (const std::size_t outputs : kSizes) {
        const Matrix dz(rows, outputs, rng);
        const Matrix weight(outputs, inputs, rng);
        Matrix dz_below(rows, inputs);
        for (const Transfer f : kTransfers) {
          Matrix h_below(rows, inputs, rng);
          for (float& h : h_below.elements) h = static_cast<float>(transferred(static_cast<double>(h), f));
          stain(dz_below);
          fused_kernels().backward({.rows = rows,
                                    .outputs = outputs,
                                    .inputs = dz_below.stride,
                                    .dz = dz.elements.data(),
                                    .dz_stride = dz.stride,
                                    .weight = weight.elements.data(),
                                    .h_below = h_below.elements.data(),
                                    .transfer_below = f,
                                    .dz_below = dz_below.elements.data()});
          INFO(rows << " rows, " << outputs << " to " << inputs << ", transfer " << static_cast<int>(f));
          check(dz_below, [&](std::size_t i, std::size_t j) {
            double dh = 0;
            for (std::size_t k = 0; k < outputs; ++k) dh += dz(i, k) * weight(k, j);
            return dh * derivative(h_below(i, j), f);
          });
        }
      }
    }
  }
}

TEST_CASE("multiply is the product of two matrices, the first of any strides, and its padding stays zero", "[levels]") {
  Rng rng(3);
  for (const std::size_t rows : kSizes) {
    for (const std::size_t depth : kRows) {
      for (const std::size_t columns : kSizes) {
        const Matrix along(rows, depth, rng);
        const Matrix across(depth, rows, rng);
        const Matrix b(depth, columns, rng);
        Matrix c(rows, columns);
        const auto compute = [&](StridedMatrix a) {
          stain(c);
          fused_kernels().multiply({.rows = rows,
                                    .depth = depth,
                                    .columns = c.stride,
                                    .a = a,
                                    .b = b.elements.data(),
                                    .b_stride = b.stride,
                                    .c = c.elements.data(),
                                    .c_stride = c.stride});
        };
        INFO(rows << " x " << depth << " x " << columns);
        compute({.data = along.elements.data(), .row = along.stride, .column = 1});
        check(c, [&](std::size_t i, std::size_t j) {
          double sum = 0;
          for (std::size_t k = 0; k < depth; ++k) sum += along(i, k) * b(k, j);
          return sum;
        });
        compute({.data = across.elements.data(), .row = 1, .column = across.stride});
        check(c, [&](std::size_t i, std::size_t j) {
          double sum = 0;
          for (std::size_t k = 0; k < depth; ++k) sum += across(k, i) * b(k, j);
          return sum;
        });
        const float two = 2;  // the same element everywhere
        compute({.data = &two, .row = 0, .column = 0});
        check(c, [&](std::size_t /*i*/, std::size_t j) {
          double sum = 0;
          for (std::size_t k = 0; k < depth; ++k) sum += 2 * b(k, j);
          return sum;
        });
      }
    }
  }
}

TEST_CASE("transpose moves every element, exactly, and nothing else", "[levels]") {
  Rng rng(4);
  for (const std::size_t rows : kSizes) {
    for (const std::size_t columns : kSizes) {
      const Matrix from(rows, columns, rng);
      Matrix to(columns, rows);
      fused_kernels().transpose({.rows = rows,
                                 .columns = columns,
                                 .from = from.elements.data(),
                                 .from_stride = from.stride,
                                 .to = to.elements.data(),
                                 .to_stride = to.stride});
      int wrong = 0;
      for (std::size_t i = 0; i < columns; ++i) {
        for (std::size_t j = 0; j < to.stride; ++j) wrong += to(i, j) == (j < rows ? from(j, i) : 0) ? 0 : 1;
      }
      INFO(rows << " x " << columns);
      CHECK(wrong == 0);
    }
  }
}

}  // namespace
}  // namespace sounder
