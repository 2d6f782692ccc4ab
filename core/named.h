#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "envs/error.h"
#include "envs/names.h"

namespace sounder {

/// A value and its name in the configuration. The choices of a key are a table of these, next to what it lists: help,
/// errors and factories take the names from there.
template <class Value>
struct Named {
  std::string_view name;
  Value value;
};

/// Returns the names of a table, in its order.
template <class Value, std::size_t N>
std::vector<std::string> names_of(const std::array<Named<Value>, N>& table) {
  std::vector<std::string> names;
  for (const Named<Value>& entry : table) names.emplace_back(entry.name);
  return names;
}

/// Finds a value by its name. Throws UsageError for an unknown name, with the nearest known one; `kind` describes the
/// values in the error.
template <class Value, std::size_t N>
const Value& find_named(const std::array<Named<Value>, N>& table, std::string_view kind, std::string_view name) {
  const auto found = std::ranges::find(table, name, &Named<Value>::name);
  if (found != table.end()) return found->value;
  throw UsageError(unknown_name(kind, name, names_of(table)));
}

/// Returns the name of a value, which must be in the table.
template <class Value, std::size_t N>
constexpr std::string_view name_of(const std::array<Named<Value>, N>& table, const Value& value) {
  return std::ranges::find(table, value, &Named<Value>::value)->name;
}

}  // namespace sounder
