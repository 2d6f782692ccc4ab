#pragma once

#include <string>

namespace sounder {

/// Names the program that runs, as its user called it, for messages that say what to call next: "sounder", or what
/// set_program_name was given. A user's own program has environments and networks that Sounder's lacks.
const std::string& program_name() noexcept;

/// To be called while there is one thread: at a program's start.
void set_program_name(std::string name);

}  // namespace sounder
