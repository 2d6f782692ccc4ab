#pragma once

#include <filesystem>
#include <span>
#include <vector>

namespace sounder {

/// Leaves out paths that lead where an earlier one does: the same one again, or a link such as runs/latest.
std::vector<std::filesystem::path> each_once(std::span<const std::filesystem::path> paths);

}  // namespace sounder
