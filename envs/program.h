#pragma once

#include <string>

namespace sounder {

/// Returns the program's name as the user called it, "sounder" unless set_program_name() changed it. Messages that
/// suggest a command use it, because a user's own program has environments and networks that `sounder` lacks.
const std::string& program_name() noexcept;

/// Returns the same without folders: what a line of its own begins with.
std::string program_file_name();

/// Sets the program's name. Not thread-safe: call it at the program's start, while there is one thread.
void set_program_name(std::string name);

}  // namespace sounder
