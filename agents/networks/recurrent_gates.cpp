#include "agents/networks/recurrent_gates.h"

#include <cstring>

#include "agents/networks/vector.h"

namespace sounder {
namespace {

/// A whole vector of numbers.
struct Whole {
  Vector load(const float* from) const noexcept { return sounder::load(from); }
  void store(float* to, Vector v) const noexcept { sounder::store(to, v); }
};

/// The last numbers, fewer than a vector.
struct Part {
  std::size_t count;
  Vector load(const float* from) const noexcept {
    Vector v{};
    std::memcpy(&v, from, count * sizeof(float));
    return v;
  }
  void store(float* to, Vector v) const noexcept { std::memcpy(to, &v, count * sizeof(float)); }
};

template <class Body>
[[gnu::always_inline]] inline void by_vectors(std::size_t count, const Body& body) noexcept {
  std::size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) body(i, Whole());
  if (i < count) body(i, Part{count - i});
}

[[gnu::always_inline]] inline Vector sigmoid(Vector x) noexcept {
  return 0.5F + 0.5F * tanh(0.5F * x);
}

/// The derivative of a sigmoid, from what it gave.
[[gnu::always_inline]] inline Vector sigmoid_slope(Vector s) noexcept {
  return s * (1.0F - s);
}

[[gnu::always_inline]] inline Vector tanh_slope(Vector t) noexcept {
  return 1.0F - t * t;
}

}  // namespace

void forward(const LstmForward& row) noexcept {
  const std::size_t m = row.units;
  by_vectors(m, [&](std::size_t j, auto part) {
    const auto sum = [&](std::size_t gate) {
      return part.load(row.gates + gate * m + j) + part.load(row.from_state + gate * m + j);
    };
    const Vector i = sigmoid(sum(0));
    const Vector f = sigmoid(sum(1));
    const Vector g = tanh(sum(2));
    const Vector o = sigmoid(sum(3));
    const Vector c = f * part.load(row.c_before + j) + i * g;
    const Vector tanh_c = tanh(c);
    part.store(row.gates + j, i);
    part.store(row.gates + m + j, f);
    part.store(row.gates + 2 * m + j, g);
    part.store(row.gates + 3 * m + j, o);
    part.store(row.c + j, c);
    part.store(row.tanh_c + j, tanh_c);
    part.store(row.h + j, o * tanh_c);
  });
}

void backward(const LstmBackward& row) noexcept {
  const std::size_t m = row.units;
  by_vectors(m, [&](std::size_t j, auto part) {
    const Vector i = part.load(row.gates + j);
    const Vector f = part.load(row.gates + m + j);
    const Vector g = part.load(row.gates + 2 * m + j);
    const Vector o = part.load(row.gates + 3 * m + j);
    const Vector tanh_c = part.load(row.tanh_c + j);
    const Vector dh = part.load(row.dh + j);
    const Vector dc = part.load(row.dc + j) + dh * o * tanh_slope(tanh_c);
    part.store(row.dgates + j, dc * g * sigmoid_slope(i));
    part.store(row.dgates + m + j, dc * part.load(row.c_before + j) * sigmoid_slope(f));
    part.store(row.dgates + 2 * m + j, dc * i * tanh_slope(g));
    part.store(row.dgates + 3 * m + j, dh * tanh_c * sigmoid_slope(o));
    part.store(row.dc + j, dc * f);
  });
}

void forward(const GruForward& row) noexcept {
  const std::size_t m = row.units;
  by_vectors(m, [&](std::size_t j, auto part) {
    const auto input = [&](std::size_t gate) { return part.load(row.gates + gate * m + j); };
    const auto recurrent = [&](std::size_t gate) { return part.load(row.from_state + gate * m + j); };
    const Vector r = sigmoid(input(0) + recurrent(0));
    const Vector z = sigmoid(input(1) + recurrent(1));
    const Vector n = tanh(input(2) + r * recurrent(2));
    const Vector h_before = part.load(row.h_before + j);
    part.store(row.gates + j, r);
    part.store(row.gates + m + j, z);
    part.store(row.gates + 2 * m + j, n);
    part.store(row.h + j, n + z * (h_before - n));
  });
}

void backward(const GruBackward& row) noexcept {
  const std::size_t m = row.units;
  by_vectors(m, [&](std::size_t j, auto part) {
    const Vector r = part.load(row.gates + j);
    const Vector z = part.load(row.gates + m + j);
    const Vector n = part.load(row.gates + 2 * m + j);
    const Vector dh = part.load(row.dh + j);
    const Vector dn = dh * (1.0F - z) * tanh_slope(n);
    const Vector dr = dn * part.load(row.from_state + 2 * m + j) * sigmoid_slope(r);
    const Vector dz = dh * (part.load(row.h_before + j) - n) * sigmoid_slope(z);
    part.store(row.dgates + j, dr);
    part.store(row.dgates + m + j, dz);
    part.store(row.dgates + 2 * m + j, dn);
    part.store(row.dfrom_state + j, dr);
    part.store(row.dfrom_state + m + j, dz);
    part.store(row.dfrom_state + 2 * m + j, dn * r);
    part.store(row.dh + j, dh * z);
  });
}

}  // namespace sounder
