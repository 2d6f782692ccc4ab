// Compiled once for each level with -ffp-contract=fast, like fused_kernels.cpp.
#include "agents/networks/fused_gates.h"

#include <cassert>

#include "agents/networks/fused_functions.h"
#include "agents/networks/vector.h"

namespace sounder::SOUNDER_LEVEL {
namespace {

void lstm_forward(const LstmForward& cell) noexcept {
  assert(cell.units % kLanes == 0);
  const std::size_t units = cell.units;
  for (std::size_t row = 0; row < cell.rows; ++row) {
    for (std::size_t unit = 0; unit < units; unit += kLanes) {
      float* const gates = cell.gates + row * 4 * units + unit;
      const float* const recurrent = cell.recurrent + row * 4 * units + unit;
      const std::size_t at = row * units + unit;
      const auto z = [&](std::size_t gate) { return load(gates + gate * units) + load(recurrent + gate * units); };
      const Vector i = sigmoid(z(0));
      const Vector f = sigmoid(z(1));
      const Vector g = tanh(z(2));
      const Vector o = sigmoid(z(3));
      const Vector c = f * load(cell.c_before + at) + i * g;
      const Vector tanh_c = tanh(c);
      store(gates, i);
      store(gates + units, f);
      store(gates + 2 * units, g);
      store(gates + 3 * units, o);
      store(cell.c + at, c);
      store(cell.tanh_c + at, tanh_c);
      store(cell.h + at, o * tanh_c);
    }
  }
}

void lstm_backward(const LstmBackward& cell) noexcept {
  assert(cell.units % kLanes == 0);
  const std::size_t units = cell.units;
  for (std::size_t row = 0; row < cell.rows; ++row) {
    for (std::size_t unit = 0; unit < units; unit += kLanes) {
      const float* const gates = cell.gates + row * 4 * units + unit;
      float* const dz = cell.dz + row * 4 * units + unit;
      const std::size_t at = row * units + unit;
      const Vector i = load(gates);
      const Vector f = load(gates + units);
      const Vector g = load(gates + 2 * units);
      const Vector o = load(gates + 3 * units);
      const Vector tanh_c = load(cell.tanh_c + at);
      const Vector dh = load(cell.dh + at) + load(cell.dh_carry + at);
      const Vector dc = load(cell.dc + at) + dh * o * (1.0F - tanh_c * tanh_c);
      store(dz, dc * g * i * (1.0F - i));                                 // dz_i = dc' g s'
      store(dz + units, dc * load(cell.c_before + at) * f * (1.0F - f));  // dz_f = dc' c s'
      store(dz + 2 * units, dc * i * (1.0F - g * g));                     // dz_g = dc' i tanh'
      store(dz + 3 * units, dh * tanh_c * o * (1.0F - o));                // dz_o = dh' tanh(c') s'
      store(cell.dc + at, dc * f);                                        // dc = dc' f
    }
  }
}

void gru_forward(const GruForward& cell) noexcept {
  assert(cell.units % kLanes == 0);
  const std::size_t units = cell.units;
  for (std::size_t row = 0; row < cell.rows; ++row) {
    for (std::size_t unit = 0; unit < units; unit += kLanes) {
      float* const gates = cell.gates + row * 3 * units + unit;
      const float* const recurrent = cell.recurrent + row * 3 * units + unit;
      const std::size_t at = row * units + unit;
      const Vector r = sigmoid(load(gates) + load(recurrent));
      const Vector u = sigmoid(load(gates + units) + load(recurrent + units));
      const Vector n = tanh(load(gates + 2 * units) + r * load(recurrent + 2 * units));
      store(gates, r);
      store(gates + units, u);
      store(gates + 2 * units, n);
      store(cell.h + at, (1.0F - u) * n + u * load(cell.h_before + at));
    }
  }
}

void gru_backward(const GruBackward& cell) noexcept {
  assert(cell.units % kLanes == 0);
  const std::size_t units = cell.units;
  for (std::size_t row = 0; row < cell.rows; ++row) {
    for (std::size_t unit = 0; unit < units; unit += kLanes) {
      const std::size_t gate = row * 3 * units + unit;
      const std::size_t at = row * units + unit;
      const Vector r = load(cell.gates + gate);
      const Vector u = load(cell.gates + gate + units);
      const Vector n = load(cell.gates + gate + 2 * units);
      const Vector h_n = load(cell.recurrent + gate + 2 * units);
      const Vector dh = load(cell.dh + at) + load(cell.dh_carry + at) + load(cell.dh_past + at);
      const Vector dz_n = dh * (1.0F - u) * (1.0F - n * n);
      const Vector dz_u = dh * (load(cell.h_before + at) - n) * u * (1.0F - u);
      const Vector dz_r = dz_n * h_n * r * (1.0F - r);
      store(cell.dx + gate, dz_r);
      store(cell.dx + gate + units, dz_u);
      store(cell.dx + gate + 2 * units, dz_n);
      store(cell.dr + gate, dz_r);
      store(cell.dr + gate + units, dz_u);
      store(cell.dr + gate + 2 * units, dz_n * r);  // h_n counts r times
      store(cell.dh_past + at, dh * u);
    }
  }
}

}  // namespace

const FusedGates kFusedGates{.lstm_forward = lstm_forward,
                             .lstm_backward = lstm_backward,
                             .gru_forward = gru_forward,
                             .gru_backward = gru_backward};

}  // namespace sounder::SOUNDER_LEVEL
