#include "core/sharing/target_parameters.h"

#include <cassert>
#include <thread>

namespace sounder {

TargetParameters::TargetParameters(std::size_t size, std::int64_t interval)
    : interval_(interval), parameters_(size), staging_(size) {
  assert(interval > 0);
}

bool TargetParameters::refresh(std::int64_t step, const ParameterStore& store) noexcept {
  assert(store.size() == size() && step < kCopying);
  // Relaxed: a guess, which the compare-exchange checks. Most calls end here.
  std::int64_t next = due_.next_step.load(std::memory_order_relaxed);
  if (step < next) return false;
  const std::int64_t following = (step / interval_ + 1) * interval_;
  // Acquire on success: pairs with the release store at the end of the copy before, whose use of staging_ and whose
  // stores to parameters_ thus come before this one's. Relaxed on failure: another caller has it, nothing is read.
  if (!due_.next_step.compare_exchange_strong(next, following | kCopying, std::memory_order_acquire,
                                              std::memory_order_relaxed)) {
    return false;
  }
  store.pull(staging_);
  // Release: pairs with the acquire loads of a snapshot. One that sees a float of this copy sees the claim above, too.
  std::atomic_thread_fence(std::memory_order_release);
  parameters_.store(staging_);
  // Relaxed load: only who has the claim writes it. Release store: who sees this version sees all floats of it.
  due_.version.store(due_.version.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  // Release: hands staging_ and the next version over to the next claim; after the version, so that versions count
  // copies in their order.
  due_.next_step.store(following, std::memory_order_release);
  return true;
}

std::uint64_t TargetParameters::pull(std::uint64_t version, std::span<float> out) const noexcept {
  assert(out.size() == size());
  // Acquire: pairs with the release store in refresh. The relaxed loads below see that copy's floats, or newer ones;
  // the version is loaded before them, so that it never counts a copy of which they may lack a part.
  const std::uint64_t complete = due_.version.load(std::memory_order_acquire);
  if (complete != version) parameters_.load(out);
  return complete;
}

TargetParameters::Snapshot TargetParameters::snapshot() const {
  constexpr int kTries = 1'000;
  Snapshot copy{.parameters = std::vector<float>(size()), .next_step = 0};
  for (int attempt = 0; attempt < kTries; ++attempt) {
    // Acquire: pairs with the release store at the end of a copy. The loads below see all of that copy, or newer
    // floats.
    const std::int64_t next = due_.next_step.load(std::memory_order_acquire);
    // Acquire, each: pairs with the fence in refresh. Had one of them seen a float of a later copy, the load after them
    // would see that copy's claim, or what came after it: never this `next` again, since a copy's next step is later.
    parameters_.load_acquire(copy.parameters);
    if ((next & kCopying) == 0 && due_.next_step.load(std::memory_order_relaxed) == next) {
      copy.next_step = next;
      return copy;
    }
    std::this_thread::yield();  // to the worker that copies, where cores are few
  }
  return copy;
}

void TargetParameters::restore(const Snapshot& snapshot) noexcept {
  parameters_.store(snapshot.parameters);
  // Relaxed: no other thread runs yet; starting one orders what comes before it. A version that nobody holds has all
  // workers pull.
  due_.version.fetch_add(1, std::memory_order_relaxed);
  due_.next_step.store(snapshot.next_step, std::memory_order_relaxed);
}

}  // namespace sounder
