#include "agents/networks/torch_module.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/torch.h>

#include <mutex>
#include <string_view>
#include <utility>
#include <vector>

#include "agents/networks/torch_architecture.h"
#include "agents/networks/torch_errors.h"
#include "agents/networks/torch_network.h"
#include "envs/error.h"

namespace sounder {
namespace {

/// The name of the parameter that a gaussian head adds to a user's module.
constexpr const char* kLogStd = "log_std";

/// The beginning of the names that running moments have (normalized_network.h).
constexpr std::string_view kMoments = "moments.";
constexpr const char* kMomentsModule = "moments";

/// A user's module. Inserts log_std [A], if there is one, between the module's means and its value.
class UserModel final : public TorchModel {
 public:
  struct Sizes {
    std::int64_t columns;
    bool log_std;
  };
  UserModel(std::string name, TorchModule module, Sizes sizes)
      : name_(std::move(name)), module_(std::move(module)), columns_(sizes.columns) {
    if (sizes.log_std) log_std_ = module_.module->named_parameters(/*recurse=*/false)[kLogStd];
  }

  torch::nn::Module& module() override { return *module_.module; }
  std::int64_t state_size() const noexcept override { return module_.state_size; }

  std::tuple<torch::Tensor, torch::Tensor> step(const torch::Tensor& observations,
                                                const torch::Tensor& states) override {
    return blame_network(name_, [&] { return checked_step(observations, states); });
  }

  torch::Tensor unroll(const torch::Tensor& observations, const TorchUnroll& steps) override {
    if (state_size() == 0) return std::get<0>(step(observations, {}));
    torch::Tensor states = steps.states;
    std::vector<torch::Tensor> results;
    for (std::int64_t row = 0; row < observations.size(0); row += steps.environments) {
      if (const torch::Tensor kept = kept_states(steps, row); kept.defined()) states = states * kept;
      auto [result, after] = step(observations.narrow(0, row, steps.environments), states);
      results.push_back(std::move(result));
      states = std::move(after);
    }
    return torch::cat(results);
  }

 private:
  std::tuple<torch::Tensor, torch::Tensor> checked_step(const torch::Tensor& observations,
                                                        const torch::Tensor& states) {
    const std::int64_t rows = observations.size(0);
    torch::Tensor results;
    torch::Tensor after;
    if (module_.step) {
      std::tie(results, after) = module_.step(observations, states.defined() ? states : torch::zeros({rows, 0}));
      if (state_size() > 0) expect("states", after, {rows, state_size()}, observations);
    } else {
      results = module_.forward(observations);
    }
    expect("results", results, {rows, columns_}, observations);
    return {with_log_std(results), after};
  }

  static void expect(std::string_view what, const torch::Tensor& got, at::IntArrayRef shape,
                     const torch::Tensor& observations) {
    if (!got.defined()) throw UsageError(fmt::format("expected {} of a forward(); got an undefined tensor", what));
    const bool dense = got.layout() == torch::kStrided && got.device().is_cpu();
    if (got.sizes() == shape && got.scalar_type() == torch::kFloat32 && dense) return;
    throw UsageError(fmt::format("expected {} [{}], dense floats on the CPU, for observations [{}]; got [{}] of {}{}",
                                 what, fmt::join(shape, ", "), fmt::join(observations.sizes(), ", "),
                                 fmt::join(got.sizes(), ", "), c10::toString(got.scalar_type()),
                                 dense ? "" : ", which are not"));
  }

  torch::Tensor with_log_std(const torch::Tensor& results) const {
    if (!log_std_.defined()) return results;
    const std::int64_t actions = log_std_.size(0);
    return torch::cat(
        {results.slice(1, 0, actions), log_std_.expand({results.size(0), actions}), results.slice(1, actions)}, 1);
  }

  std::string name_;
  TorchModule module_;
  std::int64_t columns_;
  torch::Tensor log_std_;  // defined for a gaussian head only
};

/// Restores LibTorch's global generator, so that seeded draws do not affect others. One at a time: of trainings side by
/// side, each draws what its own seed determines.
class GeneratorGuard {
 public:
  GeneratorGuard() : one_(mutex()), generator_(at::detail::getDefaultCPUGenerator()) {
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
  static std::mutex& mutex() {
    static std::mutex one;
    return one;
  }

  std::scoped_lock<std::mutex> one_;
  at::Generator generator_;
  torch::Tensor state_;
};

/// Returns a tensor's numbers as floats. Throws UsageError for those that they cannot hold exactly, and for infinities
/// and NaN, which no checkpoint holds.
std::vector<float> exact_floats(const std::string& name, const torch::Tensor& tensor) {
  if (tensor.layout() != torch::kStrided || !tensor.device().is_cpu() || tensor.is_complex()) {
    throw UsageError(
        fmt::format("expected parameters and buffers to be dense tensors of real numbers on the CPU; '{}' "
                    "is not",
                    name));
  }
  const torch::Tensor floats = tensor.detach().to(torch::kFloat32).contiguous();
  if (!torch::isfinite(floats).all().item<bool>()) {
    throw UsageError(
        fmt::format("expected finite numbers, which a checkpoint can hold; '{}' has others: in a mask, take a large "
                    "number such as -1e9",
                    name));
  }
  if (!torch::equal(floats.to(tensor.scalar_type()), tensor.detach())) {
    throw UsageError(fmt::format(
        "expected numbers that a 32-bit float holds exactly, such as integers up to 2^24; buffer '{}', of {}, has "
        "others",
        name, c10::toString(tensor.scalar_type())));
  }
  return {floats.data_ptr<float>(), floats.data_ptr<float>() + floats.numel()};
}

/// Calls visit(name, tensor, constant) for all parameters of a module and then for its buffers: the layout's order.
template <class Visit>
void visit_tensors(const torch::nn::Module& module, Visit visit) {
  for (const auto& item : module.named_parameters()) visit(item.key(), item.value(), !item.value().requires_grad());
  for (const auto& item : module.named_buffers()) {
    if (item.value().defined()) visit(item.key(), item.value(), true);
  }
}

class ModuleArchitecture final : public TorchArchitecture {
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
    use_one_torch_thread();
    const GeneratorGuard guard;
    blame_network(name_, [&] {
      TorchModule made = make_module();
      first_ = made.module;
      state_size_ = static_cast<std::size_t>(made.state_size);
      require_use_of_memory();
      lay_out(*made.module);
      try_out(std::move(made));
    });
  }

  const ParameterLayout& layout() const noexcept override { return layout_; }
  std::string backend() const override { return "torch"; }
  std::size_t state_size() const noexcept override { return state_size_; }
  void prepare_thread() const override { use_one_torch_thread(); }

  std::string description() const override {
    std::vector<std::string> blocks;
    if (state_size_ > 0) blocks.push_back(fmt::format("state {}", state_size_));
    for (const ParameterBlock& block : layout_.blocks) {
      std::string described = fmt::format("{} {}", block.name, fmt::join(block.shape, "x"));
      if (block.constant) described += described.ends_with(' ') ? "(constant)" : " (constant)";
      blocks.push_back(std::move(described));
    }
    return fmt::format("{} {}-{}: {}", name_, inputs(request()), columns(request()), fmt::join(blocks, ", "));
  }

  std::vector<float> initial_parameters(std::uint64_t seed) const override {
    GeneratorGuard guard;
    guard.seed(seed);
    return blame_network(name_, [&] {
      const TorchModule made = make_another_module();
      std::vector<float> parameters;
      parameters.reserve(layout_.size);
      visit_tensors(*made.module, [&](const std::string& name, const torch::Tensor& tensor, bool /*constant*/) {
        const std::vector<float> floats = exact_floats(name, tensor);
        parameters.insert(parameters.end(), floats.begin(), floats.end());
      });
      if (parameters.size() == layout_.size) return parameters;
      throw UsageError(fmt::format("expected {} parameters, as the first module had; got another one with {}",
                                   layout_.size, parameters.size()));
    });
  }

  std::unique_ptr<Network> make(std::span<float> parameters, std::size_t rows) const override {
    return make_network({.name = name_,
                         .model = model(),
                         .layout = layout_,
                         .parameters = parameters,
                         .observation_size = static_cast<std::size_t>(inputs(request())),
                         .output_size = outputs_,
                         .value = value_,
                         .rows = rows});
  }

  std::shared_ptr<TorchModel> model() const override {
    const GeneratorGuard guard;
    return blame_network(name_, [&] { return adapted(make_another_module()); });
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

  std::shared_ptr<UserModel> adapted(TorchModule made) const {
    return std::make_shared<UserModel>(
        name_, std::move(made),
        UserModel::Sizes{.columns = columns(request()), .log_std = head_ == PolicyHead::gaussian});
  }

  TorchModule make_module() const {
    TorchModule made = make_(request());
    if (!made.module) throw UsageError("expected a module, got a null pointer");
    if (!made.forward && !made.step) throw UsageError("expected a module with a forward(), got none");
    if (made.state_size < 0) {
      throw UsageError(fmt::format("expected a state_size() of at least 0; got {}", made.state_size));
    }
    if (made.module == first_) {
      throw UsageError(
          "expected another module from each call of the function that makes it, as each worker has its own; got the "
          "first one again");
    }
    if (head_ == PolicyHead::gaussian) add_log_std(*made.module);
    made.module->eval();
    return made;
  }

  /// Makes a module that has to be like the first one.
  TorchModule make_another_module() const {
    TorchModule made = make_module();
    if (static_cast<std::size_t>(made.state_size) == state_size_) return made;
    throw UsageError(fmt::format("expected states of {} numbers, as the first module had; got another one with {}",
                                 state_size_, made.state_size));
  }

  void require_use_of_memory() const {
    if (config_.memory == "none" || state_size_ > 0) return;
    throw UsageError(fmt::format(
        "it has no states that Sounder could keep; expected memory 'none', or a module with state_size(); got '{}'",
        config_.memory));
  }

  void add_log_std(torch::nn::Module& module) const {
    if (module.named_parameters(/*recurse=*/false).contains(kLogStd)) {
      throw UsageError(
          fmt::format("it has a parameter '{}', which is added to it; expected none of that name, or policy_std "
                      "'network', for which its outputs hold the deviations",
                      kLogStd));
    }
    module.register_parameter(kLogStd, torch::full({static_cast<std::int64_t>(outputs_ / 2)}, initial_log_std_));
  }

  void lay_out(const torch::nn::Module& module) {
    for (const auto& item : module.named_parameters()) {
      if (item.value().scalar_type() == torch::kFloat32) continue;
      throw UsageError(fmt::format("expected parameters of 32-bit floats; '{}' is of {}", item.key(),
                                   c10::toString(item.value().scalar_type())));
    }
    if (module.named_children().contains(kMomentsModule)) {
      throw UsageError(fmt::format("it has a submodule '{}', which is that of running moments; expected another name",
                                   kMomentsModule));
    }
    std::size_t learnt = 0;
    visit_tensors(module, [&](const std::string& name, const torch::Tensor& tensor, bool constant) {
      if (name.starts_with(kMoments)) {
        throw UsageError(
            fmt::format("expected names that do not begin with '{}', as running moments do; got '{}'", kMoments, name));
      }
      if (std::ranges::find(layout_.blocks, name, &ParameterBlock::name) != layout_.blocks.end()) {
        throw UsageError(fmt::format("it has a parameter and a buffer '{}'; expected a name for each", name));
      }
      const std::size_t size = exact_floats(name, tensor).size();
      layout_.blocks.push_back(
          {.name = name, .shape = tensor.sizes().vec(), .offset = layout_.size, .size = size, .constant = constant});
      layout_.size += size;
      if (!constant) learnt += size;
    });
    if (learnt == 0) throw UsageError("it has no parameters to learn");
  }

  /// Has a module compute something, for two observations and for one.
  void try_out(TorchModule made) const {
    const torch::NoGradGuard no_grad;
    const auto model = adapted(std::move(made));
    for (const std::int64_t rows : {2, 1}) {
      model->step(torch::zeros({rows, inputs(request())}),
                  state_size_ > 0 ? torch::zeros({rows, model->state_size()}) : torch::Tensor());
    }
  }

  std::string name_;
  TorchModuleFactory make_;
  TrainConfig config_;
  EnvironmentSpec environment_;
  std::size_t outputs_;
  PolicyHead head_;
  ValueHead value_;
  float initial_log_std_;
  std::shared_ptr<torch::nn::Module> first_;  // kept, so that no other module has its address
  std::size_t state_size_ = 0;
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
