#pragma once

#include <functional>
#include <string>

namespace sounder::benchmark {

/// A part of a worker's round that is timed separately, once in each repetition. The call uses memory owned by the
/// piece's maker.
struct Piece {
  std::string name;
  std::function<void()> call;
  double flop = 0;  ///< operations of one call in products with weights; 0 if there are none
};

}  // namespace sounder::benchmark
