#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "envs/error.h"
#include "envs/names.h"

namespace sounder {

/// A list of entries with the names that a configuration uses for them.
template <class Entry>
using Named = std::vector<std::pair<std::string, Entry>>;

/// Finds an entry by name. Throws UsageError for an unknown name, naming the nearest known one.
template <class Entry>
const Entry& find_named(const Named<Entry>& list, std::string_view kind, std::string_view name) {
  const auto entry = std::ranges::find(list, name, &std::pair<std::string, Entry>::first);
  if (entry != list.end()) return entry->second;
  std::vector<std::string> known;
  for (const auto& [known_name, unused] : list) known.push_back(known_name);
  throw UsageError(unknown_name(kind, name, known));
}

}  // namespace sounder
