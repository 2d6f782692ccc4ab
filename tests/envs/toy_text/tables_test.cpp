// Compares the transition tables with those of Gymnasium's own code (tests/data/toy_text).
#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "envs/options.h"
#include "envs/toy_text/cliff_walking.h"
#include "envs/toy_text/frozen_lake.h"
#include "envs/toy_text/taxi.h"
#include "tests/catch.h"

namespace sounder::envs {
namespace {

/// One set of options of a reference file.
struct Table {
  std::string options;
  std::vector<double> initial;                                ///< probability of each state
  std::vector<std::vector<std::vector<Transition>>> entries;  ///< [state, action]
};

std::vector<Transition> parse_transitions(const std::string& text) {
  std::istringstream stream(text);
  std::vector<Transition> transitions;
  Transition next{};
  while (stream >> next.probability >> next.next_state >> next.reward >> next.terminated) transitions.push_back(next);
  return transitions;
}

std::vector<Table> read_tables(const std::string& id) {
  std::ifstream file(SOUNDER_TEST_DATA "/toy_text/" + id + ".txt");
  std::vector<Table> tables;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with('#')) continue;
    if (line.starts_with("options ")) {
      tables.push_back({.options = line.substr(8), .initial = {}, .entries = {}});
    } else if (line.starts_with("initial ")) {
      std::istringstream stream(line.substr(8));
      std::size_t state = 0;
      char colon = 0;
      double probability = 0;
      while (stream >> state >> colon >> probability) {
        tables.back().initial.resize(std::max(tables.back().initial.size(), state + 1));
        tables.back().initial[state] = probability;
      }
    } else {
      std::istringstream stream(line);
      tables.back().entries.emplace_back();
      for (std::string action; std::getline(stream, action, '|');) {
        tables.back().entries.back().push_back(parse_transitions(action));
      }
    }
  }
  for (Table& table : tables) table.initial.resize(table.entries.size());
  return tables;
}

template <class E>
E with_options(const std::string& text) {
  OptionValues values;
  std::istringstream stream(text);
  for (std::string option; stream >> option;) {
    const std::size_t equals = option.find('=');
    values[option.substr(0, equals)] = option.substr(equals + 1);
  }
  E environment;
  set_options(bind_options(environment), values, "it");
  return environment;
}

/// Checks every state and action of every set of options. Returns the number of entries.
template <class E>
std::size_t check_tables(const std::string& id) {
  std::size_t entries = 0;
  for (const Table& table : read_tables(id)) {
    const auto environment = with_options<E>(table.options);
    const auto states = std::get<Discrete>(environment.spec().observation_space).n;
    REQUIRE(static_cast<std::int64_t>(table.entries.size()) == states);
    for (std::int64_t state = 0; state < states; ++state) {
      const auto& actions = table.entries[static_cast<std::size_t>(state)];
      REQUIRE(static_cast<std::int64_t>(actions.size()) == E::kActions);
      CHECK(environment.initial_probability(state) == Approx(table.initial[static_cast<std::size_t>(state)]));
      for (std::int64_t action = 0; action < E::kActions; ++action) {
        INFO(id << " " << table.options << ", state " << state << ", action " << action);
        const auto& expected = actions[static_cast<std::size_t>(action)];
        const Transitions actual = environment.transitions(state, action);
        REQUIRE(actual.size() == expected.size());
        for (std::size_t i = 0; i < expected.size(); ++i) {
          const Transition& transition = actual.begin()[i];
          CHECK(transition.probability == Approx(expected[i].probability));
          CHECK(transition.next_state == expected[i].next_state);
          CHECK(transition.reward == expected[i].reward);
          CHECK(transition.terminated == expected[i].terminated);
        }
        ++entries;
      }
    }
  }
  return entries;
}

/// Returns the best mean return of an episode with a given number of steps, by dynamic programming.
template <class E>
double best_return(const E& environment, std::int64_t steps) {
  const auto states = static_cast<std::size_t>(std::get<Discrete>(environment.spec().observation_space).n);
  std::vector<double> values(states);
  for (std::int64_t step = 0; step < steps; ++step) {
    std::vector<double> before(states, -1e9);
    for (std::size_t state = 0; state < states; ++state) {
      for (std::int64_t action = 0; action < E::kActions; ++action) {
        double value = 0;
        for (const Transition& next : environment.transitions(static_cast<std::int64_t>(state), action)) {
          const double rest = next.terminated ? 0.0 : values[static_cast<std::size_t>(next.next_state)];
          value += next.probability * (static_cast<double>(next.reward) + rest);
        }
        before[state] = std::max(before[state], value);
      }
    }
    values = before;
  }
  double mean = 0;
  for (std::size_t state = 0; state < states; ++state) {
    mean += environment.initial_probability(static_cast<std::int64_t>(state)) * values[state];
  }
  return mean;
}

TEST_CASE("transition tables equal Gymnasium's, entry by entry, with every set of options") {
  CHECK(check_tables<CliffWalking>("CliffWalking-v1") == 2 * 48 * 4);
  CHECK(check_tables<FrozenLake>("FrozenLake-v1") == (16 + 64 + 64 + 16) * 4);
  CHECK(check_tables<Taxi>("Taxi-v3") == 2 * 500 * 6);
}

TEST_CASE("the tasks match Gymnasium's documentation") {
  // CliffWalking: start at [3, 0], number 36; a step into the cliff leads back there for -100; goal at 47.
  const CliffWalking cliff;
  const Transition fall = *cliff.transitions(36, 1).begin();
  CHECK(fall.next_state == 36);
  CHECK(fall.reward == -100);
  CHECK_FALSE(fall.terminated);
  CHECK(cliff.transitions(35, 2).begin()->terminated);
  // Taxi: taxi at row 2, column 3, passenger in the taxi, destination Blue: ((2 5 + 3) 5 + 4) 4 + 3.
  const Taxi taxi;
  CHECK(taxi.transitions(279, 0).begin()->next_state == 379);
  int initial = 0;
  for (std::int64_t state = 0; state < Taxi::kStates; ++state) initial += taxi.initial_probability(state) > 0 ? 1 : 0;
  CHECK(initial == 300);
}

TEST_CASE("a taxi's optional action masks equal Gymnasium's in every state") {
  const Environment unmasked{Taxi()};
  CHECK_FALSE(unmasked.masks_actions());
  auto taxi = with_options<Taxi>("action_mask=true");
  CHECK(Environment(taxi).masks_actions());
  std::ifstream file(SOUNDER_TEST_DATA "/toy_text/Taxi-v3.masks.txt");
  std::int64_t state = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with('#')) continue;
    float observation = -1;
    taxi.set_state(std::vector<double>{static_cast<double>(state), 0, 0, 0}, {&observation, 1});
    std::array<std::uint8_t, 6> mask{};
    taxi.action_mask(mask);
    std::string digits;
    for (const std::uint8_t number : mask) digits += number == 1 ? '1' : '0';
    INFO("state " << state);
    CHECK(digits == line);
    ++state;
  }
  CHECK(state == Taxi::kStates);
}

TEST_CASE("the best policies' returns are as documented beside the thresholds") {
  CHECK(best_return(CliffWalking(), 200) == Approx(-13));
  CHECK(best_return(FrozenLake(), 100) == Approx(0.7441).margin(1e-3));
  CHECK(best_return(with_options<FrozenLake>("map=8x8"), 200) == Approx(0.913).margin(1e-3));
  CHECK(best_return(Taxi(), 200) == Approx(7.93).margin(5e-3));
}

TEST_CASE("steps are drawn as the table says, and a state that is set continues with the same random numbers") {
  FrozenLake lake;
  float observation = -1;
  int straight = 0;
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    lake.reset(seed, {&observation, 1});
    CHECK(observation == 0);
    lake.step(1, {&observation, 1});  // down to 4; or it slips left, and stays; or right, to 1
    if (observation == 4) ++straight;
  }
  CHECK(straight == Approx(1000).margin(130));  // five standard deviations

  lake.reset(7, {&observation, 1});
  const std::vector<double> state = lake.state();
  std::vector<float> walked;
  for (int i = 0; i < 5; ++i) {
    lake.step(2, {&observation, 1});
    walked.push_back(observation);
  }
  lake.set_state(state, {&observation, 1});
  for (const float expected : walked) {
    lake.step(2, {&observation, 1});
    CHECK(observation == expected);
  }
}

TEST_CASE("a taxi's passenger may change their mind, once, when the taxi has moved with them") {
  int changed = 0;
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    auto taxi = with_options<Taxi>("fickle_passenger=true");
    float observation = -1;
    taxi.reset(seed, {&observation, 1});
    std::vector<double> state = taxi.state();
    state[0] = 279 - 279 % 4;  // in the taxi, in the middle, to Red
    taxi.set_state(state, {&observation, 1});
    taxi.step(1, {&observation, 1});
    const bool different = static_cast<int>(observation) % 4 != 0;
    changed += different ? 1 : 0;
    const float destination = std::fmod(observation, 4.0F);
    taxi.step(0, {&observation, 1});
    CHECK(std::fmod(observation, 4.0F) == destination);
  }
  CHECK(changed == Approx(300).margin(75));
}

}  // namespace
}  // namespace sounder::envs
