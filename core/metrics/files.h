#pragma once

#include <filesystem>
#include <string>

namespace sounder {

/// Reads a whole file. Throws Error if it cannot be read.
std::string read_text_file(const std::filesystem::path& path);

/// Throws the Error that words what std::filesystem threw.
[[noreturn]] void rethrow_as_error(const std::filesystem::filesystem_error& error);

/// Does something with std::filesystem, and throws an Error where that throws its own exception.
template <class Action>
auto with_file_errors(Action action) {
  try {
    return action();
  } catch (const std::filesystem::filesystem_error& error) {
    rethrow_as_error(error);
  }
}

}  // namespace sounder
