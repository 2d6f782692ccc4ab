#pragma once

#include <cstddef>

#include "core/level.h"

namespace sounder {

// The gates of recurrent cells, from their sums, and back. Matrices are row-major with contiguous rows, and the units
// of a row are padded to whole vectors: `units` is a multiple of FusedKernels::lanes, and a row of [rows, n units] has
// n such blocks. Results beyond the last unit are zero if all their inputs are, except for the gates themselves. Any
// thread; no allocation.

/// An LSTM as in torch::nn::LSTMCell (Hochreiter and Schmidhuber 1997; Gers et al. 2000), with s the sigmoid:
///
///     i = s(z_i)  f = s(z_f)  g = tanh(z_g)  o = s(z_o),  c' = f c + i g,  h' = o tanh(c')
struct LstmForward {
  std::size_t rows;
  std::size_t units;
  const float* recurrent;  ///< W_hh h + b_hh [rows, 4 units]
  float* gates;            ///< W_ih x + b_ih [rows, 4 units]; overwritten with i, f, g, o
  const float* c_before;   ///< c [rows, units]
  float* c;                ///< c' [rows, units]
  float* tanh_c;           ///< tanh(c') [rows, units]
  float* h;                ///< h' [rows, units]
};

/// The backward pass of an LSTM: from the gradient with respect to h' and c' to that with respect to the gates' sums
/// and c. The gradient with respect to h follows from that of the sums.
struct LstmBackward {
  std::size_t rows;
  std::size_t units;
  const float* gates;     ///< i, f, g, o [rows, 4 units]
  const float* c_before;  ///< c [rows, units]
  const float* tanh_c;    ///< tanh(c') [rows, units]
  const float* dh;        ///< [rows, units], from above
  const float* dh_carry;  ///< [rows, units], from the next step; added to dh
  float* dc;              ///< [rows, units], with respect to c'; overwritten with that with respect to c
  float* dz;              ///< [rows, 4 units]
};

/// A GRU as in torch::nn::GRUCell (Cho et al. 2014), with s the sigmoid:
///
///     r = s(z_r)  u = s(z_u)  n = tanh(x_n + r h_n),  h' = (1 - u) n + u h
///
/// z_r and z_u are W_ih x + b_ih + W_hh h + b_hh. For the new gate the two parts stay separate: x_n and h_n.
struct GruForward {
  std::size_t rows;
  std::size_t units;
  const float* recurrent;  ///< W_hh h + b_hh [rows, 3 units]
  float* gates;            ///< W_ih x + b_ih [rows, 3 units]; overwritten with r, u, n
  const float* h_before;   ///< h [rows, units]
  float* h;                ///< h' [rows, units]
};

/// The backward pass of a GRU: from the gradient with respect to h' to that with respect to both parts of the gates'
/// sums, and to that with respect to h around these sums.
struct GruBackward {
  std::size_t rows;
  std::size_t units;
  const float* gates;      ///< r, u, n [rows, 3 units]
  const float* recurrent;  ///< as in forward; only its last block, h_n, is used
  const float* h_before;   ///< h [rows, units]
  const float* dh;         ///< [rows, units], from above
  const float* dh_carry;   ///< [rows, units], from the next step, through its sums
  float* dh_past;  ///< [rows, units], from the next step, around them; overwritten with this step's. All three add up
  float* dx;       ///< with respect to W_ih x + b_ih [rows, 3 units]
  float* dr;       ///< with respect to W_hh h + b_hh [rows, 3 units]
};

/// These functions, compiled for one processor level, that of the FusedKernels.
struct FusedGates {
  void (*lstm_forward)(const LstmForward& cell) noexcept;
  void (*lstm_backward)(const LstmBackward& cell) noexcept;
  void (*gru_forward)(const GruForward& cell) noexcept;
  void (*gru_backward)(const GruBackward& cell) noexcept;
};
SOUNDER_AT_EACH_LEVEL(const FusedGates kFusedGates)

/// Returns the functions of the level that runs. Throws as level() does.
inline const FusedGates& fused_gates() {
  return SOUNDER_AT_LEVEL(kFusedGates);
}

}  // namespace sounder
