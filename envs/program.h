#pragma once

#include <string>
#include <string_view>

namespace sounder {

/// Returns the program's name as the user called it, "sounder" unless set_program_name() changed it. Messages that
/// suggest a command use it, because a user's own program has environments and networks that `sounder` lacks.
const std::string& program_name() noexcept;

/// Returns the same without folders: what a line of its own begins with.
std::string program_file_name();

/// Sets the program's name. Not thread-safe: call it at the program's start, while there is one thread.
void set_program_name(std::string name);

/// While it lives, messages are for a person at a command line: setting_name() returns options. Not thread-safe: make
/// and destroy it while there is one thread.
class OptionsInMessages {
 public:
  OptionsInMessages() noexcept;
  ~OptionsInMessages();
  OptionsInMessages(const OptionsInMessages&) = delete;
  OptionsInMessages& operator=(const OptionsInMessages&) = delete;

 private:
  bool before_;
};

/// Returns how a message names a setting: as the key that code sets, "init_from", or as the command line's option,
/// "--init-from".
std::string setting_name(std::string_view key);

}  // namespace sounder
