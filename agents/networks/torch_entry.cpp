// The entry point of sounder_torch.so (core/module.h).
#include "agents/networks/backends.h"
#include "agents/networks/torch_network.h"
#include "agents/networks/torch_script.h"
#include "core/module.h"

extern "C" const sounder::Module* sounder_module() {
  static constexpr sounder::TorchFunctions kFunctions{
      .networks = {.make = sounder::make_torch_network, .prepare_thread = sounder::use_one_torch_thread},
      .compile_script = sounder::compile_script};
  static constexpr sounder::Module kModule{.interface = SOUNDER_TORCH_INTERFACE, .functions = &kFunctions};
  return &kModule;
}
