#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sounder {

/// What another library calls a key of the configuration.
struct OtherName {
  std::string_view name;
  std::string_view key;
};

/// Lists what Stable-Baselines3, CleanRL, RLlib and Tianshou call otherwise. A name of several keys stands there once
/// for each.
std::span<const OtherName> other_names();

/// Finds the keys of the configuration that another library's name stands for: "rollout" for "n_steps". Mostly one;
/// none for a name that is not known. Dashes count as underscores.
std::vector<std::string> keys_for_other_name(std::string_view name);

}  // namespace sounder
