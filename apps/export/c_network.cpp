#include "apps/export/c_network.h"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace sounder {
namespace {

// Outputs of a layer that are computed at once, whose sums stay in registers, or, as gcc does it, in memory, where each
// waits for itself only. What is left is computed by rows.
constexpr std::array<std::size_t, 4> kWidths{64, 32, 16, 8};

constexpr std::string_view kTanh = R"(/* tanh x, to seven units in the last place. */
static inline float @_tanh(float x) {
  float s, p, q;
  x = x > 7.90531110763549805f ? 7.90531110763549805f : x;
  x = x < -7.90531110763549805f ? -7.90531110763549805f : x;
  s = x * x;
  p = s * -2.76076847742355e-16f + 2.00018790482477e-13f;
  p = p * s + -8.60467152213735e-11f;
  p = p * s + 5.12229709037114e-08f;
  p = p * s + 1.48572235717979e-05f;
  p = p * s + 6.37261928875436e-04f;
  p = p * s + 4.89352455891786e-03f;
  q = s * 1.19825839466702e-06f + 1.18534705686654e-04f;
  q = q * s + 2.26843463243900e-03f;
  q = q * s + 4.89352518554385e-03f;
  return x * p / q;
}

)";

constexpr std::string_view kSigmoid = R"(/* 1 / (1 + e^-x) */
static inline float @_sigmoid(float x) {
  return @_tanh(0.5f * x) * 0.5f + 0.5f;
}

)";

constexpr std::string_view kDot = R"(/* Computes a . b by eight sums, which are vectorised. */
static inline float @_dot(const float* a, const float* b, int size) {
  float sums[8];
  float sum = 0.0f;
  int i = 0;
  for (int k = 0; k < 8; ++k) sums[k] = 0.0f;
  for (; i + 8 <= size; i += 8) {
    for (int k = 0; k < 8; ++k) sums[k] += a[i + k] * b[i + k];
  }
  for (; i < size; ++i) sum += a[i] * b[i];
  for (int k = 0; k < 8; ++k) sum += sums[k];
  return sum;
}

)";

// "%" stands for the width.
constexpr std::string_view kSums =
    R"(/* Computes % outputs of a layer, y = W x + b. The weights are ordered by input. */
static inline void @_sums_%(const float* weight, const float* bias, const float* x, int inputs, float* y) {
  float sums[%];
  for (int k = 0; k < %; ++k) sums[k] = bias[k];
#ifdef __clang__ /* which under -Ofast would vectorise over inputs, whose weights are far apart */
#pragma clang loop vectorize(disable)
#endif
  for (int i = 0; i < inputs; ++i) {
    for (int k = 0; k < %; ++k) sums[k] += x[i] * weight[i * % + k];
  }
  for (int k = 0; k < %; ++k) y[k] = sums[k];
}

)";

constexpr std::string_view kConvolution = R"(typedef struct {
  int channels, height, width, filters, kernel, stride;
} @_shape;

/* Convolves an image [channels, height, width], padded with zeros by kernel / 2, to one of [filters, ...]. */
static inline void @_convolution(const float* weight, const float* bias, @_shape s, const float* x, float* y) {
  const int height = (s.height - 1) / s.stride + 1, width = (s.width - 1) / s.stride + 1, pad = s.kernel / 2;
  for (int f = 0; f < s.filters; ++f, y += height * width) {
    for (int i = 0; i < height * width; ++i) y[i] = bias[f];
    for (int c = 0; c < s.channels; ++c) {
      for (int row = 0; row < s.kernel; ++row) {
        for (int column = 0; column < s.kernel; ++column) {
          const float w = *weight++;
          /* The first and last outputs whose input is within the image. */
          const int i0 = row < pad ? (pad - row + s.stride - 1) / s.stride : 0;
          const int j0 = column < pad ? (pad - column + s.stride - 1) / s.stride : 0;
          const int i1 = (s.height + pad - row + s.stride - 1) / s.stride;
          const int j1 = (s.width + pad - column + s.stride - 1) / s.stride;
          for (int i = i0; i < i1 && i < height; ++i) {
            const float* const from = x + (c * s.height + i * s.stride + row - pad) * s.width + column - pad;
            for (int j = j0; j < j1 && j < width; ++j) y[i * width + j] += w * from[j * s.stride];
          }
        }
      }
    }
  }
}

)";

std::string replaced(std::string_view text, char mark, std::string_view by) {
  std::string result;
  for (const char letter : text) {
    if (letter == mark) {
      result += by;
    } else {
      result += letter;
    }
  }
  return result;
}

template <class Number, class Format>
std::string array_of(std::string_view type, std::string_view name, std::span<const Number> numbers, Format format) {
  constexpr std::size_t kColumns = 120;
  std::string text = fmt::format("static const {} @_{}[{}] = {{", type, name, numbers.size());
  std::string line;
  for (const Number number : numbers) {
    const std::string one = format(number) + ",";
    if (line.empty() || line.size() + 1 + one.size() > kColumns) {
      text += line + "\n";
      line = " ";
    }
    line += " " + one;
  }
  line.pop_back();
  return text + line + "};\n";
}

/// The layers of a network, written one after the other.
class Writer {
 public:
  Writer(const ExportedPolicy& policy, std::string input, CParts& parts)
      : policy_(policy), parts_(parts), current_(std::move(input)) {}

  void write() {
    const NetworkSpec& spec = policy_.network;
    const std::string prefix = stacks(spec).front().prefix;  // the policy's; actions do not depend on another's value
    if (!policy_.means.empty()) normalize();
    for (std::size_t i = 0; i < spec.convolutions.size(); ++i) convolve(i, fmt::format("{}conv.{}", prefix, i));
    std::size_t width = policy_.network.inputs;
    if (!spec.convolutions.empty()) {
      const ImageShape image = image_after(spec, spec.convolutions.size());
      width = image.channels * image.height * image.width;
    }
    for (std::size_t i = 0; i < spec.hidden.size(); ++i) {
      const std::string block = fmt::format("{}body.{}", prefix, i);
      const std::string next = declare(spec.hidden[i]);
      write_layer({.name = fmt::format("body_{}", i), .block = block, .inputs = width, .outputs = spec.hidden[i]},
                  current_, next);
      activate(next, spec.hidden[i]);
      current_ = next;
      width = spec.hidden[i];
    }
    if (spec.memory != Memory::none) {
      remember(prefix + "memory", width);
      width = spec.memory_units;
    }
    write_layer({.name = "head", .block = prefix + "head", .inputs = width, .outputs = policy_.outputs()}, current_,
                "outputs");
  }

 private:
  /// A fully connected layer, or the first of its outputs.
  struct Layer {
    std::string name;   ///< in the header
    std::string block;  ///< its name among the parameters, before ".weight"
    std::size_t inputs;
    std::size_t outputs;
    std::string weight = ".weight";
    std::string bias = ".bias";
  };

  template <class... Args>
  void line(fmt::format_string<Args...> format, Args&&... args) {
    parts_.body += "  " + fmt::format(format, std::forward<Args>(args)...) + "\n";
  }

  std::string declare(std::size_t size) {
    std::string name = fmt::format("x{}", ++arrays_);
    line("float {}[{}];", name, size);
    return name;
  }

  void normalize() {
    parts_.constants += c_array("float", "mean", policy_.means) + c_array("float", "factor", policy_.factors);
    const std::string next = declare(policy_.means.size());
    line("for (int i = 0; i < {}; ++i) {{", policy_.means.size());
    line("  const float x = ({}[i] - @_mean[i]) * @_factor[i];", current_);
    line("  {}[i] = x < -10.0f ? -10.0f : x > 10.0f ? 10.0f : x;", next);
    line("}}");
    current_ = next;
  }

  void convolve(std::size_t index, const std::string& block) {
    const NetworkSpec& spec = policy_.network;
    const ImageShape before = image_after(spec, index);
    const ImageShape after = image_after(spec, index + 1);
    const Convolution& layer = spec.convolutions[index];
    const std::string name = fmt::format("conv_{}", index);
    parts_.constants += c_array("float", name + "_weight", policy_.block(block + ".weight")) +
                        c_array("float", name + "_bias", policy_.block(block + ".bias"));
    parts_.uses.insert("convolution");
    const std::size_t size = after.channels * after.height * after.width;
    const std::string next = declare(size);
    line("const @_shape {}_shape = {{{}, {}, {}, {}, {}, {}}};", name, before.channels, before.height, before.width,
         layer.channels, layer.kernel, layer.stride);
    line("@_convolution(@_{0}_weight, @_{0}_bias, {0}_shape, {1}, {2});", name, current_, next);
    activate(next, size);
    current_ = next;
  }

  void activate(const std::string& numbers, std::size_t size) {
    if (policy_.network.activation == Activation::tanh) {
      parts_.uses.insert("tanh");
      line("for (int i = 0; i < {1}; ++i) {0}[i] = @_tanh({0}[i]);", numbers, size);
    } else {
      line("for (int i = 0; i < {1}; ++i) {0}[i] = {0}[i] > 0.0f ? {0}[i] : 0.0f;", numbers, size);
    }
  }

  /// Writes a layer: as many outputs as possible at once, by weights that are ordered by input, and the last few by the
  /// rows of their weights.
  void write_layer(const Layer& layer, const std::string& input, const std::string& output) {
    const std::span<const float> weight = policy_.block(layer.block + layer.weight);
    std::vector<float> ordered;
    std::size_t row = 0;
    for (const std::size_t width : kWidths) {
      const std::size_t first = row;
      for (; row + width <= layer.outputs; row += width) {
        for (std::size_t i = 0; i < layer.inputs; ++i) {
          for (std::size_t k = 0; k < width; ++k) ordered.push_back(weight[(row + k) * layer.inputs + i]);
        }
      }
      if (row == first) continue;
      parts_.uses.insert(fmt::format("sums_{}", width));
      line("for (int k = {}; k < {}; k += {}) {{", first, row, width);
      line("  @_sums_{0}(@_{1}_weight + k * {2}, @_{1}_bias + k, {3}, {2}, {4} + k);", width, layer.name, layer.inputs,
           input, output);
      line("}}");
    }
    if (row < layer.outputs) {
      const auto rest = weight.subspan(row * layer.inputs, (layer.outputs - row) * layer.inputs);
      ordered.insert(ordered.end(), rest.begin(), rest.end());
      parts_.uses.insert("dot");
      line("for (int k = {}; k < {}; ++k) {{", row, layer.outputs);
      line("  {0}[k] = @_{1}_bias[k] + @_dot(@_{1}_weight + k * {2}, {3}, {2});", output, layer.name, layer.inputs,
           input);
      line("}}");
    }
    parts_.constants += c_array("float", layer.name + "_weight", ordered);
    parts_.constants +=
        c_array("float", layer.name + "_bias", policy_.block(layer.block + layer.bias).first(layer.outputs));
  }

  /// Writes the recurrent cell, whose state is in `state`.
  void remember(const std::string& block, std::size_t inputs) {
    const std::size_t units = policy_.network.memory_units;
    const bool lstm = policy_.network.memory == Memory::lstm;
    const std::size_t gates = (lstm ? 4 : 3) * units;
    parts_.uses.insert({"tanh", "sigmoid"});
    parts_.members += fmt::format("  float h[{}]; /* the cell's output */\n", units);
    parts_.reset += fmt::format("  for (int i = 0; i < {}; ++i) state->h[i] = 0.0f;\n", units);
    const std::string z = declare(gates);
    const std::string r = declare(gates);
    write_layer({.name = "memory_input",
                 .block = block,
                 .inputs = inputs,
                 .outputs = gates,
                 .weight = ".weight_ih",
                 .bias = ".bias_ih"},
                current_, z);
    write_layer({.name = "memory_state",
                 .block = block,
                 .inputs = units,
                 .outputs = gates,
                 .weight = ".weight_hh",
                 .bias = ".bias_hh"},
                "state->h", r);
    line("for (int i = 0; i < {}; ++i) {{", units);
    const auto sum = [&](std::size_t gate) { return fmt::format("{0}[{1} + i] + {2}[{1} + i]", z, gate * units, r); };
    if (lstm) {
      parts_.members += fmt::format("  float c[{}]; /* the cell */\n", units);
      parts_.reset += fmt::format("  for (int i = 0; i < {}; ++i) state->c[i] = 0.0f;\n", units);
      line("  const float input = @_sigmoid({});", sum(0));
      line("  const float forget = @_sigmoid({});", sum(1));
      line("  const float candidate = @_tanh({});", sum(2));
      line("  const float output = @_sigmoid({});", sum(3));
      line("  state->c[i] = forget * state->c[i] + input * candidate;");
      line("  state->h[i] = output * @_tanh(state->c[i]);");
    } else {
      line("  const float reset = @_sigmoid({});", sum(0));
      line("  const float update = @_sigmoid({});", sum(1));
      line("  const float candidate = @_tanh({0}[{2} + i] + reset * {1}[{2} + i]);", z, r, 2 * units);
      line("  state->h[i] = (1.0f - update) * candidate + update * state->h[i];");
    }
    line("}}");
    current_ = "state->h";
  }

  const ExportedPolicy& policy_;
  CParts& parts_;
  std::string current_;  // the numbers so far
  int arrays_ = 0;
};

}  // namespace

std::string c_functions(const std::set<std::string>& uses) {
  std::string text;
  if (uses.contains("tanh")) text += kTanh;
  if (uses.contains("sigmoid")) text += kSigmoid;
  if (uses.contains("dot")) text += kDot;
  for (const std::size_t width : kWidths) {
    if (uses.contains(fmt::format("sums_{}", width))) text += replaced(kSums, '%', fmt::format("{}", width));
  }
  if (uses.contains("convolution")) text += kConvolution;
  return text;
}

std::string c_number(float number) {
  std::string text = fmt::format("{}", number);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text + "f";
}

std::string c_array(std::string_view type, std::string_view name, std::span<const float> numbers) {
  return array_of(type, name, numbers, c_number);
}

std::string c_array(std::string_view type, std::string_view name, std::span<const std::int64_t> numbers) {
  return array_of(type, name, numbers, [](std::int64_t number) { return fmt::format("{}", number); });
}

void add_network(const ExportedPolicy& policy, std::string input, CParts& parts) {
  Writer(policy, std::move(input), parts).write();
}

}  // namespace sounder
