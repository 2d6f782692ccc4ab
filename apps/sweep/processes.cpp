#include "apps/sweep/processes.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include "core/running/stop_signals.h"
#include "core/spawn.h"
#include "envs/error.h"

namespace sounder::sweeping {
namespace {

pid_t start(const Launch& launch) {
  Spawn spawn;
  spawn.heed({SIGINT});
  spawn.open(STDIN_FILENO, "/dev/null", O_RDONLY);
  spawn.open(STDOUT_FILENO, "/dev/null", O_WRONLY);
  spawn.open(STDERR_FILENO, launch.log.string(), O_WRONLY | O_CREAT | O_TRUNC);
  std::vector<std::string> arguments{launch.name.empty() ? launch.program.filename().string() : launch.name};
  arguments.insert(arguments.end(), launch.arguments.begin(), launch.arguments.end());
  const auto [process, error] = spawn.start(launch.program.string(), std::move(arguments));
  if (error != 0) {
    throw Error(fmt::format("cannot start '{}', with its output to '{}': {}", launch.program.string(),
                            launch.log.string(), std::strerror(error)));
  }
  return process;
}

class Run {
 public:
  explicit Run(const ProcessQueue& queue) : queue_(queue) {}
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  /// Leaves no process behind, also after something was thrown.
  ~Run() {
    stops_.reset();
    send(SIGINT);
    for (const auto& [process, id] : running_) {
      while (waitpid(process, nullptr, 0) < 0 && errno == EINTR) {
      }
    }
  }

  int run() {
    stops_.emplace([this](const StopSignal& signal) { heed(signal); });
    wait_for_children();
    start_more();
    if (!running_.empty()) context_.run();  // until the last process has ended
    return signal_;
  }

 private:
  void start_more() {
    while (signal_ == 0 && running_.size() < queue_.jobs) {
      const std::optional<Launch> launch = queue_.next();
      if (!launch) return;
      const std::lock_guard lock(mutex_);
      const pid_t process = start(*launch);
      running_.emplace(process, launch->id);
      if (signal_ != 0) kill(process, SIGINT);  // it came just then
    }
  }

  void wait_for_children() {
    children_.async_wait([this](const boost::system::error_code& error, int) {
      if (error) return;
      wait_for_children();  // first: a process that ends from here on is heard of
      reap();
      start_more();
      if (running_.empty()) context_.stop();
    });
  }

  /// On a thread of its own: the other one may wait for a disk.
  void heed(const StopSignal& signal) {
    const std::lock_guard lock(mutex_);
    signal_ = signal.number;
    send(signal.count > 1 ? SIGKILL : SIGINT);
    if (signal.count > 1) ::_exit(128 + signal.number);
  }

  /// Several ends may come with one signal: every process is asked.
  void reap() {
    std::unique_lock lock(mutex_);
    for (auto process = running_.begin(); process != running_.end();) {
      int status = 0;
      if (waitpid(process->first, &status, WNOHANG) != process->first) {
        ++process;
        continue;
      }
      const std::size_t id = process->second;
      process = running_.erase(process);
      lock.unlock();
      queue_.ended(id, {.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 0,
                        .signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0,
                        .stopped = signal_ != 0});
      lock.lock();
    }
  }

  void send(int signal) const {
    for (const auto& [process, id] : running_) kill(process, signal);
  }

  const ProcessQueue& queue_;
  boost::asio::io_context context_;
  boost::asio::signal_set children_{context_, SIGCHLD};
  std::mutex mutex_;                      // of what follows, where it changes
  std::map<pid_t, std::size_t> running_;  // changed by the one thread, read by both
  std::atomic<int> signal_{0};
  std::optional<StopSignals> stops_;
};

}  // namespace

int run_processes(const ProcessQueue& queue) {
  return Run(queue).run();
}

}  // namespace sounder::sweeping
