#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/named.h"
#include "core/parameters.h"

namespace sounder {

enum class Activation { tanh, relu };
inline constexpr auto kActivations =
    std::to_array<Named<Activation>>({{"tanh", Activation::tanh}, {"relu", Activation::relu}});

/// Whether policy and value share their layers or have separate ones.
enum class Trunks { shared, separate };
inline constexpr auto kTrunks =
    std::to_array<Named<Trunks>>({{"shared", Trunks::shared}, {"separate", Trunks::separate}});

/// The source of the policy's outputs. `linear`: all come from the head. `gaussian`: the head gives the means; as many
/// logarithms of standard deviations follow, which are parameters independent of the observation (as in Schulman et al.
/// 2017).
enum class PolicyHead { linear, gaussian };

/// Whether the network has a value besides its outputs. Action values are outputs.
enum class ValueHead { scalar, none };

/// A recurrent cell between the hidden layers and the head.
enum class Memory { none, lstm, gru };
inline constexpr auto kMemories =
    std::to_array<Named<Memory>>({{"none", Memory::none}, {"lstm", Memory::lstm}, {"gru", Memory::gru}});

/// The shape of an image, stored channel by channel, row by row.
struct ImageShape {
  std::size_t channels;
  std::size_t height;
  std::size_t width;
  friend bool operator==(const ImageShape&, const ImageShape&) = default;
};

/// A convolution with a square kernel, padded with zeros by kernel / 2 on every side.
struct Convolution {
  std::size_t channels;  ///< output channels
  std::size_t kernel;    ///< side of the kernel, odd
  std::size_t stride;
};

/// An actor-critic network: optional convolutions for images, fully connected layers, an optional recurrent cell, and a
/// linear layer on top, the head, which computes the policy's outputs and, last, the value.
///
///     h_0 = observation,  c_i = f(K_i * c_{i-1} + b_i),  h_i = f(W_i h_{i-1} + b_i)
///     (m, s) = cell(h_n, s),  (outputs, value) = W_head m + b_head
///
/// Without convolutions it is a multilayer perceptron; without a cell, m is h_n. With separate trunks there are two
/// such stacks, one for the policy's outputs and one for the value.
struct NetworkSpec {
  std::size_t inputs;     ///< D, numbers of an observation
  ImageShape image = {};  ///< their shape, if there are convolutions
  std::vector<Convolution> convolutions = {};
  std::vector<std::size_t> hidden;  ///< units of each fully connected layer of a trunk, at least one layer
  Activation activation;
  Memory memory = Memory::none;
  std::size_t memory_units = 0;  ///< M, units of the cell
  std::size_t outputs;           ///< K, outputs of the policy; 2A for a gaussian head
  Trunks trunks = Trunks::shared;
  PolicyHead head = PolicyHead::linear;
  ValueHead value = ValueHead::scalar;
  /// The initial log standard deviations. For a gaussian head, log_std starts there. For a linear head, a value other
  /// than 0 sets the biases of the last K/2 outputs, which are then log standard deviations.
  float initial_log_std = 0;
};

/// Returns the number of the head's rows that belong to the policy: K, or A for a gaussian head.
std::size_t policy_rows(const NetworkSpec& spec) noexcept;

/// Returns the size of the state that an episode carries from step to step. Each trunk has M numbers for a GRU and 2M
/// (output and cell) for an LSTM; 0 without memory.
std::size_t state_size(const NetworkSpec& spec);

/// Returns the shape of the image after the given number of convolutions; 0 gives that of the input.
ImageShape image_after(const NetworkSpec& spec, std::size_t convolutions) noexcept;

/// A trunk with its head.
struct NetworkStack {
  std::string prefix;   ///< prefix of its layers' names: "", "policy_" or "value_"
  std::size_t outputs;  ///< rows of the head
};
/// Returns the stacks: a single one with the policy's rows and, last, the value's, or two, the policy's and the
/// value's.
std::vector<NetworkStack> stacks(const NetworkSpec& spec);

/// Lays out the parameters stack by stack, with the shapes and names of LibTorch's modules: conv.0.weight [channels,
/// channels before, kernel, kernel], conv.0.bias [channels], ..., body.0.weight [hidden_0, D], body.0.bias [hidden_0],
/// body.1.weight, ..., memory.weight_ih [gates M, hidden_n], memory.weight_hh [gates M, M], memory.bias_ih [gates M],
/// memory.bias_hh [gates M] (an LSTM's gates are input, forget, cell, output; a GRU's reset, update, new), head.weight
/// [outputs, M or hidden_n], head.bias [outputs]; and last, for a gaussian head, log_std [A]. Weights are row-major.
ParameterLayout parameter_layout(const NetworkSpec& spec);

/// Describes the network: "mlp 4-64-64-(2+1) tanh", "mlp 3-64-64-(1 gaussian+1) tanh, separate trunks",
/// "mlp 2-64-lstm 64-(2+1) tanh", "cnn 1x10x5-16c3-64-(3+1) relu".
std::string describe(const NetworkSpec& spec);

/// Draws initial parameters as usual for actor-critic networks (Engstrom et al. 2020; Andrychowicz et al. 2021).
/// Weights are orthogonal, with gain sqrt(2) in the trunk, 1 for each gate of a cell, 0.01 for the policy's rows of the
/// head (so that the policy starts uniform), and 1 for the value's row and for a head without a value. Biases are zero
/// except for those of log standard deviations (initial_log_std, as in log_std) and of an LSTM's forget gate, which
/// starts open (bias 1; Jozefowicz et al. 2015). The seed determines all of them.
std::vector<float> initial_parameters(const NetworkSpec& spec, std::uint64_t seed);

}  // namespace sounder
