#pragma once

#include <string>

namespace sounder {

/// Says in a line the program's version, the versions of what it was built with, and the level of its kernels. Throws
/// UsageError as level() does.
std::string version_text();

}  // namespace sounder
