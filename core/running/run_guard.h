#pragma once

#include <functional>
#include <string>
#include <utility>

#include "core/first_failure.h"
#include "core/running/worker_group.h"
#include "envs/error.h"

namespace sounder {

/// Does the tasks of a run, on any thread: a task's failure is kept, and stops the run.
class RunGuard {
 public:
  /// `stop` asks the run to end; it must not throw.
  RunGuard(const WorkerGroup& group, std::function<void()> stop) : group_(group), stop_(std::move(stop)) {}

  /// Does a task, and keeps its failure. `where` describes the task in errors. Returns whether it had none.
  template <class Task>
  bool attempt(const std::string& where, Task task) noexcept {
    try {
      task();
      return true;
    } catch (const EnvironmentLost&) {
      if (!group_.stopping()) failure_.keep(where);  // a run that stops does not wait for an environment to come back
    } catch (...) {
      failure_.keep(where);
    }
    stop_();
    return false;
  }

  /// Keeps the exception that is being handled, and stops the run.
  void fail(const std::string& where) noexcept {
    failure_.keep(where);
    stop_();
  }

  bool failed() const noexcept { return failure_.any(); }

  /// Throws the first failure, if any. After all threads have ended.
  void rethrow() const { failure_.rethrow(); }

 private:
  const WorkerGroup& group_;
  const std::function<void()> stop_;
  FirstFailure failure_;
};

}  // namespace sounder
