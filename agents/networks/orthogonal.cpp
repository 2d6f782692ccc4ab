#include "agents/networks/orthogonal.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <vector>

namespace sounder {
namespace {

/// The rows of a matrix, each padded with zeros to a multiple of kLanes numbers, so that loops need no remainder and
/// vectorise.
class Rows {
 public:
  static constexpr std::size_t kLanes = 32;

  Rows(std::size_t count, std::size_t size)
      : width_((size + kLanes - 1) / kLanes * kLanes), elements_(count * width_) {}

  /// Returns a view of a row from the start of the group that contains its element `first`.
  std::span<double> from(std::size_t row, std::size_t first) {
    return std::span(elements_).subspan(row * width_, width_).subspan(first / kLanes * kLanes);
  }
  std::span<double> operator[](std::size_t row) { return from(row, 0); }

 private:
  std::size_t width_;
  std::vector<double> elements_;
};

double dot(std::span<const double> a, std::span<const double> b) {
  std::array<double, Rows::kLanes> sums{};  // several sums, because each addition to a single one waits for the last
  for (std::size_t i = 0; i < a.size(); i += Rows::kLanes) {
    for (std::size_t lane = 0; lane < Rows::kLanes; ++lane) sums[lane] += a[i + lane] * b[i + lane];
  }
  double sum = 0;
  for (const double s : sums) sum += s;
  return sum;
}

/// Turns a normal vector x, zero before the element `first`, into v with H = I - v v' and H e_first = -sign(x_first) x
/// / |x|. Returns the sign.
double make_reflection(std::span<double> x, std::size_t first) {
  const double norm = std::sqrt(dot(x, x));
  const double sign = x[first] < 0 ? -1 : 1;
  x[first] += sign * norm;
  // |v|^2 = 2
  const double scale = 1 / std::sqrt(norm * std::abs(x[first]));
  for (double& element : x) element *= scale;
  return sign;
}

void reflect(std::span<double> vector, std::span<const double> v) {
  const double overlap = dot(v, vector);
  for (std::size_t i = 0; i < vector.size(); ++i) vector[i] -= overlap * v[i];
}

/// Draws `count` orthonormal vectors of `size` >= count numbers: vector j is H_0 ... H_j (-sign_j e_j), where H_k
/// reflects the elements from k on.
Rows orthonormal(std::size_t count, std::size_t size, Rng& rng) {
  Rows reflections(count, size);
  Rows vectors(count, size);
  for (std::size_t k = 0; k < count; ++k) {
    const std::span<double> x = reflections[k];
    do {
      for (std::size_t i = k; i < size; ++i) x[i] = rng.normal();
    } while (dot(x, x) == 0);  // the last of `size` vectors has a single number, which may be drawn as zero
    vectors[k][k] = -make_reflection(x, k);
  }
  // Applies all reflections to as many vectors at a time as fit in the processor's cache.
  constexpr std::size_t kVectors = 16;
  for (std::size_t first = 0; first < count; first += kVectors) {
    const std::size_t end = std::min(first + kVectors, count);
    for (std::size_t k = end; k-- > 0;) {
      for (std::size_t j = std::max(first, k); j < end; ++j) reflect(vectors.from(j, k), reflections.from(k, k));
    }
  }
  return vectors;
}

}  // namespace

void fill_orthogonal(std::span<float> matrix, MatrixShape shape, float gain, Rng& rng) {
  assert(matrix.size() == shape.rows * shape.columns);
  const bool by_rows = shape.rows <= shape.columns;
  Rows vectors = orthonormal(std::min(shape.rows, shape.columns), std::max(shape.rows, shape.columns), rng);
  for (std::size_t row = 0; row < shape.rows; ++row) {
    for (std::size_t column = 0; column < shape.columns; ++column) {
      const double element = by_rows ? vectors[row][column] : vectors[column][row];
      matrix[row * shape.columns + column] = gain * static_cast<float>(element);
    }
  }
}

}  // namespace sounder
