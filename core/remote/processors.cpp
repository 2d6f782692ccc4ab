#include "core/remote/processors.h"

#include <fmt/format.h>
#ifdef __linux__
#include <sched.h>
#endif
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <optional>

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
  if (!processors.empty()) ::sched_setaffinity(0, sizeof set, &set);  // 0 means this thread
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

namespace {

/// Claims a name. Returns nothing if it is taken, and a descriptor of -1 if the system does not support claims.
std::optional<Descriptor> claim(const std::string& name) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::size_t length = std::min(name.size(), sizeof address.sun_path - 1);
  std::copy_n(name.begin(), length, address.sun_path + 1);  // after a zero byte: an abstract name
  Descriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + length);
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): the system's interface
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), size) == 0) return socket;
  if (errno == EADDRINUSE) return std::nullopt;
  return Descriptor();
}

}  // namespace

ProcessorClaims::ProcessorClaims(const Wanted& wanted) {
  if (wanted.allowed.empty()) return;
  // Cycles through the allowed processors; each cycle tries the next claim on each.
  for (std::size_t i = 0; processors_.size() < wanted.threads; ++i) {
    const int processor = wanted.allowed[i % wanted.allowed.size()];
    auto claimed = claim(fmt::format("{}/{}/{}", wanted.name, processor, i / wanted.allowed.size()));
    if (!claimed) continue;
    processors_.push_back(processor);
    claims_.push_back(*std::move(claimed));
  }
}

}  // namespace sounder::remote
