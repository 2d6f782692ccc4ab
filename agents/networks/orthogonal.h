#pragma once

#include <cstddef>
#include <span>

#include "envs/random.h"

namespace sounder {

/// The shape of a row-major matrix.
struct MatrixShape {
  std::size_t rows;
  std::size_t columns;
};

/// Fills a matrix with `gain` times a random one whose rows (or columns, if these are fewer) are orthonormal (Saxe et
/// al. 2014), drawn uniformly as a product of random reflections (Stewart 1980). Its time is proportional to the larger
/// side times the square of the smaller one: about a second for 2048 x 2048.
void fill_orthogonal(std::span<float> matrix, MatrixShape shape, float gain, Rng& rng);

}  // namespace sounder
