#pragma once

#include <cstddef>
#include <span>

namespace sounder::fuzz {

/// Reads bytes as what an environment process might send: frames from a socket, each decoded as its type says. What is
/// no frame, and what cannot be decoded, has to be an Error: anything else that comes of it is a finding.
void read_environment_stream(std::span<const std::byte> bytes);

}  // namespace sounder::fuzz
