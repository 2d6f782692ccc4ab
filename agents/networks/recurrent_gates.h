#pragma once

#include <cstddef>

namespace sounder {

// The arithmetic of recurrent cells between their matrix products, for one row (one environment at one step). `gates`
// are the sums W_ih x + b_ih on entry, in LibTorch's order, and what is left of them for backward on return;
// `from_state` are the sums W_hh h + b_hh. Before and after may be the same floats. Nothing is allocated.

/// c = sigmoid(f) c_before + sigmoid(i) tanh(g), h = sigmoid(o) tanh(c), of the sums i, f, g, o.
struct LstmForward {
  std::size_t units;  ///< M
  float* gates;       ///< [4M]; become sigmoid(i), sigmoid(f), tanh(g), sigmoid(o)
  const float* from_state;
  const float* c_before;
  float* h;
  float* c;
  float* tanh_c;  ///< [M], for backward
};
void forward(const LstmForward& row) noexcept;

/// Back through it: from the gradients dh and dc with respect to h and, by way of later steps, c.
struct LstmBackward {
  std::size_t units;
  const float* gates;
  const float* tanh_c;
  const float* c_before;
  const float* dh;
  float* dc;      ///< becomes the gradient with respect to c_before
  float* dgates;  ///< [4M]: with respect to the sums; from_state's are the same
};
void backward(const LstmBackward& row) noexcept;

/// r = sigmoid(r), z = sigmoid(z), n = tanh(n_x + r n_h), h = n + z (h_before - n), of the sums r, z, n.
struct GruForward {
  std::size_t units;
  float* gates;  ///< [3M]; become r, z, n
  const float* from_state;
  const float* h_before;
  float* h;
};
void forward(const GruForward& row) noexcept;

struct GruBackward {
  std::size_t units;
  const float* gates;
  const float* from_state;
  const float* h_before;
  float* dh;      ///< becomes that part of the gradient with respect to h_before which does not go through the sums
  float* dgates;  ///< [3M]: with respect to W_ih x + b_ih
  float* dfrom_state;  ///< [3M]: with respect to W_hh h + b_hh
};
void backward(const GruBackward& row) noexcept;

}  // namespace sounder
