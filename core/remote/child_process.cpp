#include "core/remote/child_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <string_view>

#include "core/remote/guardian_image.h"
#include "core/remote/printable.h"
#include "core/remote/processors.h"
#include "core/spawn.h"
#include "envs/error.h"

extern char** environ;  // NOLINT: POSIX has no header for it

namespace sounder::remote {
namespace {

constexpr std::string_view kSocketVariable = "SOUNDER_ENV_FD";

constexpr std::size_t kKeptLines = 12;
constexpr std::size_t kLongestLine = 500;

[[noreturn]] void fail(std::string_view what, int error) {
  throw Error(fmt::format("cannot start an environment process: {}: {}", what, std::strerror(error)));
}

/// Moves a descriptor beyond the numbers that a child's descriptors get, so that assigning those overwrites no other.
/// Other children do not inherit it, so that it closes when its owners end.
Descriptor moved_away(int number) {
  Descriptor low(number);
  const int high = ::fcntl(number, F_DUPFD_CLOEXEC, kLifeline + 1);
  if (high < 0) fail("fcntl", errno);
  return Descriptor(high);
}

struct DescriptorPair {
  Descriptor ours;
  Descriptor its;
};

DescriptorPair make_socket() {
  std::array<int, 2> ends;
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) fail("socketpair", errno);
  Descriptor its(ends[1]);
  return {moved_away(ends[0]), moved_away(its.release())};
}

/// Makes a pipe, of which this process keeps the read end.
DescriptorPair make_pipe() {
  std::array<int, 2> ends;
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) fail("pipe", errno);
  Descriptor its(ends[1]);
  return {moved_away(ends[0]), moved_away(its.release())};
}

/// Makes a file in memory that holds the guardian's program.
Descriptor guardian_file() {
  constexpr const char* kName = "env-guardian";
#ifdef MFD_EXEC
  int file = ::memfd_create(kName, MFD_CLOEXEC | MFD_EXEC);
  if (file < 0 && errno == EINVAL) file = ::memfd_create(kName, MFD_CLOEXEC);  // Linux before 6.3
#else
  const int file = ::memfd_create(kName, MFD_CLOEXEC);
#endif
  if (file < 0) fail("memfd_create", errno);
  Descriptor guardian = moved_away(file);
  for (auto rest = guardian_image(); !rest.empty();) {
    const ssize_t written = ::write(guardian.get(), rest.data(), rest.size());
    if (written < 0) fail("memfd_create", errno);
    rest = rest.subspan(static_cast<std::size_t>(written));
  }
  return guardian;
}

/// Returns this process's environment variables with some replaced or added.
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

std::string describe(const ProcessEnd& end) {
  if (end.code != CLD_EXITED && end.code != CLD_KILLED && end.code != CLD_DUMPED) {
    return fmt::format("cannot be started: {}", std::strerror(end.status));
  }
  if (end.code != CLD_EXITED) return fmt::format("was killed by signal {} ({})", end.status, ::strsignal(end.status));
  // The exit codes of a shell that cannot run a command.
  if (end.status == 127) return "ended with exit code 127 (command not found)";
  if (end.status == 126) return "ended with exit code 126 (command not executable)";
  if (end.status > 128) {
    const int signal = end.status - 128;  // the signal that ended its last child
    return fmt::format("ended with exit code {} (signal {}, {})", end.status, signal, ::strsignal(signal));
  }
  return fmt::format("ended with exit code {}", end.status);
}

}  // namespace

void Descriptor::close() noexcept {
  if (number_ >= 0) ::close(std::exchange(number_, -1));
}

ChildProcess::ChildProcess(const Command& command) {
  auto [socket, its_socket] = make_socket();
  auto [output, its_output] = make_pipe();
  auto [lifeline, its_lifeline] = make_socket();
  ::fcntl(output.get(), F_SETFL, O_NONBLOCK);
  Spawn spawn;
  spawn.reset_signals();
  spawn.open(STDIN_FILENO, "/dev/null", O_RDONLY);
  spawn.give(its_output.get(), STDOUT_FILENO);
  spawn.give(its_output.get(), STDERR_FILENO);
  spawn.give(its_socket.get(), kProcessSocket);
  spawn.give(its_lifeline.get(), kLifeline);
  auto variables = command.variables;
  variables.emplace_back(kSocketVariable, fmt::format("{}", kProcessSocket));
  const PinnedScope pinned(command.processors);
  const Descriptor file = guardian_file();
  const auto [process, error] =
      spawn.start(fmt::format("/proc/self/fd/{}", file.get()),
                  {"env-guardian", fmt::format("{}", ::getpid()), command.line}, with_variables(variables));
  if (error != 0) fail("its guardian, a program in memory", error);
  guardian_ = process;
  socket_ = std::move(socket);
  output_ = std::move(output);
  lifeline_ = std::move(lifeline);
}

ChildProcess::~ChildProcess() {
  end();
}

bool ChildProcess::read_output() {
  std::array<char, 4096> chunk;
  while (true) {
    const ssize_t count = ::read(output_.get(), chunk.data(), chunk.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return true;  // no more output for now
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
  while (!end_) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    pollfd waiting{.fd = lifeline_.get(), .events = POLLIN, .revents = 0};
    const int ready = ::poll(&waiting, 1, std::max(static_cast<int>(left.count()), 0));
    if (ready > 0) read_end();
    if (ready == 0 || (ready < 0 && errno != EINTR)) return false;
  }
  return true;
}

std::optional<int> ChildProcess::exit_code() const noexcept {
  if (!end_ || end_->code != CLD_EXITED) return std::nullopt;
  return end_->status;
}

/// Reads the guardian's report of the process's end. There is none if the guardian was killed, and the process with it.
void ChildProcess::read_end() noexcept {
  ProcessEnd end{};
  ssize_t count = -1;
  while ((count = ::recv(lifeline_.get(), &end, sizeof end, MSG_WAITALL)) < 0 && errno == EINTR) continue;
  end_ = count == sizeof end ? end : ProcessEnd{.code = CLD_KILLED, .status = SIGKILL};
}

std::string ChildProcess::end() {
  if (guardian_ < 0) return {};
  ::shutdown(lifeline_.get(), SHUT_WR);
  while (::waitpid(guardian_, nullptr, 0) < 0 && errno == EINTR) continue;
  guardian_ = -1;
  // The guardian does not report a process that it had to kill.
  if (!end_) {
    ProcessEnd end{};
    if (::recv(lifeline_.get(), &end, sizeof end, MSG_DONTWAIT) == sizeof end) end_ = end;
  }
  read_output();
  return end_ ? describe(*end_) : "had not ended";
}

}  // namespace sounder::remote
