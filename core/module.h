#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

namespace sounder {

// Code that depends on a library that is slow to load (LibTorch: 288 shared libraries) is in a module, a shared library
// of ours that is loaded when a run needs it. A program that needs no module starts in milliseconds and runs where the
// library is not installed.

/// The contents of a module. A module exports one function, `extern "C" const sounder::Module* sounder_module()`.
/// Module and program exchange objects of C++ types, so both must be compiled with the same definitions of them.
struct Module {
  const char* interface;  ///< identifies those definitions
  const void* functions;  ///< the module's table of functions, of the type that the interface defines
};

/// Identifies a module that code needs.
struct ModuleRequest {
  std::string_view name;       ///< "torch" is the file sounder_torch.so
  std::string_view interface;  ///< interface that this program was compiled with
  std::string_view remedy;     ///< what to install if the module is missing or does not load; ends the error's sentence
};

/// Finds a module's file without loading it. Searches where the system searches for the program's own libraries: its
/// RUNPATH (../lib/sounder for an installed program; the installation for a program that links an installed Sounder)
/// and LD_LIBRARY_PATH. Thread-safe.
std::optional<std::filesystem::path> find_module(std::string_view name);

/// Loads a module on the first call and returns its table of functions. Modules are never unloaded. Throws UsageError
/// if the file is missing, and Error if it does not load or has a different interface. Thread-safe. Blocks while the
/// system loads the module's libraries.
const void* load_module(const ModuleRequest& request);

}  // namespace sounder
