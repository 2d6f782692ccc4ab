#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/moments.h"

namespace sounder {

/// One named parameter of a network, a slice of the flat array of all parameters.
struct ParameterBlock {
  std::string name;                 ///< name in the LibTorch module: "body.0.weight"
  std::vector<std::int64_t> shape;  ///< row-major; a weight is [out, in]
  std::size_t offset;               ///< index of its first float in the flat array
  std::size_t size;                 ///< floats
  bool constant = false;            ///< nothing changes it in training: a buffer of a user's module
};

/// The layout of a network's parameters in a flat array: consecutive blocks without gaps. Running moments and
/// constants, if any, are blocks among them, so that they are shared, saved and evaluated with the parameters.
struct ParameterLayout {
  std::vector<ParameterBlock> blocks;
  std::size_t size = 0;  ///< floats of all blocks together
  std::optional<MomentsBlock> observation_moments =
      {};  ///< with which the network normalises observations to mean 0, variance 1
  std::optional<MomentsBlock> return_moments = {};  ///< of discounted returns, used to scale rewards for learning

  /// Returns those that there are.
  std::vector<MomentsBlock> moments() const {
    std::vector<MomentsBlock> moments;
    for (const auto& block : {observation_moments, return_moments}) {
      if (block) moments.push_back(*block);
    }
    return moments;
  }
};

/// The parameters that an agent computes with. They are owned by the caller and must outlive the agent.
struct Replica {
  std::span<float> parameters;
  std::span<float> target = {};  ///< target parameters, of the same size; empty for an agent that has none or only acts
};

}  // namespace sounder
