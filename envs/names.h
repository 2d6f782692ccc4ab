#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace sounder {

/// Finds the known name nearest to a mistyped one by edit distance (insert, delete, replace, swap neighbours; case is
/// ignored). Returns nothing if more than a third of the letters differ.
std::optional<std::string> nearest_name(std::string_view typed, std::span<const std::string> known);

/// Formats the error for an unknown name in one line: "unknown environment 'CartPole-v9'; did you mean 'CartPole-v1'?",
/// or, if no known name is near, "unknown environment 'X'; known are A, B, C".
std::string unknown_name(std::string_view kind, std::string_view typed, std::span<const std::string> known);

/// Formats the same error with the intended names: "...; did you mean 'A' or 'B'?".
std::string did_you_mean(std::string_view kind, std::string_view typed, std::span<const std::string> meant);

}  // namespace sounder
