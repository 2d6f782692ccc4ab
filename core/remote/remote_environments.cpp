#include "core/remote/remote_environments.h"

#include <fmt/format.h>

#include <algorithm>
#include <future>
#include <map>
#include <optional>
#include <utility>
#include <variant>

#include "core/remote/processors.h"
#include "core/remote/remote_environment.h"
#include "envs/error.h"
#include "envs/wrappers/time_limit.h"

namespace sounder::remote {

struct RemoteEnvironments::Clients {
  using Player = std::pair<Seat::Player, std::size_t>;

  Settings settings;
  std::vector<int> all_processors = allowed_processors();
  std::map<Player, std::weak_ptr<EnvironmentClient>> by_player = {};
  std::map<Player, std::future<std::shared_ptr<EnvironmentClient>>> starting = {};
  bool told_of_waiting = false;
  std::optional<EnvironmentSpec> first = {};

  /// Throws UsageError if a process has different spaces, which may result from different options.
  void require_like_first(const EnvironmentSpec& spec) {
    if (!first) first = spec;
    for (const auto& [expected, got] : {std::pair(first->observation_space, spec.observation_space),
                                        std::pair(first->action_space, spec.action_space)}) {
      if (equal_but_for_bounds(expected, got)) continue;
      throw UsageError(fmt::format("expected processes whose environments have spaces of one shape; got {} and {}",
                                   describe(expected), describe(got)));
    }
  }
};

RemoteEnvironments::RemoteEnvironments(Settings settings)
    : clients_(std::make_shared<Clients>(Clients{.settings = std::move(settings)})) {}

Environment RemoteEnvironments::operator()(const Seat& seat) const {
  if (seat.slot >= kMostEnvironments) {
    throw UsageError(fmt::format("expected at most {} environments in one process", kMostEnvironments));
  }
  return Environment(
      TimeLimit<RemoteEnvironment>(RemoteEnvironment(client(seat), static_cast<std::uint32_t>(seat.slot)), {}, {}));
}

ClientStatistics RemoteEnvironments::statistics() const {
  ClientStatistics sum;
  for (const auto& [player, weak] : clients_->by_player) {
    const auto client = weak.lock();
    if (!client) continue;
    const ClientStatistics& own = client->statistics();
    sum.results += own.results;
    sum.round_trips += own.round_trips;
    sum.restarts += own.restarts;
    sum.seconds += own.seconds;
  }
  return sum;
}

RemoteSpec RemoteEnvironments::description() const {
  return client({})->spec();
}

std::shared_ptr<EnvironmentClient> RemoteEnvironments::client(const Seat& seat) const {
  constexpr std::size_t kSideBySide = 4;
  std::weak_ptr<EnvironmentClient>& known = clients_->by_player[{seat.player, seat.number}];
  if (auto client = known.lock()) return client;
  start(seat);
  const Settings& settings = clients_->settings;
  if (seat.player == Seat::Player::worker) {
    const std::size_t end = seat.number + std::max(kSideBySide, clients_->all_processors.size());
    for (std::size_t next = seat.number + 1; next < std::min(end, settings.workers); ++next) start({.number = next});
  }
  auto starting = std::move(clients_->starting.extract({seat.player, seat.number}).mapped());
  if (starting.wait_for(settings.patience) == std::future_status::timeout && settings.on_wait &&
      !std::exchange(clients_->told_of_waiting, true)) {
    settings.on_wait("waiting for environment processes to start");
  }
  const auto client = starting.get();
  clients_->require_like_first(client->spec().spec);
  known = client;
  return client;
}

/// Begins to make a client, unless it exists or was begun before.
void RemoteEnvironments::start(const Seat& seat) const {
  const Clients::Player player{seat.player, seat.number};
  if (clients_->starting.contains(player) || !clients_->by_player[player].expired()) return;
  const Settings& settings = clients_->settings;
  EnvironmentClient::Conversation conversation{.whose = "the evaluation", .options = settings.options};
  if (seat.player == Seat::Player::worker) {
    conversation.whose = fmt::format("worker {}", seat.number);
    if (!settings.options.empty())
      conversation.options = {settings.options[seat.number / settings.workers_alike % settings.options.size()]};
    if (!settings.processors.empty()) {
      conversation.processors = {settings.processors[seat.number % settings.processors.size()]};
    }
  } else {
    conversation.processors = clients_->all_processors;  // independent of the thread that restarts it
  }
  // Makes each client on its own thread, because it waits for its process's first message.
  const auto make = [client = settings.client, conversation = std::move(conversation)] {
    return std::make_shared<EnvironmentClient>(client, conversation);
  };
  clients_->starting.emplace(player, std::async(std::launch::async, make));
}

}  // namespace sounder::remote
