#include "core/checkpoint/contents.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/learning/agent.h"
#include "envs/error.h"

namespace sounder {

void check_suits(const Checkpoint& checkpoint, const EnvironmentSpec& spec, const AgentFactory& agents) {
  const auto expect = [](std::string_view what, std::string_view expected, std::string_view got) {
    if (expected == got) return;
    throw Error(fmt::format("the checkpoint is of the {} {}; expected {}: use the configuration it was made with", what,
                            got, expected));
  };
  expect("observation space", describe(spec.observation_space), checkpoint.observation_space);
  expect("action space", describe(spec.action_space), checkpoint.action_space);
  expect("network", agents.description(), checkpoint.network);
}

const Tensor& find_tensor(const std::vector<Tensor>& tensors, std::string_view name, const Shape& shape) {
  const auto tensor = std::ranges::find(tensors, name, &Tensor::name);
  if (tensor != tensors.end() && tensor->shape == shape && tensor->doubles.empty()) return *tensor;
  throw Error(fmt::format("the checkpoint has no tensor '{}' of shape [{}]; use the configuration it was made with",
                          name, fmt::join(shape, ", ")));
}

const Tensor& find_doubles(const std::vector<Tensor>& tensors, std::string_view name, const Shape& shape) {
  const auto tensor = std::ranges::find(tensors, name, &Tensor::name);
  if (tensor != tensors.end() && tensor->shape == shape && tensor->values.empty()) return *tensor;
  throw Error(
      fmt::format("the checkpoint has no tensor '{}' of doubles of shape [{}]; use the configuration it was made with",
                  name, fmt::join(shape, ", ")));
}

const Tensor* find_saved(const std::vector<Tensor>& tensors, std::string_view name) {
  const auto found = std::ranges::find(tensors, name, &Tensor::name);
  return found == tensors.end() ? nullptr : &*found;
}

Tensor flat_tensor(std::string name, std::vector<float> values) {
  const auto size = static_cast<std::int64_t>(values.size());
  return {.name = std::move(name), .shape = {size}, .values = std::move(values)};
}

Tensor counts_tensor(std::string name, std::span<const std::uint64_t> counts) {
  Tensor tensor{.name = std::move(name), .shape = {static_cast<std::int64_t>(counts.size())}};
  for (const std::uint64_t count : counts) tensor.doubles.push_back(static_cast<double>(count));
  return tensor;
}

std::vector<std::uint64_t> find_counts(const std::vector<Tensor>& tensors, std::string_view name, std::size_t size) {
  constexpr double kMost = 9'007'199'254'740'992;  // 2^53, up to which doubles have every whole number
  std::vector<std::uint64_t> counts;
  for (const double number : find_doubles(tensors, name, {static_cast<std::int64_t>(size)}).doubles) {
    if (!(number >= 0 && number <= kMost && number == std::trunc(number))) {
      throw Error(fmt::format("tensor '{}': expected counts, got {}; the checkpoint is damaged", name, number));
    }
    counts.push_back(static_cast<std::uint64_t>(number));
  }
  return counts;
}

std::vector<float> flat_parameters(const Checkpoint& checkpoint, const ParameterLayout& layout) {
  std::vector<float> parameters(layout.size);
  for (const ParameterBlock& block : layout.blocks) {
    const Tensor& tensor = find_tensor(checkpoint.parameters, block.name, block.shape);
    std::ranges::copy(tensor.values, parameters.begin() + static_cast<std::ptrdiff_t>(block.offset));
  }
  return parameters;
}

}  // namespace sounder
