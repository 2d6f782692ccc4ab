#pragma once

#include <cstddef>

#include "core/level.h"

namespace sounder {

// What recurrent cells do with the sums of their gates, and back from it. Matrices are row-major, their rows one after
// the other, the units of each row padded to whole vectors: `units` is a multiple of FusedKernels::lanes, a row of
// [rows, n units] has n blocks of them. Results beyond the last unit are zero where all that they come from is, but for
// the gates themselves. To be called by any thread; nothing is allocated.

/// An LSTM as torch::nn::LSTMCell has it (Hochreiter and Schmidhuber 1997; Gers et al. 2000), s the sigmoid:
///
///     i = s(z_i)  f = s(z_f)  g = tanh(z_g)  o = s(z_o),  c' = f c + i g,  h' = o tanh(c')
struct LstmForward {
  std::size_t rows;
  std::size_t units;
  const float* recurrent;  ///< W_hh h + b_hh [rows, 4 units]
  float* gates;            ///< W_ih x + b_ih [rows, 4 units]; becomes i, f, g, o
  const float* c_before;   ///< c [rows, units]
  float* c;                ///< c' [rows, units]
  float* tanh_c;           ///< tanh(c') [rows, units]
  float* h;                ///< h' [rows, units]
};

/// Back through an LSTM: from the gradient with respect to h' and c' to that with respect to the gates' sums and c. The
/// gradient with respect to h follows from the sums'.
struct LstmBackward {
  std::size_t rows;
  std::size_t units;
  const float* gates;     ///< i, f, g, o [rows, 4 units]
  const float* c_before;  ///< c [rows, units]
  const float* tanh_c;    ///< tanh(c') [rows, units]
  const float* dh;        ///< [rows, units], from above
  const float* dh_carry;  ///< [rows, units], from the step after; their sum counts
  float* dc;              ///< [rows, units], with respect to c'; becomes that with respect to c
  float* dz;              ///< [rows, 4 units]
};

/// A GRU as torch::nn::GRUCell has it (Cho et al. 2014), s the sigmoid:
///
///     r = s(z_r)  u = s(z_u)  n = tanh(x_n + r h_n),  h' = (1 - u) n + u h
///
/// z_r and z_u are W_ih x + b_ih + W_hh h + b_hh; of the new gate both stay apart: x_n and h_n.
struct GruForward {
  std::size_t rows;
  std::size_t units;
  const float* recurrent;  ///< W_hh h + b_hh [rows, 3 units]
  float* gates;            ///< W_ih x + b_ih [rows, 3 units]; becomes r, u, n
  const float* h_before;   ///< h [rows, units]
  float* h;                ///< h' [rows, units]
};

/// Back through a GRU: from the gradient with respect to h' to that with respect to both parts of the gates' sums, and
/// to h as far as it does not go through these.
struct GruBackward {
  std::size_t rows;
  std::size_t units;
  const float* gates;      ///< r, u, n [rows, 3 units]
  const float* recurrent;  ///< as in forward; its last block counts, h_n
  const float* h_before;   ///< h [rows, units]
  const float* dh;         ///< [rows, units], from above
  const float* dh_carry;   ///< [rows, units], from the step after, through its sums
  float* dh_past;  ///< [rows, units], from the step after, past them; becomes that of this step. All three count
  float* dx;       ///< with respect to W_ih x + b_ih [rows, 3 units]
  float* dr;       ///< with respect to W_hh h + b_hh [rows, 3 units]
};

/// These functions, compiled for one level of processors: that of the FusedKernels.
struct FusedGates {
  void (*lstm_forward)(const LstmForward& cell) noexcept;
  void (*lstm_backward)(const LstmBackward& cell) noexcept;
  void (*gru_forward)(const GruForward& cell) noexcept;
  void (*gru_backward)(const GruBackward& cell) noexcept;
};
SOUNDER_AT_EACH_LEVEL(const FusedGates kFusedGates)

/// Those of the level that runs. Throws as level() does.
inline const FusedGates& fused_gates() {
  return SOUNDER_AT_LEVEL(kFusedGates);
}

}  // namespace sounder
