#include "core/sharing/store/target_parameters.h"

#include <cassert>
#include <optional>
#include <thread>

namespace sounder {

TargetParameters::TargetParameters(std::size_t size, std::int64_t interval)
    : interval_(interval), parameters_(size), staging_(size) {
  assert(interval > 0);
}

std::uint64_t TargetParameters::pull(std::uint64_t version, std::span<float> out) const noexcept {
  assert(out.size() == size());
  // Before the floats: it never counts a copy of which they may lack a part.
  const std::uint64_t complete = claims_.version();
  if (complete != version) parameters_.load(out);
  return complete;
}

TargetParameters::Snapshot TargetParameters::snapshot() const {
  constexpr int kTries = 1'000;
  Snapshot copy{.parameters = std::vector<float>(size()), .next_step = 0};
  const auto load = [&] { parameters_.load<TargetClaims<>::kSnapshotOrder>(copy.parameters); };
  for (int attempt = 0; attempt < kTries; ++attempt) {
    if (const std::optional<std::int64_t> next = claims_.try_snapshot(load)) {
      copy.next_step = *next;
      return copy;
    }
    std::this_thread::yield();  // to the worker that copies, where cores are few
  }
  return copy;
}

void TargetParameters::restore(const Snapshot& snapshot) noexcept {
  parameters_.store(snapshot.parameters);
  claims_.restore(snapshot.next_step);  // with a version that nobody holds: all workers pull
}

}  // namespace sounder
