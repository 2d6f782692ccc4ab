#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace sounder::remote {

/// Makes of an error frame's payload, or of whatever a process printed, UTF-8 that can be shown: control characters,
/// those that turn the direction of a line, and bytes that are no UTF-8 become "?", and its length is limited (in
/// bytes).
std::string printable(std::string_view text, std::size_t most = 400);
inline std::string printable(std::span<const std::byte> bytes) {
  return printable(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

}  // namespace sounder::remote
