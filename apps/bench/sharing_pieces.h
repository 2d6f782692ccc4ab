#pragma once

#include <vector>

#include "apps/bench/piece.h"
#include "core/aligned_floats.h"
#include "core/sharing/parameter_store.h"

namespace sounder::benchmark {

/// A piece, and the same work done by a plain loop.
struct SharingPiece {
  Piece shared;
  Piece plain;
};

/// What a worker does with the shared parameters, on one thread: RMSProp (0.99, 0.1) in write mode relaxed.
///
///     pull       copies the parameters out
///     push       applies a gradient
///     exchange   applies a gradient and copies out what comes of it: what workers do
///
/// The yardstick is the same arithmetic over plain arrays of floats: what a program would run that does not mind data
/// races. Here, on one thread, there are none.
class SharingPieces {
 public:
  /// Makes shared parameters, `size` of them.
  explicit SharingPieces(std::size_t size);
  SharingPieces(const SharingPieces&) = delete;  // its pieces view it
  SharingPieces& operator=(const SharingPieces&) = delete;

  /// Lists the pieces, which use this object.
  std::vector<SharingPiece> pieces();

 private:
  ParameterStore store_;
  AlignedFloats parameters_;       // the plain loop's
  AlignedFloats square_averages_;  // aligned as the parameters are
  AlignedFloats gradient_;
  AlignedFloats replica_;
};

}  // namespace sounder::benchmark
