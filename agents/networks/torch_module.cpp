#include "agents/networks/torch_module.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/torch.h>

#include <exception>
#include <mutex>
#include <string_view>
#include <utility>
#include <vector>

#include "agents/networks/torch_model.h"
#include "agents/networks/torch_network.h"
#include "envs/error.h"

namespace sounder {
namespace {

/// Runs a user's code. Rethrows its exceptions with the network's name, the original nested.
template <class Task>
auto blame_network(const std::string& name, Task task) {
  const auto named = [&](std::string_view what) {
    return Error(fmt::format("network '{}': {}", name, what.substr(0, what.find('\n'))));
  };
  try {
    return task();
  } catch (const Error&) {
    throw;
  } catch (const c10::Error& error) {
    std::throw_with_nested(named(error.what_without_backtrace()));
  } catch (const std::exception& error) {
    std::throw_with_nested(named(error.what()));
  }
}

/// The name of the parameter that a gaussian head adds to a user's module.
constexpr const char* kLogStd = "log_std";

/// A user's module without state. Inserts log_std [A], if there is one, between the module's means and its value.
class UserModel final : public TorchModel {
 public:
  UserModel(std::string name, TorchModule module, PolicyHead head)
      : name_(std::move(name)), module_(std::move(module)) {
    if (head == PolicyHead::gaussian) log_std_ = module_.module->named_parameters(/*recurse=*/false)[kLogStd];
  }

  torch::nn::Module& module() override { return *module_.module; }
  torch::Tensor act(const torch::Tensor& observations, const torch::Tensor& /*states*/) override {
    return forward(observations);
  }
  torch::Tensor unroll(const torch::Tensor& observations, const TorchUnroll& /*steps*/) override {
    return forward(observations);
  }

 private:
  torch::Tensor forward(const torch::Tensor& observations) {
    const torch::Tensor result = blame_network(name_, [&] { return module_.forward(observations); });
    if (!log_std_.defined()) return result;
    const std::int64_t actions = log_std_.size(0);
    return torch::cat(
        {result.slice(1, 0, actions), log_std_.expand({result.size(0), actions}), result.slice(1, actions)}, 1);
  }

  std::string name_;
  TorchModule module_;
  torch::Tensor log_std_;  // defined for a gaussian head only
};

/// Restores LibTorch's global generator, so that seeded draws do not affect others.
class GeneratorGuard {
 public:
  GeneratorGuard() : generator_(at::detail::getDefaultCPUGenerator()) {
    const std::lock_guard lock(generator_.mutex());
    state_ = generator_.get_state();
  }
  ~GeneratorGuard() {
    const std::lock_guard lock(generator_.mutex());
    generator_.set_state(state_);
  }
  GeneratorGuard(const GeneratorGuard&) = delete;
  GeneratorGuard& operator=(const GeneratorGuard&) = delete;

  void seed(std::uint64_t seed) {
    const std::lock_guard lock(generator_.mutex());
    generator_.set_current_seed(seed);
  }

 private:
  at::Generator generator_;
  torch::Tensor state_;
};

class ModuleArchitecture final : public Architecture {
 public:
  ModuleArchitecture(std::string name, TorchModuleFactory make, const NetworkRequest& request)
      : name_(std::move(name)),
        make_(std::move(make)),
        config_(request.config),
        environment_(request.environment),
        outputs_(request.outputs),
        head_(request.head),
        value_(request.value),
        initial_log_std_(request.initial_log_std) {
    if (config_.backend != "auto" && config_.backend != backend()) {
      throw UsageError(
          fmt::format("backend '{}' does not compute network '{}'; try backend 'auto'", config_.backend, name_));
    }
    if (config_.memory != "none") {
      throw UsageError(
          fmt::format("network '{}' has no memory that Sounder could keep; expected memory 'none', got '{}'", name_,
                      config_.memory));
    }
    use_one_torch_thread();
    const GeneratorGuard guard;
    const TorchModule made = make_module();
    lay_out(*made.module);
    check_result(made);
  }

  const ParameterLayout& layout() const noexcept override { return layout_; }
  std::string backend() const override { return "torch"; }
  std::size_t state_size() const noexcept override { return 0; }
  void prepare_thread() const override { use_one_torch_thread(); }

  std::string description() const override {
    std::vector<std::string> blocks;
    for (const ParameterBlock& block : layout_.blocks) {
      blocks.push_back(fmt::format("{} {}", block.name, fmt::join(block.shape, "x")));
    }
    return fmt::format("{} {}-{}: {}", name_, inputs(request()), columns(request()), fmt::join(blocks, ", "));
  }

  std::vector<float> initial_parameters(std::uint64_t seed) const override {
    GeneratorGuard guard;
    guard.seed(seed);
    const TorchModule made = make_module();
    std::vector<float> parameters;
    parameters.reserve(layout_.size);
    for (const torch::Tensor& parameter : made.module->parameters()) {
      const torch::Tensor flat = parameter.detach().contiguous();
      parameters.insert(parameters.end(), flat.data_ptr<float>(), flat.data_ptr<float>() + flat.numel());
    }
    return parameters;
  }

  std::unique_ptr<Network> make(std::span<float> parameters, std::size_t rows) const override {
    return make_network({.model = std::make_unique<UserModel>(name_, make_module(), head_),
                         .layout = layout_,
                         .parameters = parameters,
                         .observation_size = static_cast<std::size_t>(inputs(request())),
                         .output_size = outputs_,
                         .value = value_,
                         .rows = rows});
  }

 private:
  /// Returns the request, with references to this object's own copies.
  NetworkRequest request() const {
    return {.config = config_,
            .environment = environment_,
            .outputs = outputs_,
            .head = head_,
            .value = value_,
            .initial_log_std = initial_log_std_};
  }

  TorchModule make_module() const {
    TorchModule made = blame_network(name_, [&] { return make_(request()); });
    if (!made.module) throw UsageError(fmt::format("network '{}': expected a module, got a null pointer", name_));
    if (head_ == PolicyHead::gaussian) add_log_std(*made.module);
    made.module->eval();
    return made;
  }

  void add_log_std(torch::nn::Module& module) const {
    if (module.named_parameters(/*recurse=*/false).contains(kLogStd)) {
      throw UsageError(fmt::format(
          "network '{}' has a parameter '{}', which is added to it; expected none of that name, or policy_std "
          "'network', for which its outputs hold the deviations",
          name_, kLogStd));
    }
    module.register_parameter(kLogStd, torch::full({static_cast<std::int64_t>(outputs_ / 2)}, initial_log_std_));
  }

  void lay_out(const torch::nn::Module& module) {
    for (const auto& buffer : module.named_buffers()) {
      throw UsageError(
          fmt::format("network '{}' has the buffer '{}', which no worker would share; expected parameters only", name_,
                      buffer.key()));
    }
    for (const auto& item : module.named_parameters()) {
      const torch::Tensor& parameter = item.value();
      if (parameter.scalar_type() != torch::kFloat32) {
        throw UsageError(fmt::format("network '{}': expected parameters of 32-bit floats; '{}' is of {}", name_,
                                     item.key(), c10::toString(parameter.scalar_type())));
      }
      const auto size = static_cast<std::size_t>(parameter.numel());
      layout_.blocks.push_back(
          {.name = item.key(), .shape = parameter.sizes().vec(), .offset = layout_.size, .size = size});
      layout_.size += size;
    }
    if (layout_.size == 0) throw UsageError(fmt::format("network '{}' has no parameters to learn", name_));
  }

  void check_result(const TorchModule& made) const {
    const torch::NoGradGuard no_grad;
    constexpr std::int64_t kRows = 2;
    const std::vector<std::int64_t> given{kRows, inputs(request())};
    const std::vector<std::int64_t> expected{kRows, columns(request())};
    const torch::Tensor result = blame_network(name_, [&] { return made.forward(torch::zeros(given)); });
    if (result.sizes() == expected && result.scalar_type() == torch::kFloat32) return;
    throw UsageError(fmt::format("network '{}': expected [{}] floats of observations [{}]; got [{}] of {}", name_,
                                 fmt::join(expected, ", "), fmt::join(given, ", "), fmt::join(result.sizes(), ", "),
                                 c10::toString(result.scalar_type())));
  }

  std::string name_;
  TorchModuleFactory make_;
  TrainConfig config_;
  EnvironmentSpec environment_;
  std::size_t outputs_;
  PolicyHead head_;
  ValueHead value_;
  float initial_log_std_;
  ParameterLayout layout_;
};

}  // namespace

std::int64_t inputs(const NetworkRequest& request) {
  return static_cast<std::int64_t>(flat_size(request.environment.observation_space));
}

std::int64_t columns(const NetworkRequest& request) {
  const std::size_t policy = request.head == PolicyHead::gaussian ? request.outputs / 2 : request.outputs;
  return static_cast<std::int64_t>(policy) + (request.value == ValueHead::scalar ? 1 : 0);
}

void add_torch_module(Networks& networks, std::string name, TorchModuleFactory make) {
  if (!make) throw UsageError(fmt::format("network '{}' needs a function that makes it, got an empty one", name));
  networks.add(name, [name, make = std::move(make)](const NetworkRequest& request) {
    return std::make_unique<ModuleArchitecture>(name, make, request);
  });
}

}  // namespace sounder
