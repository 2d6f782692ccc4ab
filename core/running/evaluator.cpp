#include "core/running/evaluator.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <optional>
#include <utility>

#include "core/learning/action_masks.h"
#include "core/metrics/statistics.h"
#include "envs/error.h"

namespace sounder {
namespace {

constexpr std::string_view kWho = "evaluation";

std::size_t round_up(std::size_t count, std::size_t unit) {
  return (count + unit - 1) / unit * unit;
}

/// Returns the number of episodes that play side by side.
std::size_t count_rows(const Evaluator::Parts& parts, const Environment& first) {
  auto rows = static_cast<std::size_t>(parts.environments);
  if (rows == 0) rows = first.announceable() ? Evaluator::kEnvironmentsElsewhere : Evaluator::kEnvironments;
  return std::min(rows, static_cast<std::size_t>(parts.episodes));
}

/// Makes that number of environments, but at least one of each kind, even if fewer play at a time.
std::vector<Environment> make_environments(const Evaluator::Parts& parts) {
  const auto make = [&](std::size_t slot) {
    return parts.make_environment({.player = Seat::Player::evaluator, .slot = slot});
  };
  std::vector<Environment> environments;
  environments.push_back(make(0));
  const std::size_t kinds = std::min(parts.make_environment.variants(), static_cast<std::size_t>(parts.episodes));
  const std::size_t count = std::max(count_rows(parts, environments.front()), kinds);
  while (environments.size() < count) environments.push_back(make(environments.size()));
  return environments;
}

/// Makes an agent for `rows` rows, rounded up to a multiple of rows_together(), so that all are computed alike.
std::unique_ptr<Agent> make_agent(const AgentFactory& agents, std::span<float> parameters, std::size_t rows) {
  auto agent = agents.make({.parameters = parameters}, {.observations = rows});
  const std::size_t padded = round_up(rows, agent->rows_together());
  return padded == rows ? std::move(agent) : agents.make({.parameters = parameters}, {.observations = padded});
}

}  // namespace

/// One evaluation. The first rows hold the running episodes: when a row gets no further episode, the later rows move
/// up, so that the agent acts only on the first rows.
class Evaluator::Play {
 public:
  Play(Evaluator& evaluator, const Request& request)
      : evaluator_(evaluator),
        request_(request),
        observation_size_(flat_size(evaluator.spec_.observation_space)),
        state_size_(evaluator.agent_->state_size()),
        most_rows_(round_up(evaluator.rows_, evaluator.agent_->rows_together())),
        observations_(most_rows_ * observation_size_),
        states_(most_rows_ * state_size_),
        masks_(make_action_masks(most_rows_, evaluator.environments_)),
        rngs_(most_rows_, Rng(0)),
        actions_(evaluator.spec_.action_space, most_rows_),
        result_{.returns = std::vector<double>(evaluator.episodes_),
                .lengths = std::vector<std::int64_t>(evaluator.episodes_)} {
    for (std::size_t i = 0; i < evaluator.environments_.size(); ++i) idle_.push_back(i);
    for (std::size_t kind = 0; kind < evaluator.variants_; ++kind) next_episodes_.push_back(kind);
    while (rows_.size() < evaluator.rows_) rows_.push_back(*deal());
  }

  Result run() {
    while (!rows_.empty()) {
      if (request_.stop()) return {};
      try {
        begin_episodes();
        step();
      } catch (const EnvironmentLost&) {
        if (request_.stop()) return {};  // otherwise it was restarted; a permanent loss throws another error
        for (Row& row : rows_) row.begun = row.over;
      }
      advance();
    }
    return std::move(result_);
  }

 private:
  struct Row {
    std::size_t environment;
    std::size_t episode;
    bool begun = false;
    bool over = false;
  };

  Environment& environment(std::size_t row) { return evaluator_.environments_[rows_[row].environment]; }
  std::span<float> observation(std::size_t row) {
    return std::span(observations_).subspan(row * observation_size_, observation_size_);
  }
  std::span<float> state(std::size_t row) { return std::span(states_).subspan(row * state_size_, state_size_); }

  StreamKey key(Stream purpose, std::size_t row) const {
    return {.seed = request_.seed, .worker = request_.stream, .purpose = purpose, .index = rows_[row].episode + 1};
  }

  void begin_episodes() {
    // Announces all resets before waiting for the first.
    for (std::size_t i = 0; evaluator_.announceable_ && i < rows_.size(); ++i) {
      if (!rows_[i].begun) environment(i).announce_reset(derive_seed(key(Stream::evaluation, i)));
    }
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      if (!rows_[i].begun) begin_episode(i);
    }
  }

  void begin_episode(std::size_t i) {
    Row& row = rows_[i];
    environment(i).reset(derive_seed(key(Stream::evaluation, i)), observation(i));
    require_valid_observation(i, 0);
    read_mask(i, 0);
    rngs_[i] = Rng(key(Stream::evaluation_action, i));
    std::ranges::fill(state(i), 0.0F);
    result_.returns[row.episode] = 0;
    result_.lengths[row.episode] = 0;
    row.begun = true;
    tell(i, {}, nullptr);
  }

  /// Takes one step in the environment of every row.
  void step() {
    const std::size_t padded = round_up(rows_.size(), evaluator_.agent_->rows_together());
    evaluator_.agent_->act({.observations = {observations_.data(), padded * observation_size_},
                            .selection = request_.selection,
                            .rngs = {rngs_.data(), padded},
                            .states = {states_.data(), padded * state_size_},
                            .masks = masks_.first(padded)},
                           actions_);
    for (std::size_t i = 0; evaluator_.announceable_ && i < rows_.size(); ++i) environment(i).announce(actions_[i]);
    for (std::size_t i = 0; i < rows_.size(); ++i) step(i);
  }

  void step(std::size_t i) {
    Row& row = rows_[i];
    const Action action = actions_[i];
    StepResult result = environment(i).step(action, observation(i));
    const std::int64_t length = ++result_.lengths[row.episode];
    require_valid_observation(i, length);
    if (!result.terminated) read_mask(i, length);
    if (!std::isfinite(result.reward)) throw invalid_reward(result.reward, {.who = std::string(kWho), .step = length});
    result_.returns[row.episode] += static_cast<double>(result.reward);
    if (!result.terminated && length >= evaluator_.most_steps_) result.truncated = true;
    row.over = result.terminated || result.truncated;
    tell(i, result, &action);
  }

  void require_valid_observation(std::size_t i, std::int64_t length) {
    if (evaluator_.is_valid_(observation(i))) return;
    throw invalid_observation(evaluator_.spec_.observation_space, observation(i),
                              {.who = std::string(kWho), .step = length});
  }

  void read_mask(std::size_t i, std::int64_t length) {
    if (!masks_.read(i, environment(i))) throw invalid_mask({.who = std::string(kWho), .step = length});
  }

  void tell(std::size_t i, const StepResult& result, const Action* action) {
    if (!request_.on_state) return;
    const std::size_t episode = rows_[i].episode;
    request_.on_state({.environment = environment(i),
                       .episode = episode,
                       .length = result_.lengths[episode],
                       .episode_return = result_.returns[episode],
                       .result = result,
                       .action = action});
  }

  /// Gives the next episodes to the rows whose episodes have ended. Removes rows that get none; the others move up in
  /// order.
  void advance() {
    for (const Row& row : rows_) {
      if (row.over) idle_.push_back(row.environment);
    }
    std::size_t kept = 0;
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      const std::optional<Row> row = rows_[i].over ? deal() : rows_[i];
      if (!row) continue;
      if (kept != i) {
        rngs_[kept] = rngs_[i];
        std::ranges::copy(observation(i), observation(kept).begin());
        std::ranges::copy(state(i), state(kept).begin());
        masks_.move(i, kept);
      }
      rows_[kept++] = *row;
    }
    rows_.resize(kept);
  }

  /// Returns a row for the first new episode for which an environment of its kind is idle; nothing if there is none.
  std::optional<Row> deal() {
    const auto next_episode = [this](std::size_t environment) -> std::size_t& {
      return next_episodes_[environment % evaluator_.variants_];
    };
    const auto first = std::ranges::min_element(idle_, {}, next_episode);
    if (first == idle_.end() || next_episode(*first) >= evaluator_.episodes_) return std::nullopt;
    const std::size_t environment = *first;
    idle_.erase(first);
    std::size_t& next = next_episode(environment);
    return Row{.environment = environment, .episode = std::exchange(next, next + evaluator_.variants_)};
  }

  Evaluator& evaluator_;
  const Request& request_;
  std::size_t observation_size_;
  std::size_t state_size_;
  std::size_t most_rows_;
  std::vector<Row> rows_;
  std::vector<std::size_t> idle_;           // indices of environments
  std::vector<std::size_t> next_episodes_;  // [variants]
  std::vector<float> observations_;         // [rows, D]
  std::vector<float> states_;               // [rows, S], the agent's
  ActionMasks masks_;                       // [rows, M]
  std::vector<Rng> rngs_;                   // [rows], one per episode
  ActionArray actions_;                     // [rows]
  Result result_;
};

Evaluator::Evaluator(const Parts& parts)
    : environments_(make_environments(parts)),
      variants_(parts.make_environment.variants()),
      rows_(count_rows(parts, environments_.front())),
      episodes_(static_cast<std::size_t>(parts.episodes)),
      spec_(environments_.front().spec()),
      announceable_(environments_.front().announceable()),
      is_valid_(spec_.observation_space),
      most_steps_(spec_.max_episode_steps.value_or(parts.step_limit)),
      parameters_(parts.agents.layout().size),
      agent_(make_agent(parts.agents, parameters_, rows_)) {}

Evaluator::~Evaluator() = default;

Evaluator::Result Evaluator::evaluate(const Request& request) {
  assert(request.parameters.size() == parameters_.size());
  std::ranges::copy(request.parameters, parameters_.begin());
  agent_->parameters_changed();
  return Play(*this, request).run();
}

double Evaluator::Result::mean_return() const {
  return mean(returns);
}

}  // namespace sounder
