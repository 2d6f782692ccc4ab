#pragma once

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "agents/networks/network_spec.h"
#include "core/learning/network.h"
#include "envs/random.h"

namespace sounder::testing {

inline std::vector<float> normals(Rng& rng, std::size_t count, float scale = 1) {
  std::vector<float> numbers(count);
  for (float& x : numbers) x = scale * static_cast<float>(rng.normal());
  return numbers;
}

/// A rollout of T steps in K environments through a recurrent network, from states that are not zero, with an end of
/// an episode in it.
struct RecurrentRollout {
  NetworkSpec spec;
  std::size_t steps = 5;
  std::size_t environments = 3;
  std::vector<float> parameters;
  std::vector<float> observations;  // [T * K, D]
  std::vector<float> states;        // [K, S], before it
  std::vector<StepEnd> ends;        // [T * K]
  std::vector<float> output_gradients;
  std::vector<float> value_gradients;

  RecurrentRollout(NetworkSpec given, Rng& rng) : spec(std::move(given)) {
    parameters = initial_parameters(spec, 3);
    for (float& p : parameters) p += 0.2F * static_cast<float>(rng.normal());
    const std::size_t rows = steps * environments;
    observations = normals(rng, rows * spec.inputs);
    states = normals(rng, environments * state_size(spec), 0.5F);
    ends.assign(rows, StepEnd::none);
    ends[1 * environments + 0] = StepEnd::terminated;
    ends[2 * environments + 2] = StepEnd::truncated;
    ends[3 * environments + 2] = StepEnd::terminated;
    output_gradients = normals(rng, rows * spec.outputs);
    value_gradients = normals(rng, spec.value == ValueHead::scalar ? rows : 0);
  }

  std::size_t rows() const { return steps * environments; }
  OutputGradients gradients() const {
    return {.outputs = output_gradients, .values = value_gradients, .environments = environments, .ends = ends};
  }
};

struct RecurrentResults {
  std::vector<float> outputs;
  std::vector<float> values;
  std::vector<float> states;  // after the last step
};

/// Acts step by step as a worker does, except for the zeros at the start of the episode after the last step.
inline RecurrentResults act(Network& network, const RecurrentRollout& rollout) {
  const std::size_t k = rollout.environments;
  const std::size_t s = network.state_size();
  RecurrentResults results{.states = rollout.states};
  for (std::size_t t = 0; t < rollout.steps; ++t) {
    network.forward(std::span(rollout.observations).subspan(t * k * rollout.spec.inputs, k * rollout.spec.inputs),
                    t * k, results.states);
    for (std::size_t i = 0; i < k && t + 1 < rollout.steps; ++i) {
      if (rollout.ends[t * k + i] == StepEnd::none) continue;
      std::fill_n(results.states.begin() + static_cast<std::ptrdiff_t>(i * s), s, 0.0F);
    }
  }
  const NetworkOutput output = network.remembered(rollout.rows());
  results.outputs.assign(output.outputs.begin(), output.outputs.end());
  results.values.assign(output.values.begin(), output.values.end());
  return results;
}

}  // namespace sounder::testing
