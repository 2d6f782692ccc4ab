#include "envs/registry.h"

#include <fmt/format.h>

#include <utility>

#include "envs/error.h"
#include "envs/names.h"
#include "envs/wrappers/by_name.h"
#include "envs/wrappers/clip_action.h"
#include "envs/wrappers/squash_action.h"

namespace sounder {

void Registry::add(std::string id, Factory factory) {
  if (id.empty()) throw UsageError("an environment needs a name: expected one such as 'MyTask-v0', got ''");
  if (!factory) throw UsageError(fmt::format("environment '{}' needs a function that makes it, got an empty one", id));
  if (factories_.contains(id)) {
    throw UsageError(fmt::format("environment '{}' is registered already; register yours under another name", id));
  }
  factories_.emplace(std::move(id), std::move(factory));
}

Environment Registry::make(std::string_view id) const {
  const auto found = factories_.find(id);
  if (found == factories_.end()) throw UsageError(unknown_name("environment", id, ids()));
  return found->second();
}

Environment Registry::make_for_policy(std::string_view id, const PolicyView& view) const {
  Environment environment = make(id);
  for (const std::string& wrapper : view.wrappers) environment = wrap(std::move(environment), wrapper);
  // The one place where actions are bounded, for training, evaluating and watching alike. Not within the policy: its
  // log-probability is of the action as it was drawn. Not in make: replaying and checking want the environment as it
  // is, and what it does with actions beyond its bounds is part of that.
  return view.bounds == ActionBounds::squash ? squash_actions(std::move(environment))
                                             : clip_actions(std::move(environment));
}

bool Registry::contains(std::string_view id) const {
  return factories_.contains(id);
}

std::vector<std::string> Registry::ids() const {
  std::vector<std::string> ids;
  ids.reserve(factories_.size());
  for (const auto& [id, factory] : factories_) ids.push_back(id);
  return ids;
}

}  // namespace sounder
