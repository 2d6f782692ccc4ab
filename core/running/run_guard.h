#pragma once

#include <functional>
#include <string>
#include <utility>

#include "core/first_failure.h"
#include "core/running/worker_group.h"
#include "envs/error.h"

namespace sounder {

/// Does the tasks of a run, on any thread. Keeps a task's failure and then stops the run.
class RunGuard {
 public:
  /// `stop` asks the run to end; it must not throw.
  RunGuard(const WorkerGroup& group, std::function<void()> stop) : group_(group), stop_(std::move(stop)) {}

  /// Does a task, and keeps its failure. `where` describes the task in errors. Returns whether it succeeded.
  template <class Task>
  bool attempt(const std::string& where, Task task) noexcept {
    try {
      task();
      return true;
    } catch (const EnvironmentLost&) {
      if (!group_.stopping()) failure_.keep(where);  // a run that stops does not wait for lost environments
    } catch (...) {
      failure_.keep(where);
    }
    stop_();
    return false;
  }

  /// Keeps the current exception, and stops the run. For catch blocks.
  void fail(const std::string& where) noexcept {
    failure_.keep(where);
    stop_();
  }

  bool failed() const noexcept { return failure_.any(); }

  /// Throws the first failure, if there is one. Call it after all threads have ended.
  void rethrow() const { failure_.rethrow(); }

 private:
  const WorkerGroup& group_;
  const std::function<void()> stop_;
  FirstFailure failure_;
};

}  // namespace sounder
