// The list of backends. LibTorch's is left out of builds without LibTorch (SOUNDER_WITH_TORCH=OFF).
#include "agents/networks/backends.h"

#include "agents/networks/fused_mlp.h"
#ifdef SOUNDER_WITH_TORCH
#include "agents/networks/torch_network.h"
#endif

namespace sounder {

const std::vector<std::pair<std::string, Backend>>& backends() {
  static const Backend fused{.name = "fused", .make = make_fused_mlp, .prepare_thread = [] {}};
  static const std::vector<std::pair<std::string, Backend>> list{
      {"auto", fused},
      {"fused", fused},
#ifdef SOUNDER_WITH_TORCH
      {"torch", {.name = "torch", .make = make_torch_mlp, .prepare_thread = use_one_torch_thread}},
#endif
  };
  return list;
}

}  // namespace sounder
