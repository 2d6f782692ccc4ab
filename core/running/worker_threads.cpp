#include "core/running/worker_threads.h"

#include <fmt/format.h>

#include <chrono>
#include <thread>
#include <utility>

namespace sounder {

namespace {

/// Leaves the processor to others; longer once nothing has gone on for a while.
void pause(int times) {
  constexpr int kYields = 100;
  constexpr std::chrono::microseconds kSleep{50};
  times < kYields ? std::this_thread::yield() : std::this_thread::sleep_for(kSleep);
}

}  // namespace

WorkerThreads::WorkerThreads(Parts parts)
    : parts_(std::move(parts)),
      running_(parts_.threads),
      phase_(static_cast<std::ptrdiff_t>(parts_.threads), EndPhase{this}) {}

void WorkerThreads::start() {
  rounds_over_ = over();
  for (std::size_t i = 0; i < parts_.threads; ++i) threads_.emplace_back([this, i] { work(i); });
}

void WorkerThreads::join() {
  // Rounds must not wait for threads that could not be started.
  for (std::size_t i = threads_.size(); i < parts_.threads; ++i) phase_.arrive_and_drop();
  threads_.clear();
}

void WorkerThreads::work(std::size_t index) {
  WorkerGroup& group = parts_.group;
  const bool ready = parts_.guard.attempt(fmt::format("worker {}", index), [&] { parts_.prepare(index); });
  if (group.sharing().pace() == Pace::rounds) {
    work_in_rounds(index);
  } else if (ready) {
    work_freely(index);
  }
  for (std::size_t i = index; i < group.size(); i += parts_.threads) group.worker(i).mailbox().flush();
  // Acquire and release: the last thread sees the effects of the others.
  if (running_.fetch_sub(1, std::memory_order_acq_rel) == 1) parts_.finished();
}

/// Runs the workers asynchronously: none waits for another, except those that the sharing scheme holds back.
void WorkerThreads::work_freely(std::size_t index) {
  WorkerGroup& group = parts_.group;
  const bool alone = index + parts_.threads >= group.size();
  int held_back = 0;  // in a row
  for (std::size_t i = index; !over(); i = i + parts_.threads < group.size() ? i + parts_.threads : index) {
    if (!group.worker(i).ready()) {
      pause(++held_back);
      continue;
    }
    held_back = 0;
    parts_.guard.attempt(fmt::format("worker {}", i), [&] {
      if (!alone) group.worker(i).forget_replica();  // the thread's other workers have learnt in between
      group.worker(i).run_once();
      parts_.reached(group.worker(i));
    });
  }
}

/// Runs the workers in rounds: after each, all threads wait for each other. A thread whose worker failed still arrives,
/// so that none waits for ever; the failure ends the rounds.
void WorkerThreads::work_in_rounds(std::size_t index) {
  WorkerGroup& group = parts_.group;
  while (!rounds_over_) {
    for (std::size_t i = index; i < group.size() && !parts_.guard.failed(); i += parts_.threads) {
      parts_.guard.attempt(fmt::format("worker {}", i), [&] { group.worker(i).learn_once(); });
    }
    wait_for_others();
    if (!settling_) continue;
    group.sharing().settle({.index = index, .count = parts_.threads});
    wait_for_others();
  }
}

/// Ends a phase of this thread. To wake a sleeping thread takes longer than most phases, so that it stays awake for
/// some hundred microseconds, leaving the processor to whoever wants it.
void WorkerThreads::wait_for_others() {
  constexpr int kYields = 1000;
  const std::uint32_t ended = phases_.load(std::memory_order_relaxed);  // the present phase cannot end before `arrive`
  auto arrival = phase_.arrive();
  for (int i = 0; i < kYields && phases_.load(std::memory_order_relaxed) == ended; ++i) std::this_thread::yield();
  phase_.wait(std::move(arrival));  // orders what the others did before what follows
}

/// Called by one thread while the others wait.
void WorkerThreads::end_phase() noexcept {
  if (settling_) {
    parts_.group.sharing().end_settling();
    settling_ = false;
  } else if (!parts_.guard.failed()) {
    contribute();
  }
  if (!settling_) end_round();
  phases_.fetch_add(1, std::memory_order_relaxed);
}

void WorkerThreads::contribute() noexcept {
  WorkerGroup& group = parts_.group;
  parts_.guard.attempt("trainer", [&] { settling_ = group.contribute() && group.sharing().begin_settling(); });
}

void WorkerThreads::end_round() noexcept {
  WorkerGroup& group = parts_.group;
  if (!parts_.guard.failed()) {
    parts_.guard.attempt("trainer", [&] {
      for (std::size_t i = 0; i < group.size(); ++i) group.worker(i).mailbox().flush();
      parts_.reached(group.worker(0));
    });
  }
  rounds_over_ = group.stopping() || (over() && !group.worker(0).again());
}

}  // namespace sounder
