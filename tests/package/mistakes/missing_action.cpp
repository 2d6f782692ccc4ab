// expected: needs a public `using Action = ...;`
#include <sounder/envs/registry.h>

struct Model {
  sounder::EnvironmentSpec spec() const {
    return {.observation_space = sounder::Box::bounds({0}, {1}), .action_space = sounder::Discrete{2}};
  }
  void reset(std::uint64_t, std::span<float> observation) { observation[0] = 0; }
  sounder::StepResult step(std::int64_t, std::span<float>) { return {.reward = 0, .terminated = true}; }
};

void add(sounder::Registry& environments) {
  environments.add<Model>("Model-v0");
}
