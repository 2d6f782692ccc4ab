#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <limits>

namespace sounder {

/// Advances a SplitMix64 state and returns its next output (Steele et al. 2014, https://prng.di.unimi.it/splitmix64.c).
constexpr std::uint64_t split_mix(std::uint64_t& state) noexcept {
  state += 0x9e3779b97f4a7c15U;
  std::uint64_t z = state;
  z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31U);
}

/// The purpose of a stream of random numbers. Streams with different purposes never share numbers.
enum class Stream : std::uint64_t {
  initialization = 1,
  environment = 2,
  action = 3,
  evaluation = 4,
  conformance = 5,
  evaluation_action = 6,
  sticky_actions = 7,
  exploration = 8,
  graph = 9,
  links = 10,
  blocks = 11
};

/// Identifies one stream of random numbers of a run.
struct StreamKey {
  std::uint64_t seed;       ///< of the run
  std::uint64_t worker;     ///< index of the worker that owns the stream
  Stream purpose;           ///< purpose of the stream
  std::uint64_t index = 0;  ///< number among streams with the same purpose, such as the episode
};

/// Derives the seed of one stream from the seed of the run.
constexpr std::uint64_t derive_seed(const StreamKey& key) noexcept {
  std::uint64_t state = key.seed;
  for (const std::uint64_t part : {key.worker, static_cast<std::uint64_t>(key.purpose), key.index}) {
    state = split_mix(state) ^ part;
  }
  return split_mix(state);
}

/// Draws random numbers: xoshiro256++ (Blackman and Vigna 2019, https://prng.di.unimi.it/xoshiro256plusplus.c), seeded
/// by SplitMix64. Its state is 32 bytes, a draw takes under a nanosecond, and the numbers are the same on every
/// platform. Satisfies std::uniform_random_bit_generator. Not thread-safe.
class Rng {
 public:
  using result_type = std::uint64_t;

  explicit constexpr Rng(std::uint64_t seed) noexcept {
    for (auto& word : state_) word = split_mix(seed);
  }
  explicit constexpr Rng(const StreamKey& key) noexcept : Rng(derive_seed(key)) {}

  static constexpr std::uint64_t min() noexcept { return 0; }
  static constexpr std::uint64_t max() noexcept { return std::numeric_limits<std::uint64_t>::max(); }

  constexpr std::uint64_t operator()() noexcept {
    const std::uint64_t result = std::rotl(state_[0] + state_[3], 23) + state_[0];
    const std::uint64_t t = state_[1] << 17U;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= t;
    state_[3] = std::rotl(state_[3], 45);
    return result;
  }

  /// Draws from [0, 1), on a grid of 2^-24.
  constexpr float uniform() noexcept { return static_cast<float>((*this)() >> 40U) * 0x1p-24F; }

  /// Draws from [low, high), on a grid of 2^-53 times the width.
  constexpr double uniform(double low, double high) noexcept {
    return low + (high - low) * (static_cast<double>((*this)() >> 11U) * 0x1p-53);
  }

  /// Draws from {0, ..., count - 1}; count > 0. The bias is below count / 2^32.
  constexpr std::int64_t below(std::int64_t count) noexcept {
    return static_cast<std::int64_t>((((*this)() >> 32U) * static_cast<std::uint64_t>(count)) >> 32U);
  }

  /// Draws from the standard normal distribution (Marsaglia's polar method; the second of its two numbers is
  /// discarded).
  double normal() noexcept;

  friend constexpr bool operator==(const Rng&, const Rng&) noexcept = default;

 private:
  std::array<std::uint64_t, 4> state_{};
};

}  // namespace sounder
