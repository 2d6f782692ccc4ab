#include "core/remote/processors.h"

#ifdef __linux__
#include <sched.h>
#endif

namespace sounder::remote {

#ifdef __linux__

std::vector<int> allowed_processors() {
  std::vector<int> processors;
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return processors;
  for (int i = 0; i < CPU_SETSIZE; ++i) {
    if (CPU_ISSET(i, &set)) processors.push_back(i);
  }
  return processors;
}

void pin_thread(const std::vector<int>& processors) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const int processor : processors) CPU_SET(processor, &set);
  if (!processors.empty()) ::sched_setaffinity(0, sizeof set, &set);  // 0: this thread
}

#else

std::vector<int> allowed_processors() {
  return {};
}

void pin_thread(const std::vector<int>&) {}

#endif

PinnedScope::PinnedScope(const std::vector<int>& processors) {
  if (processors.empty()) return;
  before_ = allowed_processors();
  pin_thread(processors);
}

PinnedScope::~PinnedScope() {
  pin_thread(before_);
}

}  // namespace sounder::remote
