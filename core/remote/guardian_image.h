#pragma once

#include <span>

namespace sounder::remote {

/// The program that guardian.cpp is compiled to. A program of its own that need not be installed, or found: whatever is
/// linked with this library has it.
std::span<const unsigned char> guardian_image() noexcept;

}  // namespace sounder::remote
