// The list of sharing schemes, and which of them a run takes.
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "core/learning/agent.h"
#include "core/sharing/averaged.h"
#include "core/sharing/hogwild.h"
#include "core/sharing/sharing.h"
#include "envs/error.h"
#include "envs/names.h"

namespace sounder {
namespace {

struct Scheme {
  std::string_view name;
  std::unique_ptr<Sharing> (*make)(const TrainConfig&, const AgentFactory&);
};

std::unique_ptr<Sharing> make_hogwild(const TrainConfig& config, const AgentFactory& agents) {
  return std::make_unique<Hogwild>(config, agents);
}

/// A new scheme is a line here.
constexpr std::array kSchemes{
    Scheme{"hogwild", make_hogwild},
    Scheme{"averaged", make_averaged},
    Scheme{"rounds", make_rounds},
};

std::string_view scheme_of(const TrainConfig& config, const AgentFactory& agents) {
  if (!agents.sharing().empty()) return agents.sharing();
  return config.gradients_per_update > 1 ? "averaged" : "hogwild";
}

}  // namespace

std::unique_ptr<Sharing> make_sharing(const TrainConfig& config, const AgentFactory& agents) {
  const std::string_view name = scheme_of(config, agents);
  std::vector<std::string> names;
  for (const Scheme& scheme : kSchemes) {
    if (scheme.name == name) return scheme.make(config, agents);
    names.emplace_back(scheme.name);
  }
  throw UsageError(unknown_name("sharing scheme", name, names));
}

}  // namespace sounder
