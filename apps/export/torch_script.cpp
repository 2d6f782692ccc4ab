#include "apps/export/torch_script.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <utility>

#include "apps/export/policy_tensors.h"
#include "core/named.h"

namespace sounder {
namespace {

constexpr auto kFunctions = std::to_array<Named<TensorFunction>>({{"tanh", TensorFunction::tanh},
                                                                  {"sigmoid", TensorFunction::sigmoid},
                                                                  {"relu", TensorFunction::relu},
                                                                  {"add", TensorFunction::add},
                                                                  {"sub", TensorFunction::subtract},
                                                                  {"mul", TensorFunction::multiply},
                                                                  {"minimum", TensorFunction::minimum},
                                                                  {"maximum", TensorFunction::maximum},
                                                                  {"eq", TensorFunction::equal},
                                                                  {"gt", TensorFunction::greater},
                                                                  {"where", TensorFunction::where}});

/// Writes an assignment for each operation.
class ScriptWriter final : public TensorWriter {
 public:
  Name parameter(std::string_view name, const std::vector<std::int64_t>& shape,
                 std::span<const float> numbers) override {
    return add_tensor(module.parameters, name, shape, std::vector<float>(numbers.begin(), numbers.end()));
  }

  Name constant(std::string_view name, std::span<const float> numbers) override {
    return add_tensor(module.buffers, name, {static_cast<std::int64_t>(numbers.size())},
                      std::vector<float>(numbers.begin(), numbers.end()));
  }

  Name apply(TensorFunction function, const std::vector<Name>& arguments) override {
    return assign("torch.{}({})", name_of(kFunctions, function), fmt::join(arguments, ", "));
  }

  Name clip(const Name& x, float low, float high) override { return assign("torch.clamp({}, {}, {})", x, low, high); }

  Name linear(const Name& x, const Layer& layer) override {
    return assign("torch.linear({}, {}, {})", x, layer.weight, layer.bias);
  }

  Name convolve(const Name& x, const Layer& layer, const Convolution& convolution) override {
    return assign("torch.conv2d({0}, {1}, {2}, [{3}, {3}], [{4}, {4}])", x, layer.weight, layer.bias,
                  convolution.stride, convolution.kernel / 2);
  }

  Name reshape(const Name& x, const std::vector<std::int64_t>& row) override {
    std::vector<std::int64_t> shape{-1};
    shape.insert(shape.end(), row.begin(), row.end());
    return assign("torch.reshape({}, [{}])", x, fmt::join(shape, ", "));
  }

  Name columns(const Name& x, std::size_t first, std::size_t count) override {
    return assign("torch.narrow({}, 1, {}, {})", x, first, count);
  }

  Name choose_columns(const Name& x, std::string_view name, const std::vector<std::int64_t>& columns) override {
    const Name list = add_tensor(module.buffers, name, {static_cast<std::int64_t>(columns.size())}, columns);
    return assign("torch.index_select({}, 1, {})", x, list);
  }

  Name concatenate(const std::vector<Name>& parts) override {
    return assign("torch.cat([{}], 1)", fmt::join(parts, ", "));
  }

  Name argmax(const Name& x) override { return assign("torch.argmax({}, 1, True)", x); }
  Name to_floats(const Name& x) override { return assign("{}.float()", x); }
  Name to_integers(const Name& x) override { return assign("{}.long()", x); }

  ScriptModule module;
  std::string body;  ///< statements

 private:
  template <class... Arguments>
  Name assign(fmt::format_string<Arguments...> expression, Arguments&&... arguments) {
    Name name = fmt::format("x{}", ++variables_);
    body += fmt::format("    {} = {}\n", name, fmt::format(expression, std::forward<Arguments>(arguments)...));
    return name;
  }

  template <class Numbers>
  static Name add_tensor(std::vector<ScriptModule::Tensor>& tensors, std::string_view name,
                         const std::vector<std::int64_t>& shape, Numbers numbers) {
    std::string attribute(name);
    std::ranges::replace(attribute, '.', '_');
    tensors.push_back({.name = attribute, .shape = shape, .numbers = std::move(numbers)});
    return "self." + attribute;
  }

  int variables_ = 0;
};

std::string metadata_json(const ExportedPolicy& policy) {
  boost::json::object metadata;
  for (const auto& [key, value] : policy_metadata(policy)) {
    const bool is_json = key == "spaces" || key == "step" || key == "peer";
    metadata[key] = is_json ? boost::json::parse(value) : boost::json::value(value);
  }
  return boost::json::serialize(metadata);
}

}  // namespace

ScriptModule torch_script(const ExportedPolicy& policy) {
  ScriptWriter writer;
  std::string results;
  std::string keep_state;
  for (const PolicyTensor& result : write_policy(policy, writer)) {
    if (result.output == "next_state") {
      keep_state = fmt::format("    self.state = {}\n", result.tensor);
    } else {
      results += fmt::format("{}\"{}\": {}", results.empty() ? "" : ", ", result.output, result.tensor);
    }
  }
  ScriptModule module = std::move(writer.module);
  module.name = "Policy";
  module.files = {{"metadata.json", metadata_json(policy)}};
  const auto size = static_cast<std::int64_t>(exported_state_size(policy));
  std::string take_state;
  std::string reset = "    pass\n";
  if (size > 0) {
    module.buffers.push_back({.name = kStateInput, .shape = {0, size}, .numbers = std::vector<float>()});
    take_state = fmt::format(
        "    state = self.state\n"
        "    if state.size(0) == 0:\n"
        "        state = observation.new_zeros([observation.size(0), {}])\n"
        "    assert state.size(0) == observation.size(0), \"expected as many observations as before; call reset() "
        "before another number of them\"\n",
        size);
    reset = fmt::format("    self.state = self.state.new_zeros([0, {}])\n", size);
  }
  module.methods = fmt::format(
      "def outputs(self, observation: Tensor) -> Dict[str, Tensor]:\n{}{}{}    return {{{}}}\n\n"
      "def forward(self, observation: Tensor) -> Tensor:\n    return self.outputs(observation)[\"action\"]\n\n"
      "def reset(self) -> None:\n{}",
      take_state, writer.body, keep_state, results, reset);
  return module;
}

}  // namespace sounder
