#pragma once

#include <filesystem>
#include <string>

namespace sounder {

/// Makes a new folder "<name>__<local time>" in `root`, and `root` itself if it does not exist. If the name is taken,
/// it appends "-2", "-3", ... Slashes in the name, as in "family/name-v1", become dashes. Returns the path. Throws
/// Error.
std::filesystem::path make_named_folder(const std::filesystem::path& root, std::string name);

}  // namespace sounder
