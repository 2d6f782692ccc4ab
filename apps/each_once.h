#pragma once

#include <filesystem>
#include <span>
#include <vector>

namespace sounder {

/// Removes paths that lead to the same place as an earlier one: duplicates, or links such as runs/latest.
std::vector<std::filesystem::path> each_once(std::span<const std::filesystem::path> paths);

}  // namespace sounder
