#include "envs/conformance/player.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>
#include <variant>

namespace sounder::conformance {
namespace {

constexpr std::uint32_t kGuard = 0xdeadbeefU;
constexpr std::uint32_t kUnwritten = 0x7fc0deadU;  // a quiet NaN, which keeps its bits when copied

class Fingerprint {
 public:
  void add(std::uint64_t word) noexcept {
    std::uint64_t state = hash_ ^ word;
    hash_ = split_mix(state);
  }
  void add(std::span<const float> numbers) noexcept {
    for (const float number : numbers) add(std::bit_cast<std::uint32_t>(number));
  }
  std::uint64_t get() const noexcept { return hash_; }

 private:
  std::uint64_t hash_ = 0;
};

/// Returns the end of a range. Replaces an infinite end as ActionArray::sample() does.
float finite_end(float end, float other, float step) noexcept {
  if (std::isfinite(end)) return end;
  return std::isfinite(other) ? other + step : step;
}

/// Selects the first or the last allowed option of a choice.
enum class End { lowest, highest };
std::int64_t end_of_choice(const Space& space, ActionMask mask, std::size_t number, End end) {
  const ActionMask own = mask_of_choice(space, mask, number);
  const std::int64_t last = (own.empty() ? choices(space, number) : count_allowed(own)) - 1;
  const std::int64_t n = end == End::lowest ? 0 : last;
  return own.empty() ? n : nth_allowed(own, n);
}

void choose_lowest(ActionArray& action, const Space& space, ActionMask mask) {
  if (const auto* box = std::get_if<Box>(&space)) {
    const auto numbers = action.continuous(0);
    for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = finite_end(box->low[i], box->high[i], -1.0F);
  } else {
    const auto numbers = action.discrete(0);
    for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = end_of_choice(space, mask, i, End::lowest);
  }
}

void choose_highest(ActionArray& action, const Space& space, ActionMask mask) {
  if (const auto* box = std::get_if<Box>(&space)) {
    const auto numbers = action.continuous(0);
    for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = finite_end(box->high[i], box->low[i], 1.0F);
  } else {
    const auto numbers = action.discrete(0);
    for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = end_of_choice(space, mask, i, End::highest);
  }
}

/// Replaces a number of an action by another allowed one, if there is one.
void alter(ActionArray& action, const Space& space, ActionMask mask, std::size_t number, Rng& rng) {
  if (std::holds_alternative<Box>(space)) {
    ActionArray other(space, 1);
    other.sample(0, space, rng);
    action.continuous(0)[number] = other.continuous(0)[number];
    return;
  }
  const ActionMask own = mask_of_choice(space, mask, number);
  const std::int64_t count = own.empty() ? choices(space, number) : count_allowed(own);
  if (count < 2) return;
  std::int64_t& choice = action.discrete(0)[number];
  const std::int64_t place = own.empty() ? choice : count_allowed(own.first(static_cast<std::size_t>(choice)));
  const std::int64_t other = (place + 1 + rng.below(count - 1)) % count;
  choice = own.empty() ? other : nth_allowed(own, other);
}

}  // namespace

GuardedObservation::GuardedObservation(std::size_t size)
    : size_(size), numbers_(size + 2 * kGuardSize, std::bit_cast<float>(kGuard)) {}

std::span<float> GuardedObservation::prepare() {
  const auto observation = std::span(numbers_).subspan(kGuardSize, size_);
  std::ranges::fill(observation, std::bit_cast<float>(kUnwritten));
  return observation;
}

bool GuardedObservation::guards_intact() const {
  const auto intact = [](float number) { return std::bit_cast<std::uint32_t>(number) == kGuard; };
  const std::span<const float> all = numbers_;
  return std::ranges::all_of(all.first(kGuardSize), intact) && std::ranges::all_of(all.last(kGuardSize), intact);
}

bool GuardedObservation::is_written(float number) noexcept {
  return std::bit_cast<std::uint32_t>(number) != kUnwritten;
}

std::uint64_t fingerprint(std::span<const float> numbers) noexcept {
  Fingerprint all;
  all.add(numbers);
  return all.get();
}

std::uint64_t fingerprint(std::span<const float> observation, const StepResult& result, ActionMask mask) noexcept {
  Fingerprint all;
  all.add(observation);
  all.add(std::bit_cast<std::uint32_t>(result.reward));
  all.add((result.terminated ? 1U : 0U) + (result.truncated ? 2U : 0U));
  for (const std::uint8_t number : mask) all.add(std::uint64_t{number});
  return all.get();
}

std::int64_t choices(const Space& space, std::size_t number) {
  struct Visitor {
    std::size_t number;
    std::int64_t operator()(const Discrete& choice) const { return choice.n; }
    std::int64_t operator()(const Box& box) const { return box.low[number] < box.high[number] ? 2 : 1; }
    std::int64_t operator()(const MultiDiscrete& several) const { return several.counts[number]; }
    std::int64_t operator()(const MultiBinary&) const { return 2; }
  };
  return std::visit(Visitor{number}, space);
}

Player::Player(Environment environment)
    : environment_(std::move(environment)),
      action_space_(environment_.spec().action_space),
      action_(action_space_, 1),
      observation_(flat_size(environment_.spec().observation_space)),
      masks_(environment_) {}

void Player::begin(const Plan& plan) {
  plan_ = plan;
  action_rng_ = Rng(StreamKey{.seed = plan.actions, .worker = 0, .purpose = Stream::conformance});
  altering_rng_ = Rng(StreamKey{.seed = plan.actions, .worker = 1, .purpose = Stream::conformance});
  episode_ = 0;
  history_.clear();
  reset();
}

void Player::move() {
  if (ended()) {
    ++episode_;
    reset();
  } else {
    step();
  }
}

void Player::move(std::int64_t times) {
  for (std::int64_t i = 0; i < times; ++i) move();
}

void Player::step() {
  choose_action();
  ++steps_;
  result_ = environment_.step(action_[0], observation_.prepare());
  look();
}

void Player::look() {
  if (result_.terminated) {
    masks_.forget();
  } else {
    masks_.read(environment_);
  }
  history_.push_back(fingerprint(observation_.numbers(), result_, masks_.mask()));
}

std::string Player::place() const {
  return steps_ == 0 ? fmt::format("episode {}, reset", episode_)
                     : fmt::format("episode {}, step {}", episode_, steps_);
}

void Player::reset() {
  const StreamKey key{.seed = plan_.episodes, .worker = 0, .purpose = Stream::conformance, .index = episode_};
  steps_ = 0;
  result_ = {.reward = 0.0F, .terminated = false};
  environment_.reset(derive_seed(key), observation_.prepare());
  look();
}

void Player::choose_action() {
  const bool even = steps_ % 2 == 0;
  const ActionMask mask = masks_.mask();
  switch (plan_.style) {
    case ActionStyle::random:
      action_.sample(0, action_space_, action_rng_, mask);
      if (plan_.altered) alter(action_, action_space_, mask, *plan_.altered, altering_rng_);
      return;
    case ActionStyle::lowest:
      return choose_lowest(action_, action_space_, mask);
    case ActionStyle::highest:
      return choose_highest(action_, action_space_, mask);
    case ActionStyle::alternating:
      return even ? choose_lowest(action_, action_space_, mask) : choose_highest(action_, action_space_, mask);
  }
}

std::string first_difference(Player& player, std::span<const std::uint64_t> expected) {
  for (std::size_t i = player.history().size() - 1; i < expected.size(); ++i) {
    if (player.history()[i] != expected[i]) return player.place();
    if (i + 1 < expected.size()) player.move();
  }
  return "";
}

}  // namespace sounder::conformance
