// The list of backends. LibTorch's is left out of builds without LibTorch (SOUNDER_WITH_TORCH=OFF).
#include "agents/networks/backends.h"

#include <fmt/format.h>

#include <algorithm>

#include "agents/networks/fused_network.h"
#include "envs/error.h"
#include "envs/names.h"
#ifdef SOUNDER_WITH_TORCH
#include "agents/networks/torch_network.h"
#endif

namespace sounder {

const std::vector<Backend>& backends() {
  static const std::vector<Backend> list{
      {.name = "fused",
       .supports = [](const NetworkSpec& spec) { return spec.convolutions.empty(); },
       .make = make_fused_network,
       .prepare_thread = [] {}},
#ifdef SOUNDER_WITH_TORCH
      {.name = "torch",
       .supports = [](const NetworkSpec& /*spec*/) { return true; },
       .make = make_torch_network,
       .prepare_thread = use_one_torch_thread},
#endif
  };
  return list;
}

const Backend& choose_backend(const NetworkSpec& spec, std::string_view name) {
  const auto& all = backends();
  if (name == "auto") {
    const auto found = std::ranges::find_if(all, [&](const Backend& backend) { return backend.supports(spec); });
    if (found != all.end()) return *found;
    throw UsageError(
        fmt::format("no backend of this build computes '{}'; it takes a build with LibTorch", describe(spec)));
  }
  const auto found = std::ranges::find(all, name, &Backend::name);
  if (found == all.end()) {
    std::vector<std::string> names{"auto"};
    for (const Backend& backend : all) names.push_back(backend.name);
    throw UsageError(unknown_name("backend", name, names));
  }
  if (!found->supports(spec)) {
    throw UsageError(fmt::format("backend '{}' does not compute '{}'; try backend 'auto'", name, describe(spec)));
  }
  return *found;
}

}  // namespace sounder
