// What the shared parameters would be without atomics: two threads that add to one plain float beside a store that both
// push to. ThreadSanitizer must report it; it shows that the race tests could fail.
#include <array>
#include <barrier>
#include <cstdio>
#include <thread>

#include "core/sharing/store/parameter_store.h"

namespace {

constexpr int kWrites = 100'000;

}  // namespace

int main() {
  sounder::ParameterStore store(64, 1, sounder::WriteMode::relaxed);
  float plain = 0;
  std::barrier start(2);
  const auto work = [&] {
    const std::array<float, 64> gradient{};
    start.arrive_and_wait();
    for (int n = 0; n < kWrites; ++n) {
      plain = plain + 1;
      if (n % 1000 == 0) {
        store.push({.gradient = gradient, .learning_rate = 1, .steps = 1, .version = 0},
                   sounder::MomentumSgd{.momentum = 0});
      }
    }
  };
  {
    std::jthread first(work);
    std::jthread second(work);
  }
  std::printf("%g of %d\n", static_cast<double>(plain), 2 * kWrites);
  return 0;
}
