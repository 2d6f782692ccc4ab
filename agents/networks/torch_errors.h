#pragma once

#include <string>

namespace sounder {

/// Rethrows the exception that is being handled, as an Error (a UsageError if it is one) with the network's name in a
/// message of one line, the original nested. One that has the name already passes as it is.
[[noreturn]] void rethrow_named(const std::string& network);

/// Runs code of a user's network, and has the network's name in whatever it throws. Without a name, everything passes
/// as it is.
template <class Task>
auto blame_network(const std::string& name, Task task) {
  if (name.empty()) return task();
  try {
    return task();
  } catch (...) {
    rethrow_named(name);
  }
}

}  // namespace sounder
