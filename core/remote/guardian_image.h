#pragma once

#include <span>

namespace sounder::remote {

/// Returns the compiled program of guardian.cpp. It is embedded in the library, so that it need not be installed or
/// found.
std::span<const unsigned char> guardian_image() noexcept;

}  // namespace sounder::remote
