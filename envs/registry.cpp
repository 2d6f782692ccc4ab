#include "envs/registry.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>
#include <variant>

#include "envs/error.h"
#include "envs/names.h"
#include "envs/program.h"
#include "envs/wrappers/by_name.h"
#include "envs/wrappers/clip_action.h"
#include "envs/wrappers/one_hot_observation.h"
#include "envs/wrappers/squash_action.h"

namespace sounder {
namespace {

/// Rejects NaN bounds and empty ranges. NaN compares false with every number and would silently act as no bound.
void require_bounds(std::string_view what, const Space& space) {
  const auto* const box = std::get_if<Box>(&space);
  if (box == nullptr) return;
  for (std::size_t i = 0; i < std::min(box->low.size(), box->high.size()); ++i) {
    if (box->low[i] <= box->high[i]) continue;
    throw Error(
        fmt::format("{} space: expected low <= high, and infinity where there is no bound; number {} is from {} to {}; "
                    "'{} check' tests an environment",
                    what, i, box->low[i], box->high[i], program_name()));
  }
}

}  // namespace

Environment for_policy(Environment environment, const PolicyView& view) {
  require_bounds("observation", environment.spec().observation_space);
  require_bounds("action", environment.spec().action_space);
  if (environment.masks_actions()) mask_size(environment.spec().action_space);  // throws if they cannot be masked
  // Networks cannot learn from a state's index, so it becomes one-hot first; wrappers and networks then see a Box.
  const EnvironmentSpec bare = environment.spec();
  const bool one_hot = has_one_hot(bare.observation_space);
  if (one_hot) environment = Environment(OneHotObservation<Environment>(std::move(environment)));
  for (const std::string& wrapper : view.wrappers) {
    if (one_hot && wrapper == "one_hot_observation") continue;  // already applied
    environment = wrap(std::move(environment), wrapper);
  }
  // Actions are bounded here only, for training, evaluation and watching. The policy does not bound them, because its
  // log-probability belongs to the drawn action. make() does not either, because replaying and checking need the
  // environment unchanged, including its response to actions beyond its bounds.
  environment = view.bounds == ActionBounds::squash ? squash_actions(std::move(environment))
                                                    : clip_actions(std::move(environment));
  environment.set_bare({.observation = bare.observation_space, .action = bare.action_space});
  return environment;
}

void Registry::add(std::string id, Factory factory) {
  if (!factory) throw UsageError(fmt::format("environment '{}' needs a function that makes it, got an empty one", id));
  const auto make = [factory = std::move(factory), id](const OptionValues& options) {
    set_options({}, options, id);  // rejects every name: this environment has no options
    return factory();
  };
  add(id, Entry{.make = make});
}

void Registry::add(std::string id, Entry entry) {
  if (id.empty()) throw UsageError("an environment needs a name: expected one such as 'MyTask-v0', got ''");
  if (entries_.contains(id)) {
    throw UsageError(fmt::format("environment '{}' is registered already; register yours under another name", id));
  }
  entries_.emplace(std::move(id), std::move(entry));
}

const Registry::Entry& Registry::find(std::string_view id) const {
  const auto found = entries_.find(id);
  if (found == entries_.end()) throw UsageError(unknown_name("environment", id, ids()));
  return found->second;
}

Environment Registry::make(std::string_view id, const OptionValues& options) const {
  return find(id).make(options);
}

const std::vector<OptionDescription>& Registry::options(std::string_view id) const {
  return find(id).options;
}

Environment Registry::make_for_policy(std::string_view id, const PolicyView& view) const {
  return for_policy(make(id), view);
}

bool Registry::contains(std::string_view id) const {
  return entries_.contains(id);
}

std::vector<std::string> Registry::ids() const {
  std::vector<std::string> ids;
  ids.reserve(entries_.size());
  for (const auto& [id, entry] : entries_) ids.push_back(id);
  return ids;
}

}  // namespace sounder
