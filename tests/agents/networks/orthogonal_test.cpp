#include "agents/networks/orthogonal.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "tests/catch.h"

namespace sounder {
namespace {

/// The largest deviation of the products of the rows (or columns, if these are fewer) from gain squared times unity.
double deviation(const std::vector<float>& matrix, MatrixShape shape, double gain) {
  const bool by_rows = shape.rows <= shape.columns;
  const std::size_t count = std::min(shape.rows, shape.columns);
  const auto element = [&](std::size_t vector, std::size_t i) {
    return static_cast<double>(by_rows ? matrix[vector * shape.columns + i] : matrix[i * shape.columns + vector]);
  };
  double largest = 0;
  for (std::size_t a = 0; a < count; ++a) {
    for (std::size_t b = 0; b < count; ++b) {
      double product = a == b ? -gain * gain : 0;
      for (std::size_t i = 0; i < std::max(shape.rows, shape.columns); ++i) product += element(a, i) * element(b, i);
      largest = std::max(largest, std::abs(product));
    }
  }
  return largest;
}

TEST_CASE("rows or columns of an orthogonal matrix are orthonormal, times the gain") {
  Rng rng(5);
  for (const MatrixShape shape : {MatrixShape{1, 1}, {2, 2}, {3, 8}, {8, 3}, {1, 40}, {33, 33}, {50, 70}, {129, 17}}) {
    INFO(shape.rows << " x " << shape.columns);
    for (const float gain : {1.0F, 2.0F}) {
      std::vector<float> matrix(shape.rows * shape.columns);
      fill_orthogonal(matrix, shape, gain, rng);
      CHECK(deviation(matrix, shape, static_cast<double>(gain)) < 1e-6);
    }
  }
}

TEST_CASE("orthogonal matrices are drawn uniformly: elements average to 0, their squares to 1 / size") {
  constexpr std::size_t kSize = 3;
  constexpr int kDraws = 10'000;
  Rng rng(1);
  std::vector<double> mean(kSize * kSize);
  std::vector<double> mean_square(kSize * kSize);
  for (int n = 0; n < kDraws; ++n) {
    std::vector<float> matrix(kSize * kSize);
    fill_orthogonal(matrix, {.rows = kSize, .columns = kSize}, 1.0F, rng);
    for (std::size_t i = 0; i < matrix.size(); ++i) {
      const double element = static_cast<double>(matrix[i]);
      mean[i] += element / kDraws;
      mean_square[i] += element * element / kDraws;
    }
  }
  // Standard errors are 0.006 and 0.003.
  for (const double x : mean) CHECK(std::abs(x) < 0.02);
  for (const double x : mean_square) CHECK(std::abs(x - 1.0 / kSize) < 0.01);
}

}  // namespace
}  // namespace sounder
