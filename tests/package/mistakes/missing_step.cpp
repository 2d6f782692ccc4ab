// expected: needs a public `StepResult step(Action action, std::span<float> observation)`
#include <sounder/envs/registry.h>

struct Model {
  using Action = std::int64_t;
  sounder::EnvironmentSpec spec() const {
    return {.observation_space = sounder::Box::bounds({0}, {1}), .action_space = sounder::Discrete{2}};
  }
  void reset(std::uint64_t, std::span<float> observation) { observation[0] = 0; }
};

void add(sounder::Registry& environments) {
  environments.add<Model>("Model-v0");
}
