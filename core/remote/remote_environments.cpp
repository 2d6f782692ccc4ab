#include "core/remote/remote_environments.h"

#include <fmt/format.h>

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
  Settings settings;
  std::vector<int> all_processors = allowed_processors();
  std::map<std::pair<Seat::Player, std::size_t>, std::weak_ptr<EnvironmentClient>> by_player = {};
  std::optional<EnvironmentSpec> first = {};

  /// Throws UsageError for a process with other spaces: options that are dealt out may differ in them.
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
  std::weak_ptr<EnvironmentClient>& known = clients_->by_player[{seat.player, seat.number}];
  if (auto client = known.lock()) return client;
  const Settings& settings = clients_->settings;
  EnvironmentClient::Conversation conversation{.whose = "the evaluation", .options = settings.options};
  if (seat.player == Seat::Player::worker) {
    conversation.whose = fmt::format("worker {}", seat.number);
    if (!settings.options.empty()) conversation.options = {settings.options[seat.number % settings.options.size()]};
    if (!settings.processors.empty()) {
      conversation.processors = {settings.processors[seat.number % settings.processors.size()]};
    }
  } else {
    conversation.processors = clients_->all_processors;  // whichever thread starts it again
  }
  const auto client = std::make_shared<EnvironmentClient>(settings.client, std::move(conversation));
  clients_->require_like_first(client->spec().spec);
  known = client;
  return client;
}

}  // namespace sounder::remote
