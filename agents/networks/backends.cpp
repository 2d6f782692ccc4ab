// The list of backends. LibTorch's is a module that is loaded with the first network that needs it.
#include "agents/networks/backends.h"

#include <fmt/format.h>

#include <algorithm>

#include "agents/networks/fused_network.h"
#include "core/module.h"
#include "envs/error.h"
#include "envs/names.h"

namespace sounder {
namespace {

constexpr const char* kTorch = "torch";
constexpr const char* kAuto = "auto";

const NetworkFunctions& fused_functions() {
  static const NetworkFunctions functions{.make = make_fused_network, .prepare_thread = [] {}};
  return functions;
}

const TorchFunctions& torch_functions() {
  static const void* const functions =
      load_module({.name = kTorch,
                   .interface = SOUNDER_TORCH_INTERFACE,
                   .remedy = "convolutions, backend 'torch' and TorchScript take LibTorch (Debian, Ubuntu: apt install "
                             "libtorch-dev) and a Sounder that was built and installed with it"});
  return *static_cast<const TorchFunctions*>(functions);
}

}  // namespace

const std::vector<Backend>& backends() {
  static const std::vector<Backend> list{
      {.name = "fused",
       .supports = [](const NetworkSpec& spec) { return spec.convolutions.empty(); },
       .installed = [] { return true; },
       .load = fused_functions},
      {.name = kTorch,
       .supports = [](const NetworkSpec& /*spec*/) { return true; },
       .installed = [] { return find_module(kTorch).has_value(); },
       .load = []() -> const NetworkFunctions& { return torch_functions().networks; }},
  };
  return list;
}

std::vector<std::string> backend_choices() {
  std::vector<std::string> names{kAuto};
  for (const Backend& backend : backends()) names.push_back(backend.name);
  return names;
}

const Backend& choose_backend(const NetworkSpec& spec, std::string_view name) {
  const auto& all = backends();
  if (name == kAuto) {
    return *std::ranges::find_if(all, [&](const Backend& backend) { return backend.supports(spec); });
  }
  const auto found = std::ranges::find(all, name, &Backend::name);
  if (found == all.end()) throw UsageError(unknown_name("backend", name, backend_choices()));
  if (!found->supports(spec)) {
    throw UsageError(fmt::format("backend '{}' does not compute '{}'; try backend '{}'", name, describe(spec), kAuto));
  }
  return *found;
}

std::string script_file(const ScriptModule& content) {
  return torch_functions().compile_script(content);
}

}  // namespace sounder
