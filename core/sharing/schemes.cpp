// The list of sharing schemes, and which of them a run takes.
#include <array>
#include <string_view>

#include "core/learning/agent.h"
#include "core/named.h"
#include "core/sharing/averaged.h"
#include "core/sharing/hogwild.h"
#include "core/sharing/sharing.h"

namespace sounder {
namespace {

constexpr std::string_view kHogwild = "hogwild";
constexpr std::string_view kAveraged = "averaged";

std::unique_ptr<Sharing> make_hogwild(const TrainConfig& config, const AgentFactory& agents) {
  return std::make_unique<Hogwild>(config, agents);
}

/// The list of sharing schemes.
constexpr auto kSchemes = std::to_array<Named<std::unique_ptr<Sharing> (*)(const TrainConfig&, const AgentFactory&)>>({
    {kHogwild, make_hogwild},
    {kAveraged, make_averaged},
    {kRoundsScheme, make_rounds},
});

std::string_view scheme_of(const TrainConfig& config, const AgentFactory& agents) {
  if (!agents.sharing().empty()) return agents.sharing();
  return config.gradients_per_update > 1 ? kAveraged : kHogwild;
}

}  // namespace

std::unique_ptr<Sharing> make_sharing(const TrainConfig& config, const AgentFactory& agents) {
  return find_named(kSchemes, "sharing scheme", scheme_of(config, agents))(config, agents);
}

}  // namespace sounder
