// expected: needs a public `EnvironmentSpec spec() const`
#include <sounder/envs/registry.h>

struct Model {
  using Action = std::int64_t;
  int spec() const { return 1; }
  void reset(std::uint64_t, std::span<float> observation) { observation[0] = 0; }
  sounder::StepResult step(Action, std::span<float>) { return {.reward = 0, .terminated = true}; }
};

void add(sounder::Registry& environments) {
  environments.add<Model>("Model-v0");
}
