#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace sounder::sweeping {

/// A process to start.
struct Launch {
  std::size_t id;  ///< the caller's name for it
  std::filesystem::path program;
  std::vector<std::string> arguments;  ///< without the program's name
  std::filesystem::path log;           ///< gets its stderr; its stdout is dropped
  std::string name = {};               ///< by which the program is called; empty: that of its file
};

/// How a process ended.
struct Ending {
  int exit_code = 0;     ///< if no signal ended it
  int signal = 0;        ///< that ended it; 0: none did
  bool stopped = false;  ///< after all were asked to stop
};

/// Where processes come from, and who hears of their ends; both are called on the thread of run_processes.
struct ProcessQueue {
  std::size_t jobs;                             ///< that run at the same time, at least 1
  std::function<std::optional<Launch>()> next;  ///< nothing: there are no more
  std::function<void(std::size_t id, const Ending& ending)> ended;
};

/// Runs processes until there are no more. On SIGINT, SIGTERM or SIGHUP it starts no further ones, sends SIGINT to
/// those that run and waits for them; a second signal kills them and exits at once. Each process has a process group of
/// its own, so that Ctrl-C reaches it once, from here. Returns the signal, 0 if none came. Throws Error if a process
/// cannot be started; that, and what the queue's functions throw, stops the others first.
int run_processes(const ProcessQueue& queue);

}  // namespace sounder::sweeping
