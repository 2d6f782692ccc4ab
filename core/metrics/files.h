#pragma once

#include <filesystem>
#include <string>

namespace sounder {

/// Reads a whole file. Throws Error if it cannot be read.
std::string read_text_file(const std::filesystem::path& path);

/// Throws an Error that describes an exception of std::filesystem.
[[noreturn]] void rethrow_as_error(const std::filesystem::filesystem_error& error);

/// Calls an action that uses std::filesystem, and converts that library's exceptions to Error.
template <class Action>
auto with_file_errors(Action action) {
  try {
    return action();
  } catch (const std::filesystem::filesystem_error& error) {
    rethrow_as_error(error);
  }
}

}  // namespace sounder
