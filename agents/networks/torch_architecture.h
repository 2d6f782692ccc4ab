#pragma once

#include <memory>

#include "agents/networks/architecture.h"
#include "agents/networks/torch_model.h"

namespace sounder {

/// An architecture whose networks are LibTorch modules of a user's.
class TorchArchitecture : public Architecture {
 public:
  /// Makes another module, with parameters of its own.
  virtual std::shared_ptr<TorchModel> model() const = 0;
};

}  // namespace sounder
