#pragma once

#include <spawn.h>
#include <sys/types.h>

#include <initializer_list>
#include <span>
#include <string>
#include <vector>

namespace sounder {

/// Starts a process with posix_spawn, with its own descriptors, signals and variables. (fork would run code in a copy
/// of this process, which is unsafe after LibTorch was loaded.) The process leads its own process group, so that an
/// interrupt from the terminal does not reach it. Use it from one thread at a time.
class Spawn {
 public:
  Spawn();
  Spawn(const Spawn&) = delete;
  Spawn& operator=(const Spawn&) = delete;
  ~Spawn();

  /// Passes a descriptor of this process on, with the number `its` there.
  void give(int ours, int its);

  /// Opens a file as its descriptor number `its`. A new file (O_CREAT) has mode 0666, less the umask.
  void open(int its, const std::string& file, int flags);

  /// Restores the default action of these signals. This process may ignore them, for example if a script started it
  /// with '&'.
  void heed(std::initializer_list<int> signals);

  /// Restores the default action of all signals, and blocks none.
  void reset_signals();

  /// The new process, or an error number (errno).
  struct Started {
    pid_t process = -1;
    int error = 0;
  };
  /// Starts a program file with these arguments, of which the first is its name, and this process's environment.
  Started start(const std::string& program, std::vector<std::string> arguments);

  /// Starts it with these environment variables ("name=value") only.
  Started start(const std::string& program, std::vector<std::string> arguments, std::vector<std::string> variables);

 private:
  Started start(const std::string& program, std::vector<std::string>& arguments, char* const* variables);
  void add_flags(short flags);

  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

}  // namespace sounder
