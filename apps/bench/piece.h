#pragma once

#include <functional>
#include <string>

namespace sounder::benchmark {

/// A part of a worker's round that is timed alone, once in each repetition. The call uses memory that the
/// piece's maker owns.
struct Piece {
  std::string name;
  std::function<void()> call;
  double flop = 0;  ///< of one call, as far as it is products with weights; 0: there are none
};

}  // namespace sounder::benchmark
