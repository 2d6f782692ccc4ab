#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agents/networks/network_spec.h"

namespace sounder {

/// A function of tensors, element by element. Arguments are broadcast to each other, as in numpy. The last three give
/// or take booleans: a == b, a > b, and where(condition, a, b).
enum class TensorFunction { tanh, sigmoid, relu, add, subtract, multiply, minimum, maximum, equal, greater, where };

/// Writes a computation on tensors in some format, an operation after the other. A tensor is known by the name that the
/// writer gave it. The first dimension of all that is computed is the batch, B, which is not known here.
class TensorWriter {
 public:
  using Name = std::string;

  /// The parameters of a layer.
  struct Layer {
    Name weight;
    Name bias;
  };

  virtual ~TensorWriter() = default;

  /// Adds a tensor that belongs to the network's parameters, or another one that does not change. Names are unique, and
  /// may have dots.
  virtual Name parameter(std::string_view name, const std::vector<std::int64_t>& shape,
                         std::span<const float> numbers) = 0;
  virtual Name constant(std::string_view name, std::span<const float> numbers) = 0;

  virtual Name apply(TensorFunction function, const std::vector<Name>& arguments) = 0;
  /// Computes min(max(x, low), high). The bounds are finite.
  virtual Name clip(const Name& x, float low, float high) = 0;
  /// Computes x W^T + b, [B, outputs], for x [B, inputs] and W [outputs, inputs].
  virtual Name linear(const Name& x, const Layer& layer) = 0;
  /// Convolves images [B, channels, height, width].
  virtual Name convolve(const Name& x, const Layer& layer, const Convolution& convolution) = 0;
  /// Gives each row of x another shape.
  virtual Name reshape(const Name& x, const std::vector<std::int64_t>& row) = 0;
  /// Returns neighbouring columns of x [B, n].
  virtual Name columns(const Name& x, std::size_t first, std::size_t count) = 0;
  /// Returns columns of x [B, n] in any order. `name` is for the list of them.
  virtual Name choose_columns(const Name& x, std::string_view name, const std::vector<std::int64_t>& columns) = 0;
  /// Puts columns side by side.
  virtual Name concatenate(const std::vector<Name>& parts) = 0;
  /// Returns the column of the largest number in each row, the first of equal ones: [B, 1], 64-bit integers.
  virtual Name argmax(const Name& x) = 0;
  /// Converts booleans to floats, or to 64-bit integers.
  virtual Name to_floats(const Name& x) = 0;
  virtual Name to_integers(const Name& x) = 0;
};

}  // namespace sounder
