#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace sounder {

/// Finds the known name nearest to a mistyped one, by edits (insert, delete, replace, swap neighbours; case is
/// ignored). Nothing if none is near: more than a third of the letters differ.
std::optional<std::string> nearest_name(std::string_view typed, std::span<const std::string> known);

/// Formats the error for an unknown name in one line: "unknown environment 'CartPole-v9'; did you mean 'CartPole-v1'?",
/// or, where no known name is near, "unknown environment 'X'; known are A, B, C".
std::string unknown_name(std::string_view kind, std::string_view typed, std::span<const std::string> known);

/// Formats the same error where the names that were meant are known: "...; did you mean 'A' or 'B'?".
std::string did_you_mean(std::string_view kind, std::string_view typed, std::span<const std::string> meant);

}  // namespace sounder
