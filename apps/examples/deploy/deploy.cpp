// A control loop at 1 kHz with a trained policy: deploy RUN [SECONDS]. Prints how long an action took.
#include <sounder/agents/policy.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <vector>

/// In place of your sensors and motors: the pendulum of Pendulum-v1, in real time.
struct Pendulum {
  std::array<float, 3> read_sensors() const {
    return {static_cast<float>(std::cos(angle)), static_cast<float>(std::sin(angle)), static_cast<float>(speed)};
  }

  void set_torque(double torque, double seconds) {
    speed = std::clamp(speed + (15 * std::sin(angle) + 3 * torque) * seconds, -8.0, 8.0);
    angle += speed * seconds;
  }

  double angle = 3.1;  // radians from upright
  double speed = 0;
};

/// Waits for the end of the present millisecond, counted from the loop's start, so that delays do not add up.
void wait_until(timespec& next) {
  next.tv_nsec += 1'000'000;
  if (next.tv_nsec >= 1'000'000'000) {
    next.tv_nsec -= 1'000'000'000;
    ++next.tv_sec;
  }
  clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, nullptr);
}

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: deploy RUN|CHECKPOINT [SECONDS]\n");
    return 2;
  }
  const double seconds = argc > 2 ? std::atof(argv[2]) : 10;
  try {
    sounder::Policy policy = sounder::Policy::load(argv[1]);
    Pendulum pendulum;
    std::vector<double> microseconds;
    microseconds.reserve(static_cast<std::size_t>(seconds * 1000) + 1);
    timespec next;
    clock_gettime(CLOCK_MONOTONIC, &next);
    do {
      wait_until(next);
      const std::array<float, 3> observation = pendulum.read_sensors();
      const auto before = std::chrono::steady_clock::now();
      const sounder::Action action = policy.act(observation);
      const std::chrono::duration<double, std::micro> taken = std::chrono::steady_clock::now() - before;
      microseconds.push_back(taken.count());
      pendulum.set_torque(static_cast<double>(std::get<std::span<const float>>(action)[0]), 1e-3);
    } while (static_cast<double>(microseconds.size()) < seconds * 1000);

    std::sort(microseconds.begin(), microseconds.end());
    const std::size_t count = microseconds.size();
    std::printf("%zu actions: median %.2f us, 99 %% below %.2f us, maximum %.2f us\n", count, microseconds[count / 2],
                microseconds[count * 99 / 100], microseconds.back());
    std::printf("angle at the end: %.2f radians from upright\n", std::remainder(pendulum.angle, 2 * 3.14159265358979));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "deploy: %s\n", error.what());
    return 1;
  }
}
