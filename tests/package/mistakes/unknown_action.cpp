// expected: Action has to be std::int64_t, std::span<const float>, std::span<const std::int64_t> or sounder::Action
#include <sounder/envs/registry.h>

struct Model {
  using Action = std::string;
  sounder::EnvironmentSpec spec() const {
    return {.observation_space = sounder::Box::bounds({0}, {1}), .action_space = sounder::Discrete{2}};
  }
  void reset(std::uint64_t, std::span<float> observation) { observation[0] = 0; }
  sounder::StepResult step(Action, std::span<float>) { return {.reward = 0, .terminated = true}; }
};

void add(sounder::Registry& environments) {
  environments.add<Model>("Model-v0");
}
