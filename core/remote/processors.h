#pragma once

#include <vector>

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

}  // namespace sounder::remote
