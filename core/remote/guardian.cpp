// The guardian of an environment process: `env-guardian TRAINER COMMAND`, a separate program embedded in
// child_process.cpp. It starts the process, and ends it and all its descendants when told to or when the trainer has
// ended in any way. There is no moment at which the process runs unwatched. Orphaned descendants become the guardian's
// children, in any session, so that none escapes. If the guardian is killed, so is the process.
//
// It needs only the C library, so it is small and starts quickly. Its name does not contain Sounder's, so that killing
// all programs of that name does not kill guardians.
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "core/remote/guardian.h"

namespace {

using namespace sounder::remote;

/// Turns this process into a shell that runs the command, in its own process group. Does not return.
[[noreturn]] void become(const char* command, pid_t guardian) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != guardian) _exit(1);  // the guardian was killed before that
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  execl("/bin/sh", "sh", "-c", command, static_cast<char*>(nullptr));
  _exit(127);
}

/// Returns the parent of a process; 0 if the process has gone.
pid_t parent_of(const char* process) {
  char text[512];
  std::snprintf(text, sizeof text, "/proc/%s/stat", process);
  const int file = open(text, O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  const ssize_t size = read(file, text, sizeof text - 1);
  close(file);
  text[size > 0 ? size : 0] = '\0';
  const char* const name_end = std::strrchr(text, ')');  // the end of the name, which may contain any character
  return name_end != nullptr && std::strlen(name_end) > 4 ? std::atoi(name_end + 4) : 0;
}

/// Kills all children. Returns whether there were any that it was allowed to kill.
bool kill_children() {
  DIR* const processes = opendir("/proc");
  if (processes == nullptr) return false;
  bool killed = false;
  while (const dirent* const entry = readdir(processes)) {
    if (parent_of(entry->d_name) != getpid()) continue;  // a child's number is not reused until it is reaped here
    killed = kill(std::atoi(entry->d_name), SIGKILL) == 0 || killed;
  }
  closedir(processes);
  return killed;
}

class Guardian {
 public:
  explicit Guardian(pid_t process) : process_(process) {}

  /// Reaps children that have ended. Reports how the process itself ended.
  void reap() {
    siginfo_t info{};
    while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG) == 0 && info.si_pid != 0) {
      if (info.si_pid == process_) {
        process_ = -1;
        const ProcessEnd end{.code = info.si_code, .status = info.si_status};
        send(kLifeline, &end, sizeof end, MSG_NOSIGNAL);
      }
      info.si_pid = 0;
    }
  }

  /// Ends all children, including those orphaned by others.
  void end_all() {
    reap();
    if (process_ > 0) kill(-process_, SIGKILL);
    while (kill_children()) {
      // The children of each process that ends become this process's.
      if (waitpid(-1, nullptr, 0) < 0) return;
    }
  }

 private:
  pid_t process_;  // -1 after its end
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  prctl(PR_SET_NAME, "env-guardian");
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  fcntl(kLifeline, F_SETFD, FD_CLOEXEC);
  // Only SIGCHLD matters. Signals from a terminal or a service manager are for the trainer.
  sigset_t signals;
  sigfillset(&signals);
  sigprocmask(SIG_SETMASK, &signals, nullptr);
  sigemptyset(&signals);
  sigaddset(&signals, SIGCHLD);
  const int ends = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
  // A copy of the trainer may hold the lifeline open, so the guardian also watches the trainer itself. Systems without
  // pidfd_open rely on the lifeline.
  const pid_t trainer = std::atoi(argv[1]);
  const int trainer_end = static_cast<int>(syscall(SYS_pidfd_open, trainer, 0));
  if (getppid() != trainer) return 0;  // the trainer has gone, and its number may be reused

  const pid_t self = getpid();
  const pid_t process = fork();
  if (process == 0) become(argv[2], self);
  if (process < 0) {
    const ProcessEnd end{.code = -1, .status = errno};
    send(kLifeline, &end, sizeof end, MSG_NOSIGNAL);
    return 1;
  }
  setpgid(process, process);  // parent and child both call this, in either order
  for (int i = 0; i <= kProcessSocket; ++i) close(i);

  Guardian guardian(process);
  pollfd waiting[] = {{.fd = kLifeline, .events = POLLIN, .revents = 0},
                      {.fd = trainer_end, .events = POLLIN, .revents = 0},
                      {.fd = ends, .events = POLLIN, .revents = 0}};
  while (true) {
    if (poll(waiting, 3, -1) < 0) continue;
    if (waiting[0].revents != 0 || waiting[1].revents != 0) break;
    signalfd_siginfo signal;
    while (read(ends, &signal, sizeof signal) > 0) continue;
    guardian.reap();
  }
  guardian.end_all();
  return 0;
}
