// Times a policy of CartPole-v1 in a loop, the same for all that are compared.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <vector>

constexpr int kInputs = 4;

/// Calls `act(observation)`, with kInputs numbers, 21 times 20,000 times. Prints the median time of an action, in
/// nanoseconds, and the share of the actions that are 1, which has the compiler compute them.
template <class Act>
void time_actions(Act act) {
  constexpr std::size_t kObservations = 256;
  constexpr int kActions = 20'000;
  std::array<float, kObservations * kInputs> observations{};
  std::uint32_t state = 1;
  for (float& number : observations) {
    state = state * 1'664'525U + 1'013'904'223U;
    number = (static_cast<float>(state >> 8U) / 16'777'216.0F - 0.5F) * 0.4F;
  }
  std::int64_t ones = 0;
  std::vector<double> times;
  for (int round = 0; round < 21; ++round) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < kActions; ++i) {
      ones += act(&observations[static_cast<std::size_t>(i) % kObservations * kInputs]);
    }
    const std::chrono::duration<double, std::nano> time = std::chrono::steady_clock::now() - start;
    times.push_back(time.count() / kActions);
  }
  std::ranges::sort(times);
  std::printf("%.1f %.3f\n", times[times.size() / 2], static_cast<double>(ones) / (21.0 * kActions));
}
