#include "agents/networks/network_spec.h"

#include <fmt/format.h>

#include <functional>
#include <numeric>

namespace sounder {
namespace {

std::size_t gates(Memory memory) noexcept {
  return memory == Memory::lstm ? 4 : 3;
}

/// Returns the number of inputs of the first fully connected layer.
std::size_t flat_inputs(const NetworkSpec& spec) noexcept {
  if (spec.convolutions.empty()) return spec.inputs;
  const ImageShape image = image_after(spec, spec.convolutions.size());
  return image.channels * image.height * image.width;
}

}  // namespace

std::size_t policy_rows(const NetworkSpec& spec) noexcept {
  return spec.head == PolicyHead::gaussian ? spec.outputs / 2 : spec.outputs;
}

std::size_t state_size(const NetworkSpec& spec) {
  if (spec.memory == Memory::none) return 0;
  return stacks(spec).size() * (spec.memory == Memory::lstm ? 2 : 1) * spec.memory_units;
}

ImageShape image_after(const NetworkSpec& spec, std::size_t convolutions) noexcept {
  ImageShape image = spec.image;
  for (std::size_t i = 0; i < convolutions; ++i) {
    const Convolution& layer = spec.convolutions[i];
    // With padding of kernel / 2, the output has one number per stride-th position of the image.
    image = {.channels = layer.channels,
             .height = (image.height - 1) / layer.stride + 1,
             .width = (image.width - 1) / layer.stride + 1};
  }
  return image;
}

std::vector<NetworkStack> stacks(const NetworkSpec& spec) {
  const std::size_t value = spec.value == ValueHead::scalar ? 1 : 0;
  if (spec.trunks == Trunks::shared || value == 0) return {{.prefix = "", .outputs = policy_rows(spec) + value}};
  return {{.prefix = "policy_", .outputs = policy_rows(spec)}, {.prefix = "value_", .outputs = value}};
}

ParameterLayout parameter_layout(const NetworkSpec& spec) {
  ParameterLayout layout;
  const auto add = [&](std::string name, std::vector<std::size_t> sizes) {
    const std::size_t size = std::accumulate(sizes.begin(), sizes.end(), std::size_t{1}, std::multiplies<>());
    layout.blocks.push_back(
        {.name = std::move(name), .shape = {sizes.begin(), sizes.end()}, .offset = layout.size, .size = size});
    layout.size += size;
  };
  const auto add_layer = [&](const std::string& name, std::size_t inputs, std::size_t outputs) {
    add(name + ".weight", {outputs, inputs});
    add(name + ".bias", {outputs});
  };
  for (const NetworkStack& stack : stacks(spec)) {
    std::size_t channels = spec.image.channels;
    for (std::size_t i = 0; i < spec.convolutions.size(); ++i) {
      const Convolution& layer = spec.convolutions[i];
      const std::string name = fmt::format("{}conv.{}", stack.prefix, i);
      add(name + ".weight", {layer.channels, channels, layer.kernel, layer.kernel});
      add(name + ".bias", {layer.channels});
      channels = layer.channels;
    }
    std::size_t width = flat_inputs(spec);
    for (std::size_t i = 0; i < spec.hidden.size(); ++i) {
      add_layer(fmt::format("{}body.{}", stack.prefix, i), width, spec.hidden[i]);
      width = spec.hidden[i];
    }
    if (spec.memory != Memory::none) {
      const std::string name = stack.prefix + "memory";
      const std::size_t rows = gates(spec.memory) * spec.memory_units;
      add(name + ".weight_ih", {rows, width});
      add(name + ".weight_hh", {rows, spec.memory_units});
      add(name + ".bias_ih", {rows});
      add(name + ".bias_hh", {rows});
      width = spec.memory_units;
    }
    add_layer(stack.prefix + "head", width, stack.outputs);
  }
  if (spec.head == PolicyHead::gaussian) add("log_std", {policy_rows(spec)});
  return layout;
}

std::string describe(const NetworkSpec& spec) {
  std::string text = fmt::format("mlp {}", spec.inputs);
  if (!spec.convolutions.empty()) {
    text = fmt::format("cnn {}x{}x{}", spec.image.channels, spec.image.height, spec.image.width);
    for (const Convolution& layer : spec.convolutions) {
      text += fmt::format("-{}c{}", layer.channels, layer.kernel);
      if (layer.stride > 1) text += fmt::format("s{}", layer.stride);
    }
  }
  text += fmt::format("-{}-", fmt::join(spec.hidden, "-"));
  if (spec.memory != Memory::none) {
    text += fmt::format("{} {}-", name_of(kMemories, spec.memory), spec.memory_units);
  }
  const std::string outputs =
      fmt::format("{}{}", policy_rows(spec), spec.head == PolicyHead::gaussian ? " gaussian" : "");
  text += spec.value == ValueHead::scalar ? fmt::format("({}+1)", outputs) : outputs;
  return fmt::format("{} {}{}", text, name_of(kActivations, spec.activation),
                     stacks(spec).size() == 1 ? "" : ", separate trunks");
}

}  // namespace sounder
