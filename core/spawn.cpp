#include "core/spawn.h"

#include <unistd.h>

#include <csignal>

extern char** environ;  // NOLINT: POSIX has no header for it

namespace sounder {
namespace {

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> list;
  for (std::string& text : texts) list.push_back(text.data());
  list.push_back(nullptr);
  return list;
}

}  // namespace

Spawn::Spawn() {
  ::posix_spawn_file_actions_init(&actions_);
  ::posix_spawnattr_init(&attributes_);
  ::posix_spawnattr_setpgroup(&attributes_, 0);
  add_flags(POSIX_SPAWN_SETPGROUP);
}

Spawn::~Spawn() {
  ::posix_spawn_file_actions_destroy(&actions_);
  ::posix_spawnattr_destroy(&attributes_);
}

void Spawn::give(int ours, int its) {
  ::posix_spawn_file_actions_adddup2(&actions_, ours, its);
}

void Spawn::open(int its, const std::string& file, int flags) {
  ::posix_spawn_file_actions_addopen(&actions_, its, file.c_str(), flags, 0666);
}

void Spawn::heed(std::initializer_list<int> signals) {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signal : signals) ::sigaddset(&set, signal);
  ::posix_spawnattr_setsigdefault(&attributes_, &set);
  add_flags(POSIX_SPAWN_SETSIGDEF);
}

void Spawn::reset_signals() {
  sigset_t none;
  sigset_t all;
  ::sigemptyset(&none);
  ::sigfillset(&all);
  ::posix_spawnattr_setsigmask(&attributes_, &none);
  ::posix_spawnattr_setsigdefault(&attributes_, &all);
  add_flags(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

Spawn::Started Spawn::start(const std::string& program, std::vector<std::string> arguments) {
  return start(program, arguments, environ);
}

Spawn::Started Spawn::start(const std::string& program, std::vector<std::string> arguments,
                            std::vector<std::string> variables) {
  return start(program, arguments, pointers(variables).data());
}

Spawn::Started Spawn::start(const std::string& program, std::vector<std::string>& arguments, char* const* variables) {
  Started started;
  started.error =
      ::posix_spawn(&started.process, program.c_str(), &actions_, &attributes_, pointers(arguments).data(), variables);
  return started;
}

void Spawn::add_flags(short flags) {
  short set = 0;
  ::posix_spawnattr_getflags(&attributes_, &set);
  ::posix_spawnattr_setflags(&attributes_, static_cast<short>(set | flags));
}

}  // namespace sounder
