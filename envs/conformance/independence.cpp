// Rules about several instances at the same time.
#include <fmt/format.h>

#include <array>
#include <exception>
#include <latch>
#include <string>
#include <thread>

#include "envs/conformance/rule.h"

namespace sounder::conformance {
namespace {

Finding judge(const std::array<std::string, 2>& differences) {
  for (std::size_t i = 0; i < differences.size(); ++i) {
    if (differences[i].empty()) continue;
    return failed(fmt::format("{}: instance {} of 2 behaves differently than alone", differences[i], i + 1));
  }
  return passed("each of 2 behaves as it does alone");
}

/// Compares two players of plans 0 and 1, move by move, with the same plans played alone.
class Comparison {
 public:
  explicit Comparison(Subject& subject) : alone_{&subject.recording().history, &subject.other_history()} {}

  void move(std::size_t number, Player& player) {
    player.move();
    compare(number, player);
  }
  void begin(std::size_t number, Player& player, const Plan& plan) {
    player.begin(plan);
    compare(number, player);
  }
  Finding judgement() const { return judge(differences_); }

 private:
  void compare(std::size_t number, const Player& player) {
    const std::size_t last = player.history().size() - 1;
    std::string& difference = differences_[number];
    if (difference.empty() && player.history()[last] != (*alone_[number])[last]) difference = player.place();
  }

  std::array<const History*, 2> alone_;
  std::array<std::string, 2> differences_;
};

Finding check_turns(Subject& subject) {
  constexpr std::size_t kFirst = 0;
  constexpr std::size_t kSecond = 1;
  Comparison comparison(subject);
  Player& first = subject.first();
  comparison.begin(kFirst, first, subject.plan(0));
  const std::int64_t third = (subject.moves() + 2) / 3;
  for (std::int64_t i = 0; i < subject.moves(); ++i) {
    // While the first instance plays, the second takes turns with it, is discarded for a while, and is made again.
    if (i == third) subject.discard_second();
    const bool begins = i == 0 || i == 2 * third;
    const bool is_there = i < third || i >= 2 * third;
    if (begins) comparison.begin(kSecond, subject.second(), subject.plan(1));
    comparison.move(kFirst, first);
    if (is_there) comparison.move(kSecond, subject.second());
  }
  return comparison.judgement();
}

Finding check_threads(Subject& subject) {
  const History& first_alone = subject.recording().history;
  const History& second_alone = subject.other_history();
  Player& first = subject.first();
  Player& second = subject.second();
  std::array<std::string, 2> differences;
  std::exception_ptr error;
  {
    std::latch both_ready(2);
    const std::jthread other([&] {
      both_ready.arrive_and_wait();
      try {
        first.begin(subject.plan(0));
        differences[0] = first_difference(first, first_alone);
      } catch (...) {
        error = std::current_exception();
      }
    });
    both_ready.arrive_and_wait();
    second.begin(subject.plan(1));
    differences[1] = first_difference(second, second_alone);
  }
  if (error) std::rethrow_exception(error);
  return judge(differences);
}

constexpr std::array kRules{
    Rule{.topic = "independence",
         .name = kInstances,
         .needs = kReset,
         .expected = "instances that are stepped in turn, made and destroyed, but behave as each does alone: no static "
                     "or global variables",
         .why = "each worker has its own instances, and so has the evaluation",
         .check = check_turns},
    Rule{.topic = "independence",
         .name = "threads do not influence each other",
         .needs = kReset,
         .expected = "instances that are stepped on two threads at once, other than the one that made them, but behave "
                     "as each does alone",
         .why = "every worker is a thread: shared state is a data race, which may crash",
         .check = check_threads},
};

}  // namespace

std::span<const Rule> independence_rules() {
  return kRules;
}

}  // namespace sounder::conformance
