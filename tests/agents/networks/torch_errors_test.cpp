// What a user's module throws, and results of a wrong shape.
#include <atomic>
#include <stdexcept>
#include <string>
#include <vector>

#include "agents/factory.h"
#include "agents/networks/torch_module.h"
#include "core/running/trainer.h"
#include "envs/error.h"
#include "envs/registry.h"
#include "tests/agents/networks/own_module.h"

namespace sounder {
namespace {

using testing::make;
using testing::Mine;

TEST_CASE("a user's module's exceptions are reported with the network's name, in one line") {
  struct Unmade : Mine {
    explicit Unmade(const NetworkRequest& request) : Mine(request) { throw std::runtime_error("no weights\nat all"); }
  };
  CHECK_THROWS_WITH(make<Unmade>(), "network 'mine': no weights");
  struct Wrong : Mine {
    using Mine::Mine;
    torch::Tensor forward(const torch::Tensor& observations) { return head->forward(observations); }
  };
  CHECK_THROWS_WITH(make<Wrong>(), Catch::StartsWith("network 'mine': mat1 and mat2 shapes cannot be multiplied"));

  struct Late : Mine {
    using Mine::Mine;
    torch::Tensor forward(const torch::Tensor& observations) {
      if (observations.size(0) > 2) throw std::out_of_range("only two rows");
      return Mine::forward(observations);
    }
  };
  const auto network = make<Late>();
  std::vector<float> parameters = network->initial_parameters(5);
  const auto late = network->make(parameters, 3);
  CHECK_THROWS_WITH(late->forward(std::vector<float>(12), 0, {}), "network 'mine': only two rows");

  // Whatever it throws, an Error of Sounder's included, whose kind is kept.
  struct NotAnException : Mine {
    using Mine::Mine;
    torch::Tensor forward(const torch::Tensor& /*observations*/) { throw 42; }
  };
  CHECK_THROWS_WITH(make<NotAnException>(), "network 'mine': it threw something that is no std::exception");
  struct Misused : Mine {
    explicit Misused(const NetworkRequest& request) : Mine(request) { throw UsageError("hidden: expected one layer"); }
  };
  CHECK_THROWS_AS(make<Misused>(), UsageError);
  CHECK_THROWS_WITH(make<Misused>(), "network 'mine': hidden: expected one layer");
}

TEST_CASE("a parameter and a buffer of one name are refused") {
  struct Twice : Mine {
    explicit Twice(const NetworkRequest& request) : Mine(request) {
      register_parameter("table", torch::ones({3}));
      register_buffer("table", torch::ones({3}));
    }
  };
  CHECK_THROWS_WITH(make<Twice>(), "network 'mine': it has a parameter and a buffer 'table'; expected a name for each");
}

TEST_CASE("a forward() that changes its arguments is an error, because learning calls it again with them") {
  struct InPlace : Mine {
    using Mine::Mine;
    torch::Tensor forward(torch::Tensor observations) { return Mine::forward(observations.div_(10)); }
  };
  const auto network = make<InPlace>();
  std::vector<float> parameters = network->initial_parameters(5);
  CHECK_THROWS_WITH(network->make(parameters, 1)->forward(std::vector<float>(4, 1), 0, {}),
                    "network 'mine': forward() changed its observations or states; expected one that only reads them");
}

TEST_CASE("a buffer of integers whose elements share memory gets memory of its own") {
  struct Expanded : Mine {
    explicit Expanded(const NetworkRequest& request) : Mine(request) {
      register_buffer("ones", torch::ones({1}, torch::kInt64).expand({4}));
    }
  };
  const auto network = make<Expanded>();
  std::vector<float> parameters = network->initial_parameters(5);
  CHECK_NOTHROW(network->make(parameters, 1)->forward(std::vector<float>(4, 1), 0, {}));
}

/// Passes numbers on, and fails to pass gradients back.
struct NoWayBack : torch::autograd::Function<NoWayBack> {
  static torch::Tensor forward(torch::autograd::AutogradContext* /*context*/, const torch::Tensor& x) {
    return x.clone();
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* /*context*/,
                                                 const torch::autograd::variable_list& /*gradients*/) {
    throw std::runtime_error("no way back");
  }
};

TEST_CASE("errors of a user's module while it learns are reported with the network's name") {
  struct OneWay : Mine {
    using Mine::Mine;
    torch::Tensor forward(const torch::Tensor& observations) { return NoWayBack::apply(Mine::forward(observations)); }
  };
  struct Detached : Mine {
    using Mine::Mine;
    torch::Tensor forward(const torch::Tensor& observations) { return Mine::forward(observations).detach(); }
  };
  const auto learn = [](const Architecture& network) {
    std::vector<float> parameters = network.initial_parameters(5);
    std::vector<float> gradient(parameters.size());
    const auto one = network.make(parameters, 1);
    one->forward(std::vector<float>{1, 2, 3, 4}, 0, {});
    const std::vector<float> outputs{1, 1};
    const std::vector<float> values{1};
    one->backward({.outputs = outputs, .values = values}, gradient);
  };
  CHECK_THROWS_WITH(learn(*make<OneWay>()), "network 'mine': no way back");
  CHECK_THROWS_WITH(learn(*make<Detached>()),
                    Catch::StartsWith("network 'mine': element 0 of tensors does not require"));
}

/// When the module below throws.
std::atomic<int> calls_left;
bool throws_in_backward;

TEST_CASE("a training whose network throws ends with an error that names it, whoever calls it") {
  struct Failing : Mine {
    using Mine::Mine;
    torch::Tensor forward(const torch::Tensor& observations) {
      const torch::Tensor results = Mine::forward(observations);
      if (--calls_left > 0) return results;
      if (throws_in_backward) return NoWayBack::apply(results);
      throw std::runtime_error("out of luck");
    }
  };
  throws_in_backward = GENERATE(false, true);
  Networks networks;
  add_torch_module(networks, "mine", [](const NetworkRequest& request) { return std::make_shared<Failing>(request); });
  TrainConfig config;
  config.environment = "CartPole-v1";
  config.network = "mine";
  config.workers = 3;
  config.steps = 100'000;
  config.evaluation_interval = GENERATE(1, 1'000'000);  // an evaluation comes first, or none
  config.evaluation_episodes = 50;
  calls_left = 1'000'000;
  const Registry environments = Registry::with_builtins();
  const auto agents = make_agent_factory(config, environments.make("CartPole-v1").spec(), networks);
  Trainer trainer(
      {.config = config, .make_environment = [&] { return environments.make("CartPole-v1"); }, .agents = *agents});
  calls_left = 60;
  CHECK_THROWS_WITH(trainer.run(), Catch::Contains(throws_in_backward ? "network 'mine': no way back"
                                                                      : "network 'mine': out of luck"));
}

TEST_CASE("results of a wrong shape are reported whenever they come") {
  struct LateColumn : Mine {
    using Mine::Mine;
    torch::Tensor forward(const torch::Tensor& observations) {
      return Mine::forward(observations).narrow(1, 0, observations.size(0) > 2 ? 2 : 3);
    }
  };
  const auto network = make<LateColumn>();
  std::vector<float> parameters = network->initial_parameters(5);
  const auto late = network->make(parameters, 3);
  CHECK_NOTHROW(late->forward(std::vector<float>(4), 0, {}));
  CHECK_THROWS_WITH(late->forward(std::vector<float>(12), 0, {}),
                    "network 'mine': expected results [3, 3], dense floats on the CPU, for observations [3, 4]; got "
                    "[3, 2] of Float");
  // The usual mistake.
  struct Squeezed : Mine {
    using Mine::Mine;
    torch::Tensor forward(const torch::Tensor& observations) { return Mine::forward(observations).squeeze(); }
  };
  CHECK_THROWS_WITH(make<Squeezed>(),
                    "network 'mine': expected results [1, 3], dense floats on the CPU, for observations [1, 4]; got "
                    "[3] of Float");
  struct Doubles : Mine {
    using Mine::Mine;
    torch::Tensor forward(const torch::Tensor& observations) { return Mine::forward(observations).to(torch::kFloat64); }
  };
  CHECK_THROWS_WITH(make<Doubles>(), Catch::EndsWith("got [2, 3] of Double"));
  struct Nowhere : Mine {
    using Mine::Mine;
    torch::Tensor forward(const torch::Tensor& /*observations*/) { return {}; }
  };
  CHECK_THROWS_WITH(make<Nowhere>(), "network 'mine': expected results of a forward(); got an undefined tensor");
}

}  // namespace
}  // namespace sounder
