// Makes the sharing scheme that a run takes. (The lists of names are in sharing.h, where the configuration has them
// without the schemes themselves.)
#include <fmt/format.h>

#include <array>
#include <string_view>

#include "core/learning/agent.h"
#include "core/named.h"
#include "core/sharing/hogwild/averaged.h"
#include "core/sharing/hogwild/hogwild.h"
#include "core/sharing/peers/gala.h"
#include "core/sharing/peers/next.h"
#include "core/sharing/server/server.h"
#include "core/sharing/sharing.h"
#include "envs/error.h"

namespace sounder {
namespace {

constexpr std::string_view kHogwild = name_of(kSharingSchemes, SharingScheme::hogwild);

using Make = std::unique_ptr<Sharing> (*)(const TrainConfig&, const AgentFactory&);

std::unique_ptr<Sharing> make_hogwild(const TrainConfig& config, const AgentFactory& agents) {
  if (config.gradients_per_update > 1) return make_averaged(config, agents);
  return std::make_unique<Hogwild>(config, agents);
}

std::unique_ptr<Sharing> make_peers(const TrainConfig& config, const AgentFactory& agents) {
  const bool gradient = find_named(kTrackings, "tracking", config.tracking) == Tracking::gradient;
  return gradient ? make_next(config, agents) : make_gala(config, agents);
}

Make maker_of(SharingScheme scheme) {
  switch (scheme) {
    case SharingScheme::server:
      return make_server;
    case SharingScheme::peers:
      return make_peers;
    case SharingScheme::hogwild:
      break;
  }
  return make_hogwild;
}

/// Schemes that an algorithm is defined with.
constexpr auto kRequired = std::to_array<Named<Make>>({
    {kRoundsScheme, make_rounds},
});

/// Throws UsageError for a key that belongs to one array which all workers share.
void check_hogwild(const TrainConfig& config, std::string_view required) {
  if (config.sharing == kHogwild) return;
  if (!required.empty()) {
    throw UsageError(fmt::format("algorithm '{}' learns in {} of all workers; expected sharing = {}, got {}; take a3c",
                                 config.algorithm, required, kHogwild, config.sharing));
  }
  if (config.gradients_per_update != 1) {
    throw UsageError(fmt::format("sharing '{}' averages no gradients; expected gradients_per_update = 1, got {}",
                                 config.sharing, config.gradients_per_update));
  }
}

}  // namespace

std::unique_ptr<Sharing> make_sharing(const TrainConfig& config, const AgentFactory& agents) {
  const std::string_view required = agents.sharing();
  const Make make = required.empty() ? maker_of(find_named(kSharingSchemes, "sharing", config.sharing))
                                     : find_named(kRequired, "sharing scheme", required);
  check_hogwild(config, required);
  return make(config, agents);
}

}  // namespace sounder
