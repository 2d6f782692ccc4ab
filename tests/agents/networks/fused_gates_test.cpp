#include "agents/networks/fused_gates.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

#include "agents/networks/fused_kernels.h"
#include "core/aligned_floats.h"
#include "envs/random.h"
#include "tests/catch.h"

namespace sounder {
namespace {

double s(double x) {
  return 1 / (1 + std::exp(-x));
}

/// [rows, blocks of units], each block padded with zeros to whole vectors.
struct Blocks {
  std::size_t count;
  std::size_t units;
  std::size_t stride;  // of blocks
  AlignedFloats elements;

  Blocks(std::size_t rows, std::size_t blocks, std::size_t n)
      : count(blocks), units(n), stride(fused_kernels().padded(n)), elements(rows * blocks * stride) {}
  Blocks(std::size_t rows, std::size_t blocks, std::size_t n, Rng& rng) : Blocks(rows, blocks, n) {
    for (std::size_t i = 0; i < rows * blocks; ++i) {
      for (std::size_t j = 0; j < n; ++j) elements[i * stride + j] = 2 * static_cast<float>(rng.normal());
    }
  }
  double operator()(std::size_t row, std::size_t block, std::size_t unit) const {
    return static_cast<double>(elements[(row * count + block) * stride + unit]);
  }
  float* data() { return elements.data(); }
};

/// Compares a block of all rows with what `expected` says of (row, unit); the padding must be zero.
template <class Expected>
void check(const Blocks& blocks, std::size_t block, std::size_t rows, const Expected& expected) {
  double difference = 0;
  int stained = 0;
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < blocks.units; ++j) {
      const double wanted = expected(i, j);
      const double distance = std::abs(blocks(i, block, j) - wanted) / std::max(1.0, std::abs(wanted));
      difference = std::max(difference, std::isnan(distance) ? HUGE_VAL : distance);
    }
    for (std::size_t j = blocks.units; j < blocks.stride; ++j) stained += blocks(i, block, j) == 0 ? 0 : 1;
  }
  INFO("block " << block);
  CHECK(difference < 2e-6);
  CHECK(stained == 0);
}

/// As check, for gates, whose padding does not matter.
template <class Expected>
void check_gate(const Blocks& blocks, std::size_t block, std::size_t rows, const Expected& expected) {
  Blocks copy = blocks;
  for (std::size_t i = 0; i < rows * blocks.count; ++i) {
    for (std::size_t j = blocks.units; j < blocks.stride; ++j) copy.elements[i * blocks.stride + j] = 0;
  }
  check(copy, block, rows, expected);
}

const std::vector<std::size_t> kUnits{1, 3, 8, 15, 16, 17, 32, 50};
const std::vector<std::size_t> kRows{1, 2, 5};

/// What a vector's sigmoid and tanh make of numbers, as the gates of an LSTM whose units' sums they are.
struct Functions {
  std::vector<float> sigmoid;
  std::vector<float> tanh;
};
Functions functions_of(const std::vector<float>& numbers) {
  const std::size_t units = fused_kernels().padded(numbers.size());
  AlignedFloats gates(4 * units);
  const AlignedFloats zeros(4 * units);
  for (std::size_t g = 0; g < 4; ++g) std::ranges::copy(numbers, gates.data() + g * units);
  AlignedFloats c(units);
  AlignedFloats tanh_c(units);
  AlignedFloats h(units);
  fused_gates().lstm_forward({.rows = 1,
                              .units = units,
                              .recurrent = zeros.data(),
                              .gates = gates.data(),
                              .c_before = zeros.data(),
                              .c = c.data(),
                              .tanh_c = tanh_c.data(),
                              .h = h.data()});
  const auto gate = [&](std::size_t g) {
    return std::vector<float>(gates.data() + g * units, gates.data() + g * units + numbers.size());
  };
  return {.sigmoid = gate(0), .tanh = gate(2)};
}

TEST_CASE("sigmoid and tanh are those of the library to single precision, everywhere", "[levels]") {
  std::vector<float> numbers;
  for (float x = -100; x < 100; x += 0.0137F) numbers.push_back(x);
  const Functions computed = functions_of(numbers);
  double sigmoid_error = 0;
  double tanh_error = 0;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const auto exact = static_cast<double>(numbers[i]);
    sigmoid_error = std::max(sigmoid_error, std::abs(static_cast<double>(computed.sigmoid[i]) - s(exact)));
    tanh_error = std::max(tanh_error, std::abs(static_cast<double>(computed.tanh[i]) - std::tanh(exact)));
  }
  CHECK(sigmoid_error < 2e-7);
  CHECK(tanh_error < 4e-7);
}

TEST_CASE("tanh is the library's to seven units in the last place, of small numbers and of large ones",
          "[levels][long]") {
  constexpr std::size_t kAtOnce = 1 << 12;
  double worst = 0;
  float where = 0;
  // Every 97th float up to 16: a small one has as many digits as a large one.
  const auto end = std::bit_cast<std::uint32_t>(16.0F);
  for (auto bits = std::bit_cast<std::uint32_t>(1e-30F); bits < end;) {
    std::vector<float> numbers;
    for (; bits < end && numbers.size() < kAtOnce; bits += 97) numbers.push_back(std::bit_cast<float>(bits));
    std::vector<float> negatives;
    for (const float x : numbers) negatives.push_back(-x);
    const std::vector<float> computed = functions_of(numbers).tanh;
    const std::vector<float> mirrored = functions_of(negatives).tanh;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      const double exact = std::tanh(static_cast<double>(numbers[i]));
      const auto nearest = static_cast<float>(exact);
      const double unit = static_cast<double>(nearest) - static_cast<double>(std::nextafter(nearest, 0.0F));
      const double error = std::abs(static_cast<double>(computed[i]) - exact) / unit;
      if (error > worst) worst = error, where = numbers[i];
      REQUIRE(mirrored[i] == -computed[i]);
    }
  }
  INFO("at " << where);
  CHECK(worst < 7);  // 6.9, of all floats; 4.9 where multiply-adds are one instruction
}

TEST_CASE("an LSTM's gates are its formulas, forward and back", "[levels]") {
  Rng rng(1);
  for (const std::size_t rows : kRows) {
    for (const std::size_t units : kUnits) {
      INFO(rows << " rows, " << units << " units");
      Blocks gates(rows, 4, units, rng);
      const Blocks sums = gates;
      Blocks recurrent(rows, 4, units, rng);
      Blocks c_before(rows, 1, units, rng);
      Blocks c(rows, 1, units, rng);
      Blocks tanh_c(rows, 1, units, rng);
      Blocks h(rows, 1, units, rng);
      fused_gates().lstm_forward({.rows = rows,
                                  .units = gates.stride,
                                  .recurrent = recurrent.data(),
                                  .gates = gates.data(),
                                  .c_before = c_before.data(),
                                  .c = c.data(),
                                  .tanh_c = tanh_c.data(),
                                  .h = h.data()});
      const auto gate = [&](std::size_t g, std::size_t i, std::size_t j) {
        const double z = sums(i, g, j) + recurrent(i, g, j);
        return g == 2 ? std::tanh(z) : s(z);
      };
      const auto new_c = [&](std::size_t i, std::size_t j) {
        return gate(1, i, j) * c_before(i, 0, j) + gate(0, i, j) * gate(2, i, j);
      };
      for (std::size_t g = 0; g < 4; ++g) {
        check_gate(gates, g, rows, [&](std::size_t i, std::size_t j) { return gate(g, i, j); });
      }
      check(c, 0, rows, new_c);
      check(tanh_c, 0, rows, [&](std::size_t i, std::size_t j) { return std::tanh(new_c(i, j)); });
      check(h, 0, rows, [&](std::size_t i, std::size_t j) { return gate(3, i, j) * std::tanh(new_c(i, j)); });

      Blocks dh(rows, 1, units, rng);
      Blocks dh_carry(rows, 1, units, rng);
      Blocks dc(rows, 1, units, rng);
      const Blocks dc_after = dc;
      Blocks dz(rows, 4, units, rng);
      fused_gates().lstm_backward({.rows = rows,
                                   .units = gates.stride,
                                   .gates = gates.data(),
                                   .c_before = c_before.data(),
                                   .tanh_c = tanh_c.data(),
                                   .dh = dh.data(),
                                   .dh_carry = dh_carry.data(),
                                   .dc = dc.data(),
                                   .dz = dz.data()});
      const auto all_dh = [&](std::size_t i, std::size_t j) { return dh(i, 0, j) + dh_carry(i, 0, j); };
      const auto all_dc = [&](std::size_t i, std::size_t j) {
        return dc_after(i, 0, j) + all_dh(i, j) * gates(i, 3, j) * (1 - tanh_c(i, 0, j) * tanh_c(i, 0, j));
      };
      const auto slope = [&](std::size_t g, std::size_t i, std::size_t j) {
        const double y = gates(i, g, j);
        return g == 2 ? 1 - y * y : y * (1 - y);
      };
      check(dz, 0, rows, [&](std::size_t i, std::size_t j) { return all_dc(i, j) * gates(i, 2, j) * slope(0, i, j); });
      check(dz, 1, rows,
            [&](std::size_t i, std::size_t j) { return all_dc(i, j) * c_before(i, 0, j) * slope(1, i, j); });
      check(dz, 2, rows, [&](std::size_t i, std::size_t j) { return all_dc(i, j) * gates(i, 0, j) * slope(2, i, j); });
      check(dz, 3, rows, [&](std::size_t i, std::size_t j) { return all_dh(i, j) * tanh_c(i, 0, j) * slope(3, i, j); });
      check(dc, 0, rows, [&](std::size_t i, std::size_t j) { return all_dc(i, j) * gates(i, 1, j); });
    }
  }
}

TEST_CASE("a GRU's gates are its formulas, forward and back", "[levels]") {
  Rng rng(2);
  for (const std::size_t rows : kRows) {
    for (const std::size_t units : kUnits) {
      INFO(rows << " rows, " << units << " units");
      Blocks gates(rows, 3, units, rng);
      const Blocks sums = gates;
      Blocks recurrent(rows, 3, units, rng);
      Blocks h_before(rows, 1, units, rng);
      Blocks h(rows, 1, units, rng);
      fused_gates().gru_forward({.rows = rows,
                                 .units = gates.stride,
                                 .recurrent = recurrent.data(),
                                 .gates = gates.data(),
                                 .h_before = h_before.data(),
                                 .h = h.data()});
      const auto gate = [&](std::size_t g, std::size_t i, std::size_t j) {
        return s(sums(i, g, j) + recurrent(i, g, j));
      };
      const auto news = [&](std::size_t i, std::size_t j) {
        return std::tanh(sums(i, 2, j) + gate(0, i, j) * recurrent(i, 2, j));
      };
      for (std::size_t g = 0; g < 2; ++g) {
        check_gate(gates, g, rows, [&](std::size_t i, std::size_t j) { return gate(g, i, j); });
      }
      check_gate(gates, 2, rows, news);
      check(h, 0, rows, [&](std::size_t i, std::size_t j) {
        return (1 - gate(1, i, j)) * news(i, j) + gate(1, i, j) * h_before(i, 0, j);
      });

      Blocks dh(rows, 1, units, rng);
      Blocks dh_carry(rows, 1, units, rng);
      Blocks dh_past(rows, 1, units, rng);
      const Blocks dh_past_after = dh_past;
      Blocks dx(rows, 3, units, rng);
      Blocks dr(rows, 3, units, rng);
      fused_gates().gru_backward({.rows = rows,
                                  .units = gates.stride,
                                  .gates = gates.data(),
                                  .recurrent = recurrent.data(),
                                  .h_before = h_before.data(),
                                  .dh = dh.data(),
                                  .dh_carry = dh_carry.data(),
                                  .dh_past = dh_past.data(),
                                  .dx = dx.data(),
                                  .dr = dr.data()});
      const auto all_dh = [&](std::size_t i, std::size_t j) {
        return dh(i, 0, j) + dh_carry(i, 0, j) + dh_past_after(i, 0, j);
      };
      const auto dz_n = [&](std::size_t i, std::size_t j) {
        const double n = gates(i, 2, j);
        return all_dh(i, j) * (1 - gates(i, 1, j)) * (1 - n * n);
      };
      const auto dz_u = [&](std::size_t i, std::size_t j) {
        const double u = gates(i, 1, j);
        return all_dh(i, j) * (h_before(i, 0, j) - gates(i, 2, j)) * u * (1 - u);
      };
      const auto dz_r = [&](std::size_t i, std::size_t j) {
        const double r = gates(i, 0, j);
        return dz_n(i, j) * recurrent(i, 2, j) * r * (1 - r);
      };
      for (const Blocks* const dz : {&dx, &dr}) {
        check(*dz, 0, rows, dz_r);
        check(*dz, 1, rows, dz_u);
      }
      check(dx, 2, rows, dz_n);
      check(dr, 2, rows, [&](std::size_t i, std::size_t j) { return dz_n(i, j) * gates(i, 0, j); });
      check(dh_past, 0, rows, [&](std::size_t i, std::size_t j) { return all_dh(i, j) * gates(i, 1, j); });
    }
  }
}

}  // namespace
}  // namespace sounder
