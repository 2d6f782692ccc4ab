// sounder::Policy.
#include <sounder/agents/policy.h>

#include "timing.h"

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  sounder::Policy policy = sounder::Policy::load(argv[1]);
  time_actions([&](const float* observation) {
    return std::get<std::int64_t>(policy.act(std::span<const float>(observation, kInputs)));
  });
}
