// The list of networks that come with Sounder. Each is described by a NetworkSpec and computed by one of the backends
// listed in agents/networks/backends.cpp.
#include <fmt/format.h>

#include "agents/networks/architecture.h"
#include "agents/networks/backends.h"
#include "core/named.h"
#include "envs/error.h"

namespace sounder {
namespace {

/// Returns whether a shape looks like [height, width, channels], with 1, 3 or 4 channels and larger height and width.
bool looks_channels_last(const std::vector<std::int64_t>& sides) {
  if (sides.size() != 3 || sides[0] <= sides[2] || sides[1] <= sides[2]) return false;
  return sides[2] == 1 || sides[2] == 3 || sides[2] == 4;
}

/// Returns the shape of an environment's image observations, [height, width] or [channels, height, width].
ImageShape image_shape(const NetworkRequest& request) {
  const Space& space = request.environment.observation_space;
  const auto* const box = std::get_if<Box>(&space);
  if (box == nullptr || box->shape.size() < 2 || box->shape.size() > 3) {
    throw UsageError(fmt::format(
        "network 'cnn' takes images, a Box of shape [height, width] or [channels, height, width]; {} has {}; try 'mlp'",
        request.config.environment, describe(space)));
  }
  const auto& sides = box->shape;
  if (looks_channels_last(sides)) {
    throw UsageError(fmt::format(
        "network 'cnn' takes images of shape [channels, height, width]; {} has [{}, {}, {}], which looks like [height, "
        "width, channels]; give it the shape [{}, {}, {}], and write the channels one after the other (in Python, this "
        "is done for pictures of dtype uint8 from 0 to 255)",
        request.config.environment, sides[0], sides[1], sides[2], sides[2], sides[0], sides[1]));
  }
  const auto side = [&](std::ptrdiff_t from_end) { return static_cast<std::size_t>(box->shape.rbegin()[from_end]); };
  return {.channels = box->shape.size() == 3 ? side(2) : 1, .height = side(1), .width = side(0)};
}

NetworkSpec network_spec(const NetworkRequest& request) {
  const TrainConfig& config = request.config;
  NetworkSpec spec{.inputs = flat_size(request.environment.observation_space),
                   .activation = find_named(kActivations, "activation", config.activation),
                   .memory = find_named(kMemories, "memory", config.memory),
                   .outputs = request.outputs,
                   .trunks = find_named(kTrunks, "trunks", config.trunks),
                   .head = request.head,
                   .value = request.value,
                   .initial_log_std = request.initial_log_std};
  for (const std::int64_t units : config.hidden) spec.hidden.push_back(static_cast<std::size_t>(units));
  if (spec.memory != Memory::none) spec.memory_units = static_cast<std::size_t>(config.memory_units);
  return spec;
}

NetworkSpec convolutional_spec(const NetworkRequest& request) {
  NetworkSpec spec = network_spec(request);
  spec.image = image_shape(request);
  if (request.config.kernel % 2 == 0) {
    throw UsageError(fmt::format("kernel: expected an odd side, such as 3; got {}", request.config.kernel));
  }
  for (const std::int64_t channels : request.config.channels) {
    spec.convolutions.push_back({.channels = static_cast<std::size_t>(channels),
                                 .kernel = static_cast<std::size_t>(request.config.kernel),
                                 .stride = static_cast<std::size_t>(request.config.stride)});
  }
  return spec;
}

class BuiltInArchitecture final : public Architecture {
 public:
  BuiltInArchitecture(NetworkSpec spec, const TrainConfig& config)
      : spec_(std::move(spec)),
        layout_(parameter_layout(spec_)),
        backend_(choose_backend(spec_, config.backend)),
        functions_(backend_.load()) {}

  const ParameterLayout& layout() const noexcept override { return layout_; }
  std::string description() const override { return describe(spec_); }
  std::string backend() const override { return backend_.name; }
  std::size_t state_size() const noexcept override { return sounder::state_size(spec_); }
  NetworkTraits traits() const noexcept override {
    return {.convolutions = !spec_.convolutions.empty(),
            .memory = spec_.memory != Memory::none,
            .two_trunks = spec_.value == ValueHead::scalar};
  }
  const NetworkSpec* spec() const noexcept override { return &spec_; }
  std::vector<float> initial_parameters(std::uint64_t seed) const override {
    return sounder::initial_parameters(spec_, seed);
  }
  std::unique_ptr<Network> make(std::span<float> parameters, std::size_t rows) const override {
    return functions_.make(spec_, parameters, rows);
  }
  void prepare_thread() const override { functions_.prepare_thread(); }

 private:
  NetworkSpec spec_;
  ParameterLayout layout_;
  const Backend& backend_;  // an element of backends(), which is never destroyed
  const NetworkFunctions& functions_;
};

}  // namespace

Networks Networks::with_builtins() {
  Networks networks;
  networks.add("mlp", [](const NetworkRequest& request) {
    return std::make_unique<BuiltInArchitecture>(network_spec(request), request.config);
  });
  networks.add("cnn", [](const NetworkRequest& request) {
    return std::make_unique<BuiltInArchitecture>(convolutional_spec(request), request.config);
  });
  return networks;
}

}  // namespace sounder
