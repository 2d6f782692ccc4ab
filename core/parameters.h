#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/moments.h"

namespace sounder {

/// One named parameter of a network, a slice of the flat array of all of them.
struct ParameterBlock {
  std::string name;                 ///< as the LibTorch module names it: "body.0.weight"
  std::vector<std::int64_t> shape;  ///< row-major; a weight is [out, in]
  std::size_t offset;               ///< of its first float in the flat array
  std::size_t size;                 ///< floats
};

/// How a network's parameters lie in one flat array: blocks one after the other, without gaps. Running moments, where
/// there are any, are blocks among them: so that they are shared, saved and evaluated with the parameters.
struct ParameterLayout {
  std::vector<ParameterBlock> blocks;
  std::size_t size = 0;  ///< floats of all blocks together
  std::optional<MomentsBlock> observation_moments =
      {};                                           ///< that the network brings observations to mean 0, variance 1 by
  std::optional<MomentsBlock> return_moments = {};  ///< of discounted returns, by which rewards are scaled for learning
};

/// The floats that an agent computes with: owned by the caller, they must outlive it.
struct Replica {
  std::span<float> parameters;
  std::span<float> target = {};  ///< target parameters, as many; empty for an agent that has none, or only acts
};

}  // namespace sounder
