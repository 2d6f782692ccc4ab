#include "envs/conformance.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <exception>
#include <latch>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>
#include <variant>

#include "envs/conformance_player.h"

namespace sounder {
namespace {

struct Finding {
  CheckOutcome outcome;
  std::string detail = {};
};

Finding passed(std::string detail = {}) {
  return {CheckOutcome::passed, std::move(detail)};
}
Finding failed(std::string detail) {
  return {CheckOutcome::failed, std::move(detail)};
}
Finding not_applicable(std::string detail) {
  return {CheckOutcome::not_applicable, std::move(detail)};
}

/// What the checks get; but for the first, they can rely on a sensible spec.
struct Subject {
  const std::function<Environment()>& make;
  EnvironmentSpec spec;
  std::uint64_t seed;
  std::int64_t steps;
};

using History = std::vector<std::uint64_t>;

Player new_player(const Subject& subject, std::uint64_t number = 0) {
  return {subject.make(), {.episodes = subject.seed + number, .actions = subject.seed + number}};
}

History history_alone(const Subject& subject, std::uint64_t number) {
  Player player = new_player(subject, number);
  player.move(subject.steps);
  return player.history();
}

/// Fails with the place where two histories of the same length part.
Finding require_equal(const History& expected, const History& actual, std::string_view runs) {
  const auto parting = std::ranges::mismatch(expected, actual).in1;
  if (parting == expected.end()) return passed();
  return failed(
      fmt::format("{}: they show the same in {} resets and steps, then not", runs, parting - expected.begin()));
}

/// Says what is wrong with a space; empty if nothing is.
std::string fault_of(const Space& space) {
  struct Visitor {
    std::string operator()(const Discrete& choice) const { return fault_of_count(choice.n); }
    std::string operator()(const MultiBinary& switches) const { return fault_of_count(switches.n); }
    std::string operator()(const MultiDiscrete& choices) const {
      if (choices.counts.empty()) return "it is empty, expected at least one count";
      const auto wrong = std::ranges::find_if(choices.counts, [](std::int64_t count) { return count < 1; });
      return wrong == choices.counts.end() ? "" : fault_of_count(*wrong);
    }
    std::string operator()(const Box& box) const {
      std::int64_t elements = 1;
      for (const std::int64_t length : box.shape) elements *= length;
      if (box.low.empty()) return "it is empty, expected at least one number";
      if (box.low.size() != box.high.size() || elements != static_cast<std::int64_t>(box.low.size())) {
        return fmt::format("it has {} lower bounds, {} upper bounds and a shape of {} elements, expected equally many",
                           box.low.size(), box.high.size(), elements);
      }
      for (std::size_t i = 0; i < box.low.size(); ++i) {
        if (box.low[i] <= box.high[i]) continue;
        return fmt::format("element {} is from {} to {}, expected low <= high", i, box.low[i], box.high[i]);
      }
      return "";
    }
    static std::string fault_of_count(std::int64_t count) {
      return count < 1 ? fmt::format("it counts {}, expected at least 1", count) : "";
    }
  };
  return std::visit(Visitor{}, space);
}

Finding check_spec(const Subject& subject) {
  const EnvironmentSpec& spec = subject.spec;
  if (const auto fault = fault_of(spec.observation_space); !fault.empty()) return failed("observation space: " + fault);
  if (const auto fault = fault_of(spec.action_space); !fault.empty()) return failed("action space: " + fault);
  if (spec.max_episode_steps && *spec.max_episode_steps < 1) {
    return failed(fmt::format("max_episode_steps is {}, expected at least 1 or none", *spec.max_episode_steps));
  }
  if (spec.reward_threshold && !std::isfinite(*spec.reward_threshold)) {
    return failed(fmt::format("reward_threshold is {}, expected a finite number or none", *spec.reward_threshold));
  }
  return passed(
      fmt::format("observations {}, actions {}", describe(spec.observation_space), describe(spec.action_space)));
}

/// Plays an instance; fails at the first moment, the first reset included, in which something is wrong.
Finding check_moments(const Subject& subject, const std::function<std::string(const Player&)>& fault) {
  Player player = new_player(subject);
  for (std::int64_t i = 0;; ++i) {
    if (const std::string found = fault(player); !found.empty()) return failed(player.place() + ": " + found);
    if (i == subject.steps) return passed();
    player.move();
  }
}

Finding check_observations(const Subject& subject) {
  constexpr float kTolerance = 1e-4F;
  constexpr std::size_t kShown = 8;
  return check_moments(subject, [&](const Player& player) -> std::string {
    const auto observation = player.observation().numbers();
    if (contains(subject.spec.observation_space, observation, kTolerance)) return "";
    std::string numbers;
    for (const float number : observation.first(std::min(observation.size(), kShown))) {
      numbers += fmt::format("{}{}", numbers.empty() ? "" : ", ", number);
    }
    return fmt::format("[{}{}] is not in {} (nan also stands for what was not written)", numbers,
                       observation.size() > kShown ? ", ..." : "", describe(subject.spec.observation_space));
  });
}

Finding check_rewards(const Subject& subject) {
  return check_moments(subject, [](const Player& player) -> std::string {
    if (std::isfinite(player.result().reward)) return "";
    return fmt::format("the reward is {}, expected a finite number", player.result().reward);
  });
}

Finding check_guards(const Subject& subject) {
  return check_moments(subject, [](const Player& player) -> std::string {
    if (player.observation().guards_intact()) return "";
    return fmt::format("it wrote outside of its observation's {} numbers", player.observation().numbers().size());
  });
}

Finding check_same_seed(const Subject& subject) {
  return require_equal(history_alone(subject, 0), history_alone(subject, 0),
                       "two instances, one seed, the same actions");
}

Finding check_other_seeds(const Subject& subject) {
  constexpr std::uint64_t kEpisodes = 5;
  std::optional<History> first;
  for (std::uint64_t episode = 0; episode < kEpisodes; ++episode) {
    Player player(subject.make(), {.episodes = subject.seed + episode, .actions = subject.seed});
    player.move(subject.steps);
    if (!first) first = player.history();
    if (*first != player.history()) return passed();
  }
  return not_applicable(
      fmt::format("{} seeds gave equal episodes: right only if nothing is left to chance", kEpisodes));
}

Finding check_interleaved(const Subject& subject) {
  const History alone_0 = history_alone(subject, 0);
  const History alone_1 = history_alone(subject, 1);
  Player player_0 = new_player(subject, 0);
  Player player_1 = new_player(subject, 1);
  for (std::int64_t i = 0; i < subject.steps; ++i) {
    player_0.move();
    player_1.move();
  }
  constexpr std::string_view kRuns = "an instance alone, and one that takes turns with another";
  const Finding finding = require_equal(alone_0, player_0.history(), kRuns);
  return finding.outcome == CheckOutcome::failed ? finding : require_equal(alone_1, player_1.history(), kRuns);
}

Finding check_threads(const Subject& subject) {
  const std::array<History, 2> alone{history_alone(subject, 0), history_alone(subject, 1)};
  std::array<Player, 2> players{new_player(subject, 0), new_player(subject, 1)};
  std::exception_ptr error;
  {
    std::latch both_ready(2);
    const std::jthread other([&] {
      both_ready.arrive_and_wait();
      try {
        players[0].move(subject.steps);
      } catch (...) {
        error = std::current_exception();
      }
    });
    both_ready.arrive_and_wait();
    players[1].move(subject.steps);
  }
  if (error) std::rethrow_exception(error);
  constexpr std::string_view kRuns = "an instance alone, and one beside another thread's";
  const Finding finding = require_equal(alone[0], players[0].history(), kRuns);
  return finding.outcome == CheckOutcome::failed ? finding : require_equal(alone[1], players[1].history(), kRuns);
}

Finding check_reset(const Subject& subject) {
  const History fresh = history_alone(subject, 0);
  // Another seed's episode comes first: what it leaves behind would be seen.
  Player player = new_player(subject, 1);
  player.move(std::min<std::int64_t>(7, subject.steps));
  player.begin({.episodes = subject.seed, .actions = subject.seed});
  player.move(subject.steps);
  Finding finding = require_equal(fresh, player.history(), "a fresh instance, and one reset in mid-episode");
  if (finding.outcome == CheckOutcome::failed) return finding;

  player.begin({.episodes = subject.seed + 1, .actions = subject.seed + 1});
  for (std::int64_t i = 0; i < subject.steps && !player.ended(); ++i) player.move();
  if (!player.ended()) {
    return passed(fmt::format("in mid-episode; no episode ended within {} steps, so not after an end", subject.steps));
  }
  player.begin({.episodes = subject.seed, .actions = subject.seed});
  player.move(subject.steps);
  return require_equal(fresh, player.history(), "a fresh instance, and one reset after an episode's end");
}

Finding check_step_limit(const Subject& subject) {
  if (!subject.spec.max_episode_steps) return not_applicable("it has no step limit");
  const std::int64_t limit = *subject.spec.max_episode_steps;
  Player player = new_player(subject);
  bool reached = false;
  std::vector<std::int64_t> cut_at;  // the steps at which episodes were truncated before the limit
  for (std::int64_t i = 0; i < subject.steps; ++i) {
    player.move();
    const StepResult& result = player.result();
    if (player.steps() == limit) {
      reached = true;
      if (!player.ended()) return failed(fmt::format("{}: not truncated, the limit is {}", player.place(), limit));
    } else if (result.truncated) {
      cut_at.push_back(player.steps());
    }
  }
  // An environment may truncate for reasons of its own, but hardly ever after the same number of steps.
  const bool always_the_same = std::ranges::adjacent_find(cut_at, std::not_equal_to<>{}) == cut_at.end();
  if (!reached && cut_at.size() >= 2 && always_the_same) {
    return failed(fmt::format("episodes are truncated after {} steps, the limit is {}", cut_at.front(), limit));
  }
  if (reached) return passed();
  return not_applicable(fmt::format("no episode reached the limit of {} in {} steps", limit, subject.steps));
}

Finding check_state(const Subject& subject) {
  constexpr std::int64_t kBefore = 5;
  constexpr std::size_t kAfter = 50;
  Player player = new_player(subject);
  player.move(kBefore);
  if (player.ended()) player.move();
  Environment& original = player.environment();
  const std::vector<double> state = original.state();
  if (state.empty()) return not_applicable("it offers no state");

  Environment copy = subject.make();
  GuardedObservation observation(flat_size(subject.spec.observation_space));
  copy.reset(subject.seed + 1, observation.prepare());
  copy.set_state(state, observation.prepare());
  if (copy.state() != state) return failed("state() after set_state() is not what was set");
  const StepResult nothing{.reward = 0.0F, .terminated = false};
  if (fingerprint(observation.numbers(), nothing) != fingerprint(player.observation().numbers(), nothing)) {
    return failed("set_state() writes another observation than the state was read with");
  }

  ActionArray action(subject.spec.action_space, 1);
  GuardedObservation original_observation = observation;
  Rng rng(StreamKey{.seed = subject.seed, .worker = 1, .purpose = Stream::conformance});
  for (std::size_t step = 1; step <= kAfter; ++step) {
    action.sample(0, subject.spec.action_space, rng);
    StepResult expected = original.step(action[0], original_observation.prepare());
    StepResult actual = copy.step(action[0], observation.prepare());
    const bool ended = expected.terminated || expected.truncated;
    // The copy's step count starts at the state that was set.
    expected.truncated = actual.truncated = false;
    if (fingerprint(observation.numbers(), actual) != fingerprint(original_observation.numbers(), expected)) {
      return failed(fmt::format("{} steps after set_state(), the same actions lead elsewhere", step));
    }
    if (ended) break;
  }
  return passed();
}

/// Runs one check; what the environment throws becomes its failure.
CheckResult run_check(std::string name, const std::function<Finding()>& check) {
  Finding finding = failed("");
  try {
    finding = check();
  } catch (const std::bad_variant_access&) {
    finding = failed(
        "its Action is not what its action space needs: std::int64_t for Discrete, std::span<const float> "
        "for Box, std::span<const std::int64_t> for MultiDiscrete and MultiBinary");
  } catch (const std::exception& error) {
    finding = failed(fmt::format("it threw: {}", error.what()));
  } catch (...) {
    finding = failed("it threw something that is no std::exception");
  }
  return {std::move(name), finding.outcome, std::move(finding.detail)};
}

struct NamedCheck {
  std::string_view name;
  Finding (*check)(const Subject&);
};

constexpr std::array kChecks{
    NamedCheck{"observations are in their space", check_observations},
    NamedCheck{"rewards are finite", check_rewards},
    NamedCheck{"nothing is written outside of the observation", check_guards},
    NamedCheck{"same seed, same episode", check_same_seed},
    NamedCheck{"other seed, other episode", check_other_seeds},
    NamedCheck{"instances do not influence each other", check_interleaved},
    NamedCheck{"threads do not influence each other", check_threads},
    NamedCheck{"reset starts afresh", check_reset},
    NamedCheck{"the step limit truncates", check_step_limit},
    NamedCheck{"a state that is set continues as it did", check_state},
};

}  // namespace

std::vector<CheckResult> check_conformance(const std::function<Environment()>& make,
                                           const ConformanceOptions& options) {
  Subject subject{.make = make, .spec = {}, .seed = options.seed, .steps = std::max<std::int64_t>(options.steps, 1)};
  std::vector<CheckResult> results;
  results.push_back(run_check("the spec is sensible", [&] {
    subject.spec = make().spec();
    return check_spec(subject);
  }));
  const bool sensible = results.front().outcome == CheckOutcome::passed;
  for (const NamedCheck& named : kChecks) {
    results.push_back(run_check(std::string(named.name), [&] {
      return sensible ? named.check(subject) : not_applicable("not run: the spec is not sensible");
    }));
  }
  return results;
}

}  // namespace sounder
