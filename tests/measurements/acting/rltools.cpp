// RLtools' own inference of the same network, 4-64-64-2, with weights of its own. ACTIVATION is TANH, or FAST_TANH, its
// approximation.
// Its headers depend on this order.
// clang-format off
#include <rl_tools/operations/cpu_mux.h>
#include <rl_tools/nn/optimizers/adam/instance/operations_generic.h>
#include <rl_tools/nn/operations_cpu_mux.h>
#include <rl_tools/nn_models/operations_generic.h>
#include <rl_tools/nn/optimizers/adam/operations_generic.h>
// clang-format on

#include "timing.h"

namespace rlt = rl_tools;
using Device = rlt::devices::DEVICE_FACTORY<>;
using Index = Device::index_t;
using Types = rlt::numeric_types::Policy<float>;
using Shape = rlt::tensor::Shape<Index, 1, 1, kInputs>;
using Functions = rlt::nn::activation_functions::ActivationFunction;
using Config = rlt::nn_models::mlp::Configuration<Types, Index, 2, 3, 64, Functions::ACTIVATION, Functions::IDENTITY>;
using Mlp = rlt::nn_models::mlp::NeuralNetwork<Config, rlt::nn::capability::Forward<false>, Shape>;

int main() {
  Device device;
  Device::SPEC::RANDOM::ENGINE<> rng;
  rlt::malloc(device, rng);
  rlt::init(device, rng, 0);
  static Mlp mlp;
  static Mlp::Buffer<false> buffer;
  rlt::malloc(device, mlp);
  rlt::malloc(device, buffer);
  rlt::init_weights(device, mlp, rng);
  rlt::Tensor<rlt::tensor::Specification<float, Index, Shape, false>> input;
  rlt::Tensor<rlt::tensor::Specification<float, Index, Mlp::OUTPUT_SHAPE, false>> output;
  time_actions([&](const float* observation) {
    for (Index i = 0; i < kInputs; ++i) rlt::set(device, input, observation[i], 0, 0, i);
    rlt::evaluate(device, mlp, input, output, buffer, rng);
    return rlt::get(device, output, 0, 0, 0) < rlt::get(device, output, 0, 0, 1) ? 1 : 0;
  });
}
