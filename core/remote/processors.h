#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/remote/child_process.h"

namespace sounder::remote {

/// Returns the processors that this process may run on; empty if unknown.
std::vector<int> allowed_processors();

/// Restricts the calling thread to the given processors. Does nothing if the list is empty or the system does not
/// support or allow it.
void pin_thread(const std::vector<int>& processors);

/// Restricts the calling thread until the end of the scope. Threads and processes that it starts meanwhile inherit the
/// restriction.
class PinnedScope {
 public:
  explicit PinnedScope(const std::vector<int>& processors);
  PinnedScope(const PinnedScope&) = delete;
  PinnedScope& operator=(const PinnedScope&) = delete;
  ~PinnedScope();

 private:
  std::vector<int> before_;
};

/// Claims one processor for each of several pinned threads, visible to other processes on this machine. Takes the
/// allowed processors with the fewest claims, lowest number first, so that two trainers share none while there are
/// enough. A claim is an abstract socket name, which all users see, leaves no file behind and ends with this object or
/// the process. Other containers do not see it.
class ProcessorClaims {
 public:
  struct Wanted {
    std::size_t threads;
    std::vector<int> allowed = allowed_processors();
    std::string name = "sounder/processor";  ///< prefix of the claims' names
  };
  /// Claims one processor for each thread, and processors repeatedly if there are more threads than processors. Claims
  /// nothing if the system refuses or no processor is allowed.
  explicit ProcessorClaims(const Wanted& wanted);

  /// Returns one processor for each thread; empty if nothing was claimed.
  const std::vector<int>& processors() const noexcept { return processors_; }

 private:
  std::vector<int> processors_;
  std::vector<Descriptor> claims_;
};

}  // namespace sounder::remote
