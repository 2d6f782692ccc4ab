#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/parameters.h"

namespace sounder {

enum class Activation { tanh, relu };

/// Whether the policy and the value have their layers in common, or each its own.
enum class Trunks { shared, separate };

/// Which outputs the policy has of its head: all of them; or means from the head and, after them, as many logarithms of
/// standard deviations, parameters of their own that no observation changes (as in Schulman et al. 2017).
enum class PolicyHead { linear, gaussian };

/// Whether there is a value beside the outputs; action values are outputs themselves.
enum class ValueHead { scalar, none };

/// A recurrent cell between the hidden layers and the head.
enum class Memory { none, lstm, gru };

/// How the numbers of an image lie: channel by channel, row by row.
struct ImageShape {
  std::size_t channels;
  std::size_t height;
  std::size_t width;
  friend bool operator==(const ImageShape&, const ImageShape&) = default;
};

/// A convolution with a square kernel, padded with zeros by kernel / 2 on every side.
struct Convolution {
  std::size_t channels;  ///< that it puts out
  std::size_t kernel;    ///< side of the kernel, odd
  std::size_t stride;
};

/// An actor-critic network: convolutions where observations are images, fully connected layers, a recurrent cell if
/// there is to be a memory, and one linear layer on top, the head, which computes the policy's outputs and, last, the
/// value.
///
///     h_0 = observation,  c_i = f(K_i * c_{i-1} + b_i),  h_i = f(W_i h_{i-1} + b_i)
///     (m, s) = cell(h_n, s),  (outputs, value) = W_head m + b_head
///
/// Without convolutions it is a multilayer perceptron; without a cell, m is h_n. With separate trunks there are two of
/// them: one for the policy's outputs, one for the value.
struct NetworkSpec {
  std::size_t inputs;     ///< D, numbers of an observation
  ImageShape image = {};  ///< how they lie, where there are convolutions
  std::vector<Convolution> convolutions = {};
  std::vector<std::size_t> hidden;  ///< units of each fully connected layer of a trunk, at least one layer
  Activation activation;
  Memory memory = Memory::none;
  std::size_t memory_units = 0;  ///< M, of the cell
  std::size_t outputs;           ///< K, of the policy; of a gaussian one 2A
  Trunks trunks = Trunks::shared;
  PolicyHead head = PolicyHead::linear;
  ValueHead value = ValueHead::scalar;
  /// Where log standard deviations start: log_std, of a gaussian head; of a linear one, whose last K/2 outputs they are
  /// unless this is 0, their biases.
  float initial_log_std = 0;
};

/// Counts the rows of the head that are for the policy: K, or of a gaussian one A.
std::size_t policy_rows(const NetworkSpec& spec) noexcept;

/// Counts the numbers of a state that an episode carries from step to step: of every trunk M of a GRU, 2M (its output
/// and its cell) of an LSTM; 0 without memory.
std::size_t state_size(const NetworkSpec& spec);

/// The shape of the image that convolution i puts out; image_after(spec, 0) is the input's.
ImageShape image_after(const NetworkSpec& spec, std::size_t convolutions) noexcept;

/// A trunk with its head.
struct NetworkStack {
  std::string prefix;   ///< of its layers' names: "", "policy_" or "value_"
  std::size_t outputs;  ///< rows of the head
};
/// Lists the stacks: one with the policy's rows and, last, the value's; or the policy's and the value's.
std::vector<NetworkStack> stacks(const NetworkSpec& spec);

/// Lays the parameters out, stack after stack, as LibTorch's modules shape and name them: conv.0.weight [channels,
/// channels before, kernel, kernel], conv.0.bias [channels], ..., body.0.weight [hidden_0, D], body.0.bias [hidden_0],
/// body.1.weight, ..., memory.weight_ih [gates M, hidden_n], memory.weight_hh [gates M, M], memory.bias_ih [gates M],
/// memory.bias_hh [gates M] (an LSTM's gates are input, forget, cell, output; a GRU's reset, update, new), head.weight
/// [outputs, M or hidden_n], head.bias [outputs]; and last, of a gaussian policy, log_std [A]. Weights are row-major.
ParameterLayout parameter_layout(const NetworkSpec& spec);

/// Describes the network: "mlp 4-64-64-(2+1) tanh", "mlp 3-64-64-(1 gaussian+1) tanh, separate trunks",
/// "mlp 2-64-lstm 64-(2+1) tanh", "cnn 1x10x5-16c3-64-(3+1) relu".
std::string describe(const NetworkSpec& spec);

/// Draws initial parameters as is usual for actor-critic networks (Engstrom et al. 2020; Andrychowicz et al. 2021):
/// orthogonal weights, with gain sqrt(2) in the trunk, 1 for each gate of a cell, 0.01 for the policy's rows of the
/// head (so that it starts out uniform), 1 for the value's row and for a head without a value; biases zero, but for
/// those of log standard deviations (initial_log_std, as log_std) and of an LSTM's forget gate, which starts out open
/// (bias 1; Jozefowicz et al. 2015). The seed determines them.
std::vector<float> initial_parameters(const NetworkSpec& spec, std::uint64_t seed);

}  // namespace sounder
