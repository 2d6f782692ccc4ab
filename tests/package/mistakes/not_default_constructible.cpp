// expected: has to be default-constructible
#include <sounder/envs/registry.h>

struct Model {
  explicit Model(double length) : length_(length) {}

  using Action = std::int64_t;
  sounder::EnvironmentSpec spec() const {
    return {.observation_space = sounder::Box::bounds({0}, {1}), .action_space = sounder::Discrete{2}};
  }
  void reset(std::uint64_t, std::span<float> observation) { observation[0] = 0; }
  sounder::StepResult step(Action, std::span<float>) { return {.reward = 0, .terminated = true}; }

 private:
  double length_;
};

void add(sounder::Registry& environments) {
  environments.add<Model>("Model-v0");
}
