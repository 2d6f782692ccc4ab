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

/// Refuses bounds that bound nothing: NaN compares false to every number, and would mean that there is none.
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
  if (environment.masks_actions()) mask_size(environment.spec().action_space);  // throws for what cannot be masked
  // Of the number of a state, a network makes nothing; all else, wrappers included, then sees a Box.
  const bool one_hot = has_one_hot(environment.spec().observation_space);
  if (one_hot) environment = Environment(OneHotObservation<Environment>(std::move(environment)));
  for (const std::string& wrapper : view.wrappers) {
    if (one_hot && wrapper == "one_hot_observation") continue;  // it is on already
    environment = wrap(std::move(environment), wrapper);
  }
  // The one place where actions are bounded, for training, evaluating and watching alike. Not within the policy: its
  // log-probability is of the action as it was drawn. Not in make: replaying and checking want the environment as it
  // is, and what it does with actions beyond its bounds is part of that.
  return view.bounds == ActionBounds::squash ? squash_actions(std::move(environment))
                                             : clip_actions(std::move(environment));
}

void Registry::add(std::string id, Factory factory) {
  if (!factory) throw UsageError(fmt::format("environment '{}' needs a function that makes it, got an empty one", id));
  const auto make = [factory = std::move(factory), id](const OptionValues& options) {
    set_options({}, options, id);  // it takes none
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
