#include "core/remote/child_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <string_view>
#include <thread>

#include "core/remote/printable.h"
#include "core/remote/processors.h"
#include "envs/error.h"

extern char** environ;  // NOLINT: POSIX has no header for it

namespace sounder::remote {
namespace {

// The descriptors of a child: its input, its output twice, and its socket.
constexpr int kChildSocket = 3;
constexpr std::string_view kSocketVariable = "SOUNDER_ENV_FD";

constexpr std::size_t kKeptLines = 12;
constexpr std::size_t kLongestLine = 500;

[[noreturn]] void fail(std::string_view what, int error) {
  throw Error(fmt::format("cannot start an environment process: {}: {}", what, std::strerror(error)));
}

struct DescriptorPair {
  Descriptor ours;
  Descriptor its;
};

// Close-on-exec: no other child inherits them, so that each closes when its two owners end.
DescriptorPair make_socket() {
  std::array<int, 2> ends;
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) fail("socketpair", errno);
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

/// A pipe of which this process has the end to read.
DescriptorPair make_pipe() {
  std::array<int, 2> ends;
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) fail("pipe", errno);
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

/// What is to be different in a new process: its descriptors, its group, and that no signal is blocked or ignored.
class Spawn {
 public:
  Spawn() {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawnattr_init(&attributes_);
    sigset_t none;
    sigset_t all;
    ::sigemptyset(&none);
    ::sigfillset(&all);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    ::posix_spawnattr_setsigdefault(&attributes_, &all);
    ::posix_spawnattr_setpgroup(&attributes_, 0);
    ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  }
  Spawn(const Spawn&) = delete;
  Spawn& operator=(const Spawn&) = delete;
  ~Spawn() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }

  void give(int ours, int its) { ::posix_spawn_file_actions_adddup2(&actions_, ours, its); }
  void give_nothing(int its, int mode) { ::posix_spawn_file_actions_addopen(&actions_, its, "/dev/null", mode, 0); }

  /// Runs a shell with these arguments.
  pid_t shell(std::vector<std::string> arguments, std::vector<std::string> variables) {
    arguments.insert(arguments.begin(), "sh");
    const std::vector<char*> argument_list = pointers(arguments);
    const std::vector<char*> variable_list = pointers(variables);
    pid_t process = -1;
    const int error =
        ::posix_spawn(&process, "/bin/sh", &actions_, &attributes_, argument_list.data(), variable_list.data());
    if (error != 0) fail("/bin/sh", error);
    return process;
  }

 private:
  static std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> list;
    for (std::string& text : texts) list.push_back(text.data());
    list.push_back(nullptr);
    return list;
  }

  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

/// This process's variables, with others in place of those of the same name.
std::vector<std::string> with_variables(const std::vector<std::pair<std::string, std::string>>& changed) {
  std::vector<std::string> all;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text = *variable;
    const std::string_view name = text.substr(0, text.find('='));
    if (std::ranges::none_of(changed, [&](const auto& other) { return other.first == name; })) all.emplace_back(text);
  }
  for (const auto& [name, value] : changed) all.push_back(name + '=' + value);
  return all;
}

/// How a process ended that has; none while it goes on. It is not reaped: its number remains its own.
std::optional<siginfo_t> ended(pid_t process) noexcept {
  siginfo_t info{};
  if (::waitid(P_PID, static_cast<id_t>(process), &info, WEXITED | WNOHANG | WNOWAIT) != 0) return std::nullopt;
  if (info.si_pid == 0) return std::nullopt;
  return info;
}

void reap(pid_t process) noexcept {
  while (::waitpid(process, nullptr, 0) < 0 && errno == EINTR) continue;
}

/// Has what a shell started, and left behind when it was killed, become this process's children: whoever comes next in
/// line, in a container say, may never reap them.
void inherit_orphans() noexcept {
#ifdef __linux__
  ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
#endif
}

/// Reaps all of a group that was killed: its leader first, then what that leaves.
void reap_group(pid_t leader) noexcept {
  reap(leader);
  while (::waitpid(-leader, nullptr, 0) > 0 || errno == EINTR) continue;
}

std::string describe(const siginfo_t& info) {
  // What a shell says of a command that it cannot run.
  if (info.si_code == CLD_EXITED && info.si_status == 127) return "ended with exit code 127 (command not found)";
  if (info.si_code == CLD_EXITED && info.si_status == 126) return "ended with exit code 126 (command not executable)";
  if (info.si_code == CLD_EXITED && info.si_status > 128) {
    const int signal = info.si_status - 128;  // of its last child
    return fmt::format("ended with exit code {} (signal {}, {})", info.si_status, signal, ::strsignal(signal));
  }
  if (info.si_code == CLD_EXITED) return fmt::format("ended with exit code {}", info.si_status);
  return fmt::format("was killed by signal {} ({})", info.si_status, ::strsignal(info.si_status));
}

}  // namespace

void Descriptor::close() noexcept {
  if (number_ >= 0) ::close(std::exchange(number_, -1));
}

ChildProcess::ChildProcess(const Command& command) {
  auto [socket, its_socket] = make_socket();
  auto [output, its_output] = make_pipe();
  socket_ = std::move(socket);
  output_ = std::move(output);
  ::fcntl(output_.get(), F_SETFL, O_NONBLOCK);
  start(command, its_socket, its_output);
  try {
    start_guardian();
  } catch (...) {
    end();
    throw;
  }
}

ChildProcess::~ChildProcess() {
  end();
}

void ChildProcess::start(const Command& command, Descriptor& its_socket, Descriptor& its_output) {
  Spawn spawn;
  spawn.give_nothing(STDIN_FILENO, O_RDONLY);
  spawn.give(its_output.get(), STDOUT_FILENO);
  spawn.give(its_output.get(), STDERR_FILENO);
  spawn.give(its_socket.get(), kChildSocket);
  auto variables = command.variables;
  variables.emplace_back(kSocketVariable, fmt::format("{}", kChildSocket));
  inherit_orphans();
  const PinnedScope pinned(command.processors);
  process_ = spawn.shell({"-c", command.line}, with_variables(variables));
}

void ChildProcess::start_guardian() {
  auto [ours, its] = make_socket();
  Spawn spawn;
  spawn.give(its.get(), STDIN_FILENO);
  spawn.give_nothing(STDOUT_FILENO, O_WRONLY);
  spawn.give_nothing(STDERR_FILENO, O_WRONLY);
  // A line says that all is over; its end without one, that nobody will see to it.
  guardian_ =
      spawn.shell({"-c", R"(read -r _ || kill -s KILL -- "-$1")", "sounder-guardian", fmt::format("{}", process_)},
                  with_variables({}));
  lifeline_ = std::move(ours);
}

bool ChildProcess::read_output() {
  std::array<char, 4096> chunk;
  while (true) {
    const ssize_t count = ::read(output_.get(), chunk.data(), chunk.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return true;  // nothing more for now
    if (count == 0) return false;
    for (const char c : std::string_view(chunk.data(), static_cast<std::size_t>(count))) {
      if (c != '\n') {
        if (unfinished_line_.size() <= kLongestLine) unfinished_line_ += c;
        continue;
      }
      lines_.push_back(std::exchange(unfinished_line_, {}));
      if (lines_.size() > kKeptLines) lines_.pop_front();
    }
  }
}

std::string ChildProcess::last_output() const {
  std::string text;
  for (const std::string& line : lines_) text += "\n    " + printable(std::string_view(line), kLongestLine);
  if (!unfinished_line_.empty()) text += "\n    " + printable(std::string_view(unfinished_line_), kLongestLine);
  return text;
}

bool ChildProcess::wait_for_end(std::chrono::milliseconds limit) noexcept {
  using Clock = std::chrono::steady_clock;
  const auto deadline = Clock::now() + limit;
  std::chrono::milliseconds pause{1};
  while (!ended(process_)) {
    if (Clock::now() >= deadline) return false;
    std::this_thread::sleep_for(pause);
    pause = std::min(2 * pause, std::chrono::milliseconds(20));
  }
  return true;
}

std::optional<int> ChildProcess::exit_code() const noexcept {
  const auto info = ended(process_);
  if (!info || info->si_code != CLD_EXITED) return std::nullopt;
  return info->si_status;
}

std::string ChildProcess::end() {
  if (process_ < 0) return {};
  const auto end = ended(process_);
  ::kill(-process_, SIGKILL);  // before it is reaped: until then the group's number is nobody else's
  reap_group(process_);
  process_ = -1;
  if (guardian_ >= 0) {
    ::send(lifeline_.get(), "\n", 1, MSG_NOSIGNAL);
    lifeline_.close();
    reap(guardian_);
    guardian_ = -1;
  }
  read_output();
  return end ? describe(*end) : "had not ended";
}

}  // namespace sounder::remote
