#include "agents/networks/architecture.h"

#include <fmt/format.h>

#include "agents/networks/normalized_network.h"
#include "envs/error.h"
#include "envs/names.h"

namespace sounder {

void Networks::add(std::string name, Factory factory) {
  if (name.empty()) throw UsageError("a network needs a name: expected one such as 'my_network', got ''");
  if (!factory) throw UsageError(fmt::format("network '{}' needs a function that makes it, got an empty one", name));
  if (factories_.contains(name)) {
    throw UsageError(fmt::format("network '{}' is known already; add yours under another name", name));
  }
  factories_.emplace(std::move(name), std::move(factory));
}

std::unique_ptr<Architecture> Networks::make(const NetworkRequest& request) const {
  const auto found = factories_.find(request.config.network);
  if (found != factories_.end()) {
    return with_moments(found->second(request), request.config, flat_size(request.environment.observation_space));
  }
  throw UsageError(unknown_name("network", request.config.network, names()));
}

std::vector<std::string> Networks::names() const {
  std::vector<std::string> names;
  for (const auto& [name, factory] : factories_) names.push_back(name);
  return names;
}

}  // namespace sounder
