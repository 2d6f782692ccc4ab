#pragma once

#include <vector>

#include "tests/agents/networks/fused_case.h"

namespace sounder {

/// What a network with memory makes of a case.
struct Reference {
  std::vector<double> outputs;   ///< [rows, K]
  std::vector<double> values;    ///< [rows], or empty
  std::vector<double> states;    ///< [environments, S], after the last step
  std::vector<double> gradient;  ///< flat
};

/// Computes it as the formulas of torch::nn::LSTMCell and GRUCell say, in plain loops and double precision, one row
/// after the other, having nothing in common with the kernels.
Reference compute_reference(const Case& shape);

}  // namespace sounder
