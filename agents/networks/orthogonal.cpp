#include "agents/networks/orthogonal.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numeric>
#include <vector>

namespace sounder {
namespace {

using Vector = std::vector<double>;

double dot(const Vector& a, const Vector& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

/// Draws `count` orthonormal vectors of `size` >= count numbers.
std::vector<Vector> orthonormal(std::size_t count, std::size_t size, Rng& rng) {
  std::vector<Vector> vectors;
  while (vectors.size() < count) {
    Vector vector(size);
    for (double& x : vector) x = rng.normal();
    // Twice: what rounding leaves of the others after the first pass is gone after the second.
    for (int pass = 0; pass < 2; ++pass) {
      for (const Vector& other : vectors) {
        const double overlap = dot(vector, other);
        for (std::size_t i = 0; i < size; ++i) vector[i] -= overlap * other[i];
      }
    }
    const double norm = std::sqrt(dot(vector, vector));
    if (norm < 1e-6) continue;  // by chance within the span of the others
    for (double& x : vector) x /= norm;
    vectors.push_back(std::move(vector));
  }
  return vectors;
}

}  // namespace

void fill_orthogonal(std::span<float> matrix, MatrixShape shape, float gain, Rng& rng) {
  assert(matrix.size() == shape.rows * shape.columns);
  const bool by_rows = shape.rows <= shape.columns;
  const auto vectors = orthonormal(std::min(shape.rows, shape.columns), std::max(shape.rows, shape.columns), rng);
  for (std::size_t row = 0; row < shape.rows; ++row) {
    for (std::size_t column = 0; column < shape.columns; ++column) {
      const double element = by_rows ? vectors[row][column] : vectors[column][row];
      matrix[row * shape.columns + column] = gain * static_cast<float>(element);
    }
  }
}

}  // namespace sounder
