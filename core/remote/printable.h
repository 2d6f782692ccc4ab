#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace sounder::remote {

/// Converts an error frame's payload or a process's output to UTF-8 that is safe to show. Control characters,
/// characters that change the direction of text, and invalid UTF-8 become "?". The length is limited to `most` bytes.
std::string printable(std::string_view text, std::size_t most = 400);
inline std::string printable(std::span<const std::byte> bytes) {
  return printable(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

}  // namespace sounder::remote
