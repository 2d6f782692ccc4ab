#pragma once

#include <string>

#include "agents/networks/script_module.h"

namespace sounder {

/// Compiles a module and returns the file that torch::jit::load() reads. Throws what LibTorch throws for methods that
/// it does not understand.
std::string compile_script(const ScriptModule& content);

}  // namespace sounder
