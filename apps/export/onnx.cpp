// Fields and types are numbered as in onnx.proto (https://github.com/onnx/onnx/blob/v1.8.0/onnx/onnx.proto).
#include "apps/export/onnx.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <map>
#include <optional>
#include <span>
#include <utility>

#include "apps/export/policy_tensors.h"
#include "apps/export/protobuf.h"
#include "core/named.h"

namespace sounder {
namespace {

constexpr std::int64_t kIrVersion = 7;  // the least that has kOperators
constexpr std::int64_t kOperators = 13;
constexpr std::int64_t kFloat = 1;  // of TensorProto.DataType
constexpr std::int64_t kInt64 = 7;

constexpr auto kFunctions = std::to_array<Named<TensorFunction>>({{"Tanh", TensorFunction::tanh},
                                                                  {"Sigmoid", TensorFunction::sigmoid},
                                                                  {"Relu", TensorFunction::relu},
                                                                  {"Add", TensorFunction::add},
                                                                  {"Sub", TensorFunction::subtract},
                                                                  {"Mul", TensorFunction::multiply},
                                                                  {"Min", TensorFunction::minimum},
                                                                  {"Max", TensorFunction::maximum},
                                                                  {"Equal", TensorFunction::equal},
                                                                  {"Greater", TensorFunction::greater},
                                                                  {"Where", TensorFunction::where}});

/// Returns the numbers' bytes, the lowest first.
template <class Bits, class Number>
std::string raw(std::span<const Number> numbers) {
  std::string bytes;
  bytes.reserve(numbers.size() * sizeof(Number));
  for (const Number number : numbers) {
    const auto bits = std::bit_cast<Bits>(number);
    for (std::size_t i = 0; i < sizeof(Bits); ++i) bytes += static_cast<char>(bits >> 8 * i & 0xFF);
  }
  return bytes;
}

/// An AttributeProto: an integer, or several.
ProtobufMessage attribute(std::string_view name, std::int64_t number) {
  ProtobufMessage message;
  message.add_bytes(1, name);
  message.add_integer(3, number);
  message.add_integer(20, 2);  // its type: INT
  return message;
}
ProtobufMessage attribute(std::string_view name, const std::vector<std::int64_t>& numbers) {
  ProtobufMessage message;
  message.add_bytes(1, name);
  for (const std::int64_t number : numbers) message.add_integer(8, number);
  message.add_integer(20, 7);  // its type: INTS
  return message;
}

/// A ValueInfoProto, of an input or output [batch, columns] or [batch].
ProtobufMessage value_info(const std::string& name, std::optional<std::size_t> columns, std::int64_t type) {
  ProtobufMessage batch;
  batch.add_bytes(2, "batch");
  ProtobufMessage shape;
  shape.add_message(1, batch);
  if (columns) {
    ProtobufMessage dimension;
    dimension.add_integer(1, static_cast<std::int64_t>(*columns));
    shape.add_message(1, dimension);
  }
  ProtobufMessage tensor;
  tensor.add_integer(1, type);
  tensor.add_message(2, shape);
  ProtobufMessage of_tensor;
  of_tensor.add_message(1, tensor);
  ProtobufMessage message;
  message.add_bytes(1, name);
  message.add_message(2, of_tensor);
  return message;
}

/// Collects the nodes and constants of a graph.
class OnnxWriter final : public TensorWriter {
 public:
  Name parameter(std::string_view name, const std::vector<std::int64_t>& shape,
                 std::span<const float> numbers) override {
    return add_constant(name, shape, {.type = kFloat, .bytes = raw<std::uint32_t>(numbers)});
  }

  Name constant(std::string_view name, std::span<const float> numbers) override {
    return parameter(name, {static_cast<std::int64_t>(numbers.size())}, numbers);
  }

  Name apply(TensorFunction function, const std::vector<Name>& arguments) override {
    return add_node(name_of(kFunctions, function), arguments);
  }

  Name clip(const Name& x, float low, float high) override {
    const std::string name = fmt::format("clip.{}", nodes_.size());
    return add_node("Clip", {x, parameter(name + ".low", {}, std::span(&low, 1)),
                             parameter(name + ".high", {}, std::span(&high, 1))});
  }

  Name linear(const Name& x, const Layer& layer) override {
    return add_node("Gemm", {x, layer.weight, layer.bias}, {attribute("transB", 1)});
  }

  Name convolve(const Name& x, const Layer& layer, const Convolution& convolution) override {
    const auto kernel = static_cast<std::int64_t>(convolution.kernel);
    const auto stride = static_cast<std::int64_t>(convolution.stride);
    const std::int64_t pad = kernel / 2;
    return add_node("Conv", {x, layer.weight, layer.bias},
                    {attribute("kernel_shape", {kernel, kernel}), attribute("pads", {pad, pad, pad, pad}),
                     attribute("strides", {stride, stride})});
  }

  Name reshape(const Name& x, const std::vector<std::int64_t>& row) override {
    std::vector<std::int64_t> shape{-1};
    shape.insert(shape.end(), row.begin(), row.end());
    return add_node("Reshape", {x, integers(fmt::format("shape.{}", nodes_.size()), shape)});
  }

  Name columns(const Name& x, std::size_t first, std::size_t count) override {
    const auto begin = static_cast<std::int64_t>(first);
    const std::string name = fmt::format("slice.{}", nodes_.size());
    if (axis_.empty()) axis_ = integers("columns", {1});
    return add_node("Slice", {x, integers(name + ".begin", {begin}),
                              integers(name + ".end", {begin + static_cast<std::int64_t>(count)}), axis_});
  }

  Name choose_columns(const Name& x, std::string_view name, const std::vector<std::int64_t>& columns) override {
    return add_node("Gather", {x, integers(name, columns)}, {attribute("axis", 1)});
  }

  Name concatenate(const std::vector<Name>& parts) override {
    return add_node("Concat", parts, {attribute("axis", 1)});
  }

  Name argmax(const Name& x) override { return add_node("ArgMax", {x}, {attribute("axis", 1)}); }
  Name to_floats(const Name& x) override { return add_node("Cast", {x}, {attribute("to", kFloat)}); }
  Name to_integers(const Name& x) override { return add_node("Cast", {x}, {attribute("to", kInt64)}); }

  /// Returns the GraphProto.
  ProtobufMessage graph(const ExportedPolicy& policy, const std::vector<PolicyTensor>& results) {
    std::vector<PolicyTensor> named = results;
    for (PolicyTensor& result : named) name_result(result);
    ProtobufMessage message;
    for (const Node& node : nodes_) message.add_message(1, to_message(node));
    message.add_bytes(2, "policy");
    for (const ProtobufMessage& constant : constants_) message.add_message(5, constant);
    message.add_message(11, value_info(kObservationInput, flat_size(policy.spaces.observation), kFloat));
    if (const std::size_t size = exported_state_size(policy); size > 0) {
      message.add_message(11, value_info(kStateInput, size, kFloat));
    }
    for (const PolicyTensor& result : named) {
      message.add_message(12, value_info(result.output, result.columns, result.integers ? kInt64 : kFloat));
    }
    return message;
  }

 private:
  struct Node {
    std::string_view type;
    std::vector<Name> inputs;
    std::vector<ProtobufMessage> attributes;
    Name output;
  };
  struct Content {
    std::int64_t type;
    std::string bytes;
  };

  Name add_node(std::string_view type, std::vector<Name> inputs, std::vector<ProtobufMessage> attributes = {}) {
    nodes_.push_back({.type = type,
                      .inputs = std::move(inputs),
                      .attributes = std::move(attributes),
                      .output = fmt::format("t.{}", nodes_.size())});
    return nodes_.back().output;
  }

  Name add_constant(std::string_view name, const std::vector<std::int64_t>& shape, const Content& content) {
    ProtobufMessage message;
    for (const std::int64_t size : shape) message.add_integer(1, size);
    message.add_integer(2, content.type);
    message.add_bytes(8, name);
    message.add_bytes(9, content.bytes);
    constants_.push_back(std::move(message));
    return Name(name);
  }

  Name integers(std::string_view name, const std::vector<std::int64_t>& numbers) {
    return add_constant(name, {static_cast<std::int64_t>(numbers.size())},
                        {.type = kInt64, .bytes = raw<std::uint64_t>(std::span(numbers))});
  }

  /// Gives the tensor of a result the result's name. One that has another result's name already is copied.
  void name_result(PolicyTensor& result) {
    const auto maker = std::ranges::find(nodes_, result.tensor, &Node::output);
    if (maker == nodes_.end()) {
      nodes_.push_back(
          {.type = "Identity", .inputs = {renamed_.at(result.tensor)}, .attributes = {}, .output = result.output});
      return;
    }
    for (Node& node : nodes_) std::ranges::replace(node.inputs, result.tensor, result.output);
    maker->output = result.output;
    renamed_[result.tensor] = result.output;
  }

  static ProtobufMessage to_message(const Node& node) {
    ProtobufMessage message;
    for (const Name& input : node.inputs) message.add_bytes(1, input);
    message.add_bytes(2, node.output);
    message.add_bytes(3, node.output);  // its name, which some runtimes make others of
    message.add_bytes(4, node.type);
    for (const ProtobufMessage& attribute : node.attributes) message.add_message(5, attribute);
    return message;
  }

  std::vector<Node> nodes_;
  std::vector<ProtobufMessage> constants_;  // TensorProto
  Name axis_;                               // the constant 1
  std::map<Name, Name> renamed_;
};

}  // namespace

std::string onnx_model(const ExportedPolicy& policy) {
  OnnxWriter writer;
  const std::vector<PolicyTensor> results = write_policy(policy, writer);
  ProtobufMessage operators;
  operators.add_bytes(1, "");  // ONNX's own
  operators.add_integer(2, kOperators);
  ProtobufMessage model;
  model.add_integer(1, kIrVersion);
  model.add_bytes(2, "Sounder");
  model.add_bytes(3, SOUNDER_VERSION);
  model.add_message(7, writer.graph(policy, results));
  model.add_message(8, operators);
  for (const auto& [key, value] : policy_metadata(policy)) {
    ProtobufMessage entry;
    entry.add_bytes(1, key);
    entry.add_bytes(2, value);
    model.add_message(14, entry);
  }
  return model.bytes();
}

}  // namespace sounder
