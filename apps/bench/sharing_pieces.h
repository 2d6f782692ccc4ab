#pragma once

#include <vector>

#include "apps/bench/piece.h"
#include "core/aligned_floats.h"
#include "core/sharing/store/parameter_store.h"

namespace sounder::benchmark {

/// A piece and a plain loop that does the same work.
struct SharingPiece {
  Piece shared;
  Piece plain;
};

/// Measures a worker's operations on the shared parameters, on one thread: RMSProp (0.99, 0.1) in write mode relaxed.
///
///     pull       copies the parameters
///     push       applies a gradient
///     exchange   applies a gradient and copies the new parameters, as workers do
///
/// The reference is the same arithmetic over plain arrays of floats, the update of a program that ignores data races.
/// With a single thread there are none.
class SharingPieces {
 public:
  /// Makes `size` shared parameters.
  explicit SharingPieces(std::size_t size);
  SharingPieces(const SharingPieces&) = delete;  // its pieces view it
  SharingPieces& operator=(const SharingPieces&) = delete;

  /// Returns the pieces. They refer to this object.
  std::vector<SharingPiece> pieces();

 private:
  ParameterStore store_;
  AlignedFloats parameters_;       // of the plain loop
  AlignedFloats square_averages_;  // with the same alignment
  AlignedFloats gradient_;
  AlignedFloats replica_;
};

}  // namespace sounder::benchmark
