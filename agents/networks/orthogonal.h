#pragma once

#include <cstddef>
#include <span>

#include "envs/random.h"

namespace sounder {

/// The form of a matrix, row-major.
struct MatrixShape {
  std::size_t rows;
  std::size_t columns;
};

/// Fills a matrix with `gain` times a random one whose rows (or columns, if these are fewer) are orthonormal, drawn
/// uniformly (Saxe et al. 2014; Gram-Schmidt on normal numbers).
void fill_orthogonal(std::span<float> matrix, MatrixShape shape, float gain, Rng& rng);

}  // namespace sounder
