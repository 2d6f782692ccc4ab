// expected: has to be movable
#include <sounder/envs/registry.h>

struct Model {
  Model() = default;
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;

  using Action = std::int64_t;
  sounder::EnvironmentSpec spec() const {
    return {.observation_space = sounder::Box::bounds({0}, {1}), .action_space = sounder::Discrete{2}};
  }
  void reset(std::uint64_t, std::span<float> observation) { observation[0] = 0; }
  sounder::StepResult step(Action, std::span<float>) { return {.reward = 0, .terminated = true}; }
};

void add(sounder::Registry& environments) {
  environments.add<Model>("Model-v0");
}
