#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sounder {

/// The name in another library of a key of the configuration.
struct OtherName {
  std::string_view name;
  std::string_view key;
};

/// Returns the names in Stable-Baselines3, CleanRL, RLlib and Tianshou that differ from ours. A name that corresponds
/// to several keys has an entry for each.
std::span<const OtherName> other_names();

/// Returns the keys that correspond to another library's name: "rollout" for "n_steps". Usually one; none for an
/// unknown name. Dashes count as underscores.
std::vector<std::string> keys_for_other_name(std::string_view name);

}  // namespace sounder
