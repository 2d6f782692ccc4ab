#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/remote/child_process.h"

namespace sounder::remote {

/// Lists the processors that this process may run on; empty where the system does not say.
std::vector<int> allowed_processors();

/// Has the calling thread run on these processors only. Nothing happens where there are none, where the system refuses,
/// or knows no such thing.
void pin_thread(const std::vector<int>& processors);

/// Does so until the end of its scope: what the thread starts meanwhile inherits it.
class PinnedScope {
 public:
  explicit PinnedScope(const std::vector<int>& processors);
  PinnedScope(const PinnedScope&) = delete;
  PinnedScope& operator=(const PinnedScope&) = delete;
  ~PinnedScope();

 private:
  std::vector<int> before_;
};

/// Processors for threads that are bound to one each, held against others that claim on this machine: of those that
/// are allowed, one that the fewest have claimed is taken, the lowest first. So two trainers share none as long as
/// there are enough. A claim ends with this object, or with the process: it is a name in the system's table of sockets
/// (abstract ones, which leave no file behind and are every user's), and is not seen in another container.
class ProcessorClaims {
 public:
  struct Wanted {
    std::size_t threads;
    std::vector<int> allowed = allowed_processors();
    std::string name = "sounder/processor";  ///< of what is claimed
  };
  /// Claims one for each thread; the same ones anew where there are more threads. Where the system refuses, or has none
  /// that are allowed, nothing is claimed.
  explicit ProcessorClaims(const Wanted& wanted);

  /// One for each thread; empty if none are known.
  const std::vector<int>& processors() const noexcept { return processors_; }

 private:
  std::vector<int> processors_;
  std::vector<Descriptor> claims_;
};

}  // namespace sounder::remote
