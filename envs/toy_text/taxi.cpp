#include "envs/toy_text/taxi.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <string_view>

#include "envs/internal_state.h"
#include "envs/toy_text/grid.h"

namespace sounder::envs {
namespace {

enum : std::int64_t { kSouth = 0, kNorth = 1, kEast = 2, kWest = 3, kPickUp = 4, kDropOff = 5 };

constexpr Grid kGrid{.rows = 5, .columns = 5};
constexpr std::int64_t kInTaxi = 4;
constexpr std::array<Cell, 4> kPlaces{Cell{0, 0}, Cell{0, 4}, Cell{4, 0}, Cell{4, 3}};

// The walls before, between and behind the cells of each row: ':' is open, '|' is closed.
constexpr std::array<std::string_view, 5> kGates{"|:|::|", "|:|::|", "|::::|", "||:|:|", "||:|:|"};

/// Returns whether a cell's west side, or its east side, is open.
bool is_open_west(const Cell& cell) noexcept {
  return kGates[static_cast<std::size_t>(cell.row)][static_cast<std::size_t>(cell.column)] == ':';
}
bool is_open_east(const Cell& cell) noexcept {
  return kGates[static_cast<std::size_t>(cell.row)][static_cast<std::size_t>(cell.column) + 1] == ':';
}

/// The parts of a state.
struct Fare {
  Cell taxi;
  std::int64_t passenger;  // a place, or kInTaxi
  std::int64_t destination;
};

Fare fare_of(std::int64_t state) noexcept {
  return {.taxi = kGrid.cell(state / 20), .passenger = state / 4 % 5, .destination = state % 4};
}

std::int64_t state_of(const Fare& fare) noexcept {
  return (kGrid.number(fare.taxi) * 5 + fare.passenger) * 4 + fare.destination;
}

bool is_blocked(const Cell& taxi, std::int64_t direction) noexcept {
  return (direction == kEast && !is_open_east(taxi)) || (direction == kWest && !is_open_west(taxi));
}

Cell ahead(const Cell& taxi, std::int64_t direction) noexcept {
  constexpr std::array<Cell, 4> kMoves{Cell{1, 0}, Cell{-1, 0}, Cell{0, 1}, Cell{0, -1}};
  return is_blocked(taxi, direction) ? taxi : kGrid.moved(taxi, kMoves[static_cast<std::size_t>(direction)]);
}

/// The two cells to either side of a move's direction, to which rain may divert the taxi. Checks the same walls as
/// Taxi-v3: the east or west wall of the target cell, whatever the direction of the move.
struct Astray {
  Cell one;
  Cell other;
};
Astray astray(const Cell& taxi, std::int64_t direction) noexcept {
  if (is_blocked(taxi, direction)) return {taxi, taxi};
  const bool along_column = direction == kSouth || direction == kNorth;
  const Cell one = kGrid.moved(taxi, along_column ? Cell{0, -1} : Cell{1, 0});
  const Cell other = kGrid.moved(taxi, along_column ? Cell{0, 1} : Cell{-1, 0});
  return {is_open_east(one) ? one : taxi, is_open_west(other) ? other : taxi};
}

/// Returns the transition of picking up or dropping off.
Transition exchange(const Fare& fare, std::int64_t action) noexcept {
  const auto place = std::ranges::find(kPlaces, fare.taxi) - kPlaces.begin();
  const bool at_place = place < std::ssize(kPlaces);
  Fare next = fare;
  float reward = -10.0F;
  bool arrived = false;
  if (action == kPickUp && at_place && fare.passenger == place) {
    next.passenger = kInTaxi;
    reward = -1.0F;
  } else if (action == kDropOff && at_place && fare.passenger == kInTaxi) {
    next.passenger = place;
    arrived = place == fare.destination;
    reward = arrived ? 20.0F : -1.0F;
  }
  return {.probability = 1.0, .next_state = state_of(next), .reward = reward, .terminated = arrived};
}

}  // namespace

std::vector<EnvironmentOption<Taxi>> Taxi::options() {
  return {{.name = "is_rainy",
           .member = &Taxi::is_rainy_,
           .help = "whether moves slip to either side with probability 0.1 each"},
          {.name = "fickle_passenger",
           .member = &Taxi::fickle_passenger_,
           .help = "whether the passenger changes the destination, with probability 0.3, after the first move"},
          {.name = "action_mask",
           .member = &Taxi::action_mask_,
           .help = "whether actions without effect are masked, so that no policy takes them"}};
}

const EnvironmentSpec& Taxi::spec() const {
  static const EnvironmentSpec spec{.observation_space = Discrete{kStates},
                                    .action_space = Discrete{kActions},
                                    .max_episode_steps = 200,
                                    .reward_threshold = 8.0};
  return spec;
}

Transitions Taxi::transitions(std::int64_t state, std::int64_t action) const noexcept {
  assert(state >= 0 && state < kStates && action >= 0 && action < kActions);
  const Fare fare = fare_of(state);
  if (action == kPickUp || action == kDropOff) return Transitions(exchange(fare, action));
  const auto move_to = [&](const Cell& cell, double probability) {
    const Fare next{.taxi = cell, .passenger = fare.passenger, .destination = fare.destination};
    return Transition{.probability = probability, .next_state = state_of(next), .reward = -1.0F, .terminated = false};
  };
  const Cell straight = ahead(fare.taxi, action);
  if (!is_rainy_) return Transitions(move_to(straight, 1.0));
  const auto [one, other] = astray(fare.taxi, action);
  Transitions transitions(move_to(straight, 0.8));
  transitions.add(move_to(one, 0.1));
  transitions.add(move_to(other, 0.1));
  return transitions;
}

double Taxi::initial_probability(std::int64_t state) const noexcept {
  const Fare fare = fare_of(state);
  return fare.passenger != kInTaxi && fare.passenger != fare.destination ? 1.0 / 300.0 : 0.0;
}

void Taxi::reset(std::uint64_t seed, std::span<float> observation) noexcept {
  constexpr double kFickleness = 0.3;
  episode_.begin(seed);
  Rng rng = episode_.chance();
  const Cell taxi = kGrid.cell(rng.below(kGrid.size()));
  const std::int64_t passenger = rng.below(4);
  const std::int64_t destination = (passenger + 1 + rng.below(3)) % 4;  // one of the others
  episode_.set_state(state_of({.taxi = taxi, .passenger = passenger, .destination = destination}));
  will_change_mind_ = fickle_passenger_ && rng.uniform(0.0, 1.0) < kFickleness;
  episode_.observe(observation);
}

StepResult Taxi::step(std::int64_t action, std::span<float> observation) noexcept {
  Rng rng = episode_.next_step();
  const Fare before = fare_of(episode_.state());
  const StepResult result = episode_.follow(transitions(episode_.state(), action), rng);
  Fare after = fare_of(episode_.state());
  if (will_change_mind_ && before.passenger == kInTaxi && after.taxi != before.taxi) {
    will_change_mind_ = false;
    after.destination = (after.destination + 1 + rng.below(3)) % 4;
    episode_.set_state(state_of(after));
  }
  episode_.observe(observation);
  return result;
}

void Taxi::action_mask(std::span<std::uint8_t> allowed) const noexcept {
  const Fare fare = fare_of(episode_.state());
  for (std::int64_t action = 0; action < kActions; ++action) {
    const bool moves = action != kPickUp && action != kDropOff;
    // A useless pick-up or drop-off costs 10 and changes nothing.
    const bool is_of_use = moves ? ahead(fare.taxi, action) != fare.taxi : exchange(fare, action).reward > -10.0F;
    allowed[static_cast<std::size_t>(action)] = is_of_use ? 1 : 0;
  }
}

void Taxi::draw(Canvas& canvas) const {
  constexpr Color kStreet{120, 120, 120};
  constexpr Color kWall{30, 30, 30};
  constexpr Color kEmptyTaxi{240, 200, 60};
  constexpr Color kFullTaxi{250, 130, 30};
  constexpr Color kPassenger{20, 20, 20};
  constexpr Color kFlag{250, 250, 250};
  constexpr std::array<Color, 4> kPlaceColors{Color{200, 60, 60}, Color{70, 160, 70}, Color{200, 180, 40},
                                              Color{70, 90, 200}};
  const Fare fare = fare_of(episode_.state());
  kGrid.set_view(canvas);
  for (std::int64_t cell = 0; cell < kGrid.size(); ++cell) kGrid.fill(canvas, kGrid.cell(cell), kStreet, 0.0);
  for (std::size_t i = 0; i < kPlaces.size(); ++i) kGrid.fill(canvas, kPlaces[i], kPlaceColors[i], 0.1);
  for (std::int64_t number = 0; number < kGrid.size(); ++number) {
    const Cell cell = kGrid.cell(number);
    const Point middle = kGrid.center(cell);
    const auto wall = [&](Point from, Point to) {
      canvas.line({.from = from, .to = to, .width = 0.1, .color = kWall});
    };
    if (!is_open_east(cell)) wall({middle.x + 0.5, middle.y - 0.5}, {middle.x + 0.5, middle.y + 0.5});
    if (cell.column == 0) wall({middle.x - 0.5, middle.y - 0.5}, {middle.x - 0.5, middle.y + 0.5});
    if (cell.row == 0) wall({middle.x - 0.5, middle.y + 0.5}, {middle.x + 0.5, middle.y + 0.5});
    if (cell.row == kGrid.rows - 1) wall({middle.x - 0.5, middle.y - 0.5}, {middle.x + 0.5, middle.y - 0.5});
  }
  kGrid.fill(canvas, fare.taxi, fare.passenger == kInTaxi ? kFullTaxi : kEmptyTaxi, 0.22);
  kGrid.disc(canvas, kPlaces[static_cast<std::size_t>(fare.destination)], kFlag, 0.12);
  const Cell passenger = fare.passenger == kInTaxi ? fare.taxi : kPlaces[static_cast<std::size_t>(fare.passenger)];
  kGrid.disc(canvas, passenger, kPassenger, 0.16);
}

std::vector<double> Taxi::state() const {
  std::vector<double> numbers = episode_.numbers();
  numbers.push_back(will_change_mind_ ? 1.0 : 0.0);
  return numbers;
}

void Taxi::set_state(std::span<const double> state, std::span<float> observation) {
  require_state_size(state, TabularEpisode::kNumbers + 1);
  const bool will_change_mind = state_index(state.back(), 2) == 1;
  episode_.set_numbers(state.first(TabularEpisode::kNumbers), kStates);
  will_change_mind_ = will_change_mind;
  episode_.observe(observation);
}

}  // namespace sounder::envs
