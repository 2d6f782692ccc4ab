#include "envs/conformance/subject.h"

#include <algorithm>
#include <utility>

namespace sounder::conformance {

const EnvironmentSpec& Subject::read_spec() {
  unplayed_.emplace(make_());
  spec_ = unplayed_->spec();
  return spec_;
}

std::int64_t Subject::moves() const {
  return std::max<std::int64_t>(options_.steps, 1);
}

Plan Subject::plan(std::uint64_t number) const {
  return {.episodes = options_.seed + number, .actions = options_.seed + number};
}

Player& Subject::first() {
  if (!first_ && unplayed_) {
    first_.emplace(std::move(*unplayed_));
    unplayed_.reset();
  }
  return first_ ? *first_ : renew_first();
}

Player& Subject::second() {
  return second_ ? *second_ : renew_second();
}

// Destroys the old instance before making the new one. Two might not be able to coexist, for example if a process
// listens on a fixed port.
Player& Subject::renew_first() {
  first_.reset();
  return first_.emplace(make_());
}

Player& Subject::renew_second() {
  second_.reset();
  return second_.emplace(make_());
}

void Subject::discard() noexcept {
  unplayed_.reset();
  first_.reset();
  second_.reset();
}

const Recording& Subject::recording() {
  if (!recording_) recording_ = record(first(), plan(), moves());
  return *recording_;
}

const History& Subject::other_history() {
  if (!other_history_) {
    Player& player = second();
    player.begin(plan(1));
    player.move(moves());
    other_history_ = player.history();
  }
  return *other_history_;
}

}  // namespace sounder::conformance
