#include "envs/toy_text/tabular.h"

#include <cassert>

#include "envs/internal_state.h"

namespace sounder::envs {

void Transitions::add(const Transition& transition) noexcept {
  assert(size_ < kMost);
  transitions_[size_++] = transition;
}

const Transition& Transitions::draw(Rng& rng) const noexcept {
  assert(size_ > 0);
  const double uniform = rng.uniform(0.0, 1.0);
  double sum = 0.0;
  for (const Transition& transition : *this) {
    sum += transition.probability;
    if (sum > uniform) return transition;
  }
  return transitions_[size_ - 1];  // the sum was rounded to just below 1
}

void TabularEpisode::begin(std::uint64_t seed) noexcept {
  // 32 bits, because the state stores it as a double, which must be exact.
  key_ = derive_seed({.seed = seed, .worker = 0, .purpose = Stream::environment}) >> 32U;
  steps_ = 0;
}

StepResult TabularEpisode::follow(const Transitions& transitions, Rng& rng) noexcept {
  const Transition& transition = transitions.draw(rng);
  state_ = transition.next_state;
  return {.reward = transition.reward, .terminated = transition.terminated};
}

Rng TabularEpisode::next_step() noexcept {
  ++steps_;
  return chance();
}

Rng TabularEpisode::chance() const noexcept {
  return Rng(StreamKey{
      .seed = key_, .worker = 0, .purpose = Stream::environment, .index = static_cast<std::uint64_t>(steps_)});
}

void TabularEpisode::observe(std::span<float> observation) const noexcept {
  assert(observation.size() == 1);
  observation[0] = static_cast<float>(state_);
}

std::vector<double> TabularEpisode::numbers() const {
  return {static_cast<double>(state_), static_cast<double>(key_), static_cast<double>(steps_)};
}

void TabularEpisode::set_numbers(std::span<const double> numbers, std::int64_t states) {
  constexpr std::int64_t kKeys = std::int64_t{1} << 32U;
  constexpr std::int64_t kMostSteps = std::int64_t{1} << 53U;  // largest count that a double represents exactly
  require_state_size(numbers, kNumbers);
  const std::int64_t state = state_index(numbers[0], states);
  const std::int64_t key = state_index(numbers[1], kKeys);
  steps_ = state_index(numbers[2], kMostSteps);
  key_ = static_cast<std::uint64_t>(key);
  state_ = state;
}

}  // namespace sounder::envs
