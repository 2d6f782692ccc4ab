#include "core/learning/exploration.h"

#include "envs/random.h"

namespace sounder {

float Exploration::at(std::int64_t step) const noexcept {
  if (step >= steps) return final_epsilon;
  if (step <= 0) return 1;
  const double progress = static_cast<double>(step) / static_cast<double>(steps);
  return static_cast<float>(1 + (static_cast<double>(final_epsilon) - 1) * progress);
}

float draw_final_epsilon(const Explorer& explorer) noexcept {
  Rng rng({.seed = explorer.seed, .worker = explorer.worker, .purpose = Stream::exploration});
  const float draw = rng.uniform();
  if (draw < 0.4F) return 0.1F;
  return draw < 0.7F ? 0.01F : 0.5F;
}

}  // namespace sounder
