#include "envs/conformance_player.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <limits>
#include <utility>

namespace sounder {
namespace {

constexpr std::uint32_t kGuard = 0xdeadbeefU;

}  // namespace

GuardedObservation::GuardedObservation(std::size_t size)
    : size_(size), numbers_(size + 2 * kGuardSize, std::bit_cast<float>(kGuard)) {}

std::span<float> GuardedObservation::prepare() {
  const auto observation = std::span(numbers_).subspan(kGuardSize, size_);
  std::ranges::fill(observation, std::numeric_limits<float>::quiet_NaN());
  return observation;
}

bool GuardedObservation::guards_intact() const {
  const auto intact = [](float number) { return std::bit_cast<std::uint32_t>(number) == kGuard; };
  const std::span<const float> all = numbers_;
  return std::ranges::all_of(all.first(kGuardSize), intact) && std::ranges::all_of(all.last(kGuardSize), intact);
}

std::uint64_t fingerprint(std::span<const float> observation, const StepResult& result) {
  std::uint64_t hash = 0;
  const auto add = [&hash](std::uint64_t word) {
    std::uint64_t state = hash ^ word;
    hash = split_mix(state);
  };
  for (const float number : observation) add(std::bit_cast<std::uint32_t>(number));
  add(std::bit_cast<std::uint32_t>(result.reward));
  add((result.terminated ? 1U : 0U) + (result.truncated ? 2U : 0U));
  return hash;
}

Player::Player(Environment environment, const Seeds& seeds)
    : environment_(std::move(environment)),
      action_space_(environment_.spec().action_space),
      action_(action_space_, 1),
      observation_(flat_size(environment_.spec().observation_space)) {
  begin(seeds);
}

void Player::begin(const Seeds& seeds) {
  seeds_ = seeds;
  action_rng_ = Rng(StreamKey{.seed = seeds.actions, .worker = 0, .purpose = Stream::conformance});
  episode_ = 0;
  history_.clear();
  reset();
}

void Player::move() {
  if (ended()) {
    ++episode_;
    reset();
    return;
  }
  action_.sample(0, action_space_, action_rng_);
  ++steps_;
  result_ = environment_.step(action_[0], observation_.prepare());
  history_.push_back(fingerprint(observation_.numbers(), result_));
}

void Player::move(std::int64_t times) {
  for (std::int64_t i = 0; i < times; ++i) move();
}

std::string Player::place() const {
  return fmt::format("episode {}, step {}", episode_, steps_);
}

void Player::reset() {
  const StreamKey key{.seed = seeds_.episodes, .worker = 0, .purpose = Stream::conformance, .index = episode_};
  steps_ = 0;
  result_ = {.reward = 0.0F, .terminated = false};
  environment_.reset(derive_seed(key), observation_.prepare());
  history_.push_back(fingerprint(observation_.numbers(), result_));
}

}  // namespace sounder
