#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

namespace sounder {

// What links a library that takes long to load (LibTorch: 288 shared libraries) is a module: a shared library of ours
// that is loaded when a run needs it. A program that needs none starts in milliseconds, and runs where the library is
// not installed.

/// What a module gives. It exports one function, `extern "C" const sounder::Module* sounder_module()`. Module and
/// program pass each other objects of C++ types, so both have to be compiled against the same definitions of these.
struct Module {
  const char* interface;  ///< identifies those definitions
  const void* functions;  ///< the module's table of functions, of the type that the interface defines
};

/// A module, as the code that needs it asks for it.
struct ModuleRequest {
  std::string_view name;       ///< "torch" is the file sounder_torch.so
  std::string_view interface;  ///< that this program was compiled against
  std::string_view remedy;     ///< what to install where the module is missing or does not load; ends the sentence
};

/// Finds a module's file without loading it. It is searched for where the system searches for the program's own
/// libraries: the program's RUNPATH (an installed program's leads to ../lib/sounder; that of a program which links an
/// installed Sounder, to that installation) and LD_LIBRARY_PATH. To be called by any thread.
std::optional<std::filesystem::path> find_module(std::string_view name);

/// Loads a module and returns its table of functions; a module that is loaded already is not loaded again, and none is
/// ever unloaded. Throws UsageError where there is no such file, and Error where it does not load or has another
/// interface. To be called by any thread; blocks while the system loads the module's libraries.
const void* load_module(const ModuleRequest& request);

}  // namespace sounder
