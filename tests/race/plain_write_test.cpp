// The race tests show nothing unless ThreadSanitizer finds a race where there is one.
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "tests/catch.h"

namespace {

struct Outcome {
  int exit_code;
  std::string output;  ///< standard output and standard error
};

Outcome run(const char* program) {
  const std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("sounder_plain_write_" + std::to_string(::getpid()));
  posix_spawn_file_actions_t files;
  ::posix_spawn_file_actions_init(&files);
  ::posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  ::posix_spawn_file_actions_adddup2(&files, STDOUT_FILENO, STDERR_FILENO);
  std::array<char*, 2> arguments{const_cast<char*>(program), nullptr};
  pid_t child = 0;
  const int error = ::posix_spawn(&child, program, &files, nullptr, arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&files);
  INFO(program << ": " << std::strerror(error));
  REQUIRE(error == 0);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);

  std::ifstream file(path);
  const std::string output{std::istreambuf_iterator<char>(file), {}};
  std::filesystem::remove(path);
  return {.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1, .output = output};
}

}  // namespace

TEST_CASE("ThreadSanitizer reports a plain write beside the store") {
  const Outcome outcome = run(SOUNDER_PLAIN_WRITE);
  INFO(outcome.output);
  CHECK(outcome.exit_code != 0);
  CHECK(outcome.output.find("WARNING: ThreadSanitizer: data race") != std::string::npos);
  CHECK(outcome.output.find("plain_write.cpp") != std::string::npos);
  // The store that it pushes to meanwhile is no part of any report.
  CHECK(outcome.output.find("parameter_store") == std::string::npos);
}
