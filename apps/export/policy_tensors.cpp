#include "apps/export/policy_tensors.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>

#include "core/space_json.h"
#include "envs/action_mask.h"

namespace sounder {
namespace {

using Name = TensorWriter::Name;
using enum TensorFunction;

bool stacks_frames(const ExportedPolicy& policy) {
  return std::ranges::any_of(policy.observation_steps, [](const ObservationStep& step) {
    const auto* const stack = std::get_if<StackStep>(&step.does);
    return stack != nullptr && stack->frames > 1;
  });
}

class PolicyWriter {
 public:
  PolicyWriter(const ExportedPolicy& policy, TensorWriter& writer) : policy_(policy), writer_(writer) {}

  std::vector<PolicyTensor> write() {
    const NetworkSpec& spec = policy_.network;
    const Name input = normalize(observe());
    std::vector<Name> heads;
    for (const NetworkStack& stack : stacks(spec)) heads.push_back(write_stack(stack, input));
    const NetworkStack first = stacks(spec).front();
    const Name outputs =
        policy_.outputs() == first.outputs ? heads.front() : writer_.columns(heads.front(), 0, policy_.outputs());
    const bool box = std::holds_alternative<Box>(policy_.spaces.action);
    const bool discrete = std::holds_alternative<Discrete>(policy_.spaces.action);

    std::vector<PolicyTensor> results;
    results.push_back({.output = "action",
                       .tensor = discrete ? writer_.reshape(choose(outputs), {}) : choose(outputs),
                       .columns = discrete ? std::nullopt : std::optional(flat_size(policy_.spaces.action)),
                       .integers = !box});
    const bool has_value = spec.value == ValueHead::scalar;
    results.push_back({.output = box         ? "means"
                                 : has_value ? "logits"
                                             : "action_values",
                       .tensor = outputs,
                       .columns = policy_.outputs()});
    if (has_value) {
      const Name value = writer_.columns(heads.back(), stacks(spec).back().outputs - 1, 1);
      results.push_back({.output = "value", .tensor = writer_.reshape(value, {}), .columns = std::nullopt});
    }
    if (!next_state_.empty()) {
      results.push_back({.output = "next_state",
                         .tensor = next_state_.size() == 1 ? next_state_.front() : writer_.concatenate(next_state_),
                         .columns = state_read_});
    }
    return results;
  }

 private:
  /// Returns a constant of one number, which is broadcast.
  Name scalar(const char* name, float number) {
    const auto [found, is_new] = scalars_.try_emplace(name);
    if (is_new) found->second = writer_.constant(name, std::span(&number, 1));
    return found->second;
  }

  /// Returns the next numbers of the state. Their successors are to be added to next_state_ in the same order.
  Name take_state(std::size_t count) {
    const Name part = writer_.columns(kStateInput, state_read_, count);
    state_read_ += count;
    return part;
  }

  /// Writes the steps from an observation to the network's input.
  Name observe() {
    Name x = kObservationInput;
    if (stacks_frames(policy_)) {
      const Name begun = take_state(1);
      begun_ = writer_.apply(greater, {begun, scalar("zero", 0)});
      next_state_.push_back(writer_.apply(maximum, {begun, scalar("one", 1)}));
    }
    for (std::size_t i = 0; i < policy_.observation_steps.size(); ++i) {
      const ObservationStep& step = policy_.observation_steps[i];
      x = std::visit([&](const auto& does) { return write_step(does, step, fmt::format("observation.{}", i), x); },
                     step.does);
    }
    return x;
  }

  Name write_step(const OneHotStep& step, const ObservationStep& /*sizes*/, const std::string& name, const Name& x) {
    std::vector<std::int64_t> columns;
    std::vector<float> options;
    for (std::size_t choice = 0; choice < step.counts.size(); ++choice) {
      for (std::int64_t option = 0; option < step.counts[choice]; ++option) {
        columns.push_back(static_cast<std::int64_t>(choice));
        options.push_back(static_cast<float>(option));
      }
    }
    const Name chosen = writer_.choose_columns(x, name + ".choices", columns);
    return writer_.to_floats(writer_.apply(equal, {chosen, writer_.constant(name + ".options", options)}));
  }

  Name write_step(const MaskStep& step, const ObservationStep& /*sizes*/, const std::string& name, const Name& x) {
    return writer_.choose_columns(x, name + ".kept", step.kept);
  }

  Name write_step(const ClipStep& step, const ObservationStep& /*sizes*/, const std::string& /*name*/, const Name& x) {
    return writer_.clip(x, -step.limit, step.limit);
  }

  Name write_step(const StackStep& step, const ObservationStep& sizes, const std::string& /*name*/, const Name& x) {
    if (step.frames == 1) return x;
    // The state has the frames but for the newest. An episode's first one stands in for those before it.
    const Name before = take_state(sizes.outputs - sizes.inputs);
    const std::vector<Name> copies(static_cast<std::size_t>(step.frames) - 1, x);
    const Name older = writer_.apply(where, {begun_, before, copies.size() == 1 ? x : writer_.concatenate(copies)});
    const Name frames = writer_.concatenate({older, x});
    next_state_.push_back(writer_.columns(frames, sizes.inputs, sizes.outputs - sizes.inputs));
    return frames;
  }

  Name normalize(const Name& x) {
    if (policy_.means.empty()) return x;
    const Name centered = writer_.apply(subtract, {x, writer_.constant("observation_mean", policy_.means)});
    const Name scaled = writer_.apply(multiply, {centered, writer_.constant("observation_factor", policy_.factors)});
    return writer_.clip(scaled, -10, 10);
  }

  Name parameter(const std::string& name) {
    const auto block = std::ranges::find(policy_.layout.blocks, name, &ParameterBlock::name);
    return writer_.parameter(name, block->shape, policy_.block(name));
  }

  TensorWriter::Layer layer(const std::string& name, const char* suffix = "") {
    return {.weight = parameter(name + ".weight" + suffix), .bias = parameter(name + ".bias" + suffix)};
  }

  Name activate(const Name& x) {
    return writer_.apply(policy_.network.activation == Activation::tanh ? tanh : relu, {x});
  }

  /// Writes a trunk and its head.
  Name write_stack(const NetworkStack& stack, const Name& input) {
    const NetworkSpec& spec = policy_.network;
    Name x = input;
    if (!spec.convolutions.empty()) {
      const auto size = [](std::size_t number) { return static_cast<std::int64_t>(number); };
      x = writer_.reshape(x, {size(spec.image.channels), size(spec.image.height), size(spec.image.width)});
      for (std::size_t i = 0; i < spec.convolutions.size(); ++i) {
        x = activate(writer_.convolve(x, layer(fmt::format("{}conv.{}", stack.prefix, i)), spec.convolutions[i]));
      }
      const ImageShape image = image_after(spec, spec.convolutions.size());
      x = writer_.reshape(x, {size(image.channels * image.height * image.width)});
    }
    for (std::size_t i = 0; i < spec.hidden.size(); ++i) {
      x = activate(writer_.linear(x, layer(fmt::format("{}body.{}", stack.prefix, i))));
    }
    if (spec.memory == Memory::lstm) x = write_lstm(stack.prefix + "memory", x);
    if (spec.memory == Memory::gru) x = write_gru(stack.prefix + "memory", x);
    return writer_.linear(x, layer(stack.prefix + "head"));
  }

  Name write_lstm(const std::string& name, const Name& x) {
    const std::size_t units = policy_.network.memory_units;
    const Name h = take_state(units);
    const Name c = take_state(units);
    const Name sums =
        writer_.apply(add, {writer_.linear(x, layer(name, "_ih")), writer_.linear(h, layer(name, "_hh"))});
    const auto gate = [&](std::size_t index, TensorFunction function) {
      return writer_.apply(function, {writer_.columns(sums, index * units, units)});
    };
    const Name input = gate(0, sigmoid);
    const Name forget = gate(1, sigmoid);
    const Name candidate = gate(2, tanh);
    const Name output = gate(3, sigmoid);
    const Name cell =
        writer_.apply(add, {writer_.apply(multiply, {forget, c}), writer_.apply(multiply, {input, candidate})});
    const Name result = writer_.apply(multiply, {output, writer_.apply(tanh, {cell})});
    next_state_.insert(next_state_.end(), {result, cell});
    return result;
  }

  Name write_gru(const std::string& name, const Name& x) {
    const std::size_t units = policy_.network.memory_units;
    const Name h = take_state(units);
    const Name of_input = writer_.linear(x, layer(name, "_ih"));
    const Name of_state = writer_.linear(h, layer(name, "_hh"));
    const auto part = [&](const Name& sums, std::size_t index) { return writer_.columns(sums, index * units, units); };
    const auto gate = [&](std::size_t index) {
      return writer_.apply(sigmoid, {writer_.apply(add, {part(of_input, index), part(of_state, index)})});
    };
    const Name reset = gate(0);
    const Name update = gate(1);
    const Name remembered = writer_.apply(multiply, {reset, part(of_state, 2)});
    const Name candidate = writer_.apply(tanh, {writer_.apply(add, {part(of_input, 2), remembered})});
    const Name kept = writer_.apply(subtract, {scalar("one", 1), update});
    const Name result =
        writer_.apply(add, {writer_.apply(multiply, {kept, candidate}), writer_.apply(multiply, {update, h})});
    next_state_.push_back(result);
    return result;
  }

  /// Writes the greedy action: [B, numbers].
  Name choose(const Name& outputs) {
    if (std::holds_alternative<MultiBinary>(policy_.spaces.action)) {
      return writer_.to_integers(writer_.apply(greater, {outputs, scalar("zero", 0)}));
    }
    if (std::holds_alternative<Box>(policy_.spaces.action)) return map_numbers(outputs);
    const auto counts = option_counts(policy_.spaces.action);
    if (counts.size() == 1) return writer_.argmax(outputs);
    std::vector<Name> choices;
    std::size_t first = 0;
    for (const std::int64_t count : counts) {
      choices.push_back(writer_.argmax(writer_.columns(outputs, first, static_cast<std::size_t>(count))));
      first += static_cast<std::size_t>(count);
    }
    return writer_.concatenate(choices);
  }

  Name map_numbers(const Name& means) {
    Name x = means;
    for (std::size_t i = 0; i < policy_.action_steps.size(); ++i) {
      const ActionStep& step = policy_.action_steps[i];
      const std::string name = fmt::format("action.{}", i);
      if (step.does == ActionMapping::clip) {
        x = keep_bounds(x, step, name);
        continue;
      }
      if (step.does == ActionMapping::squash) x = writer_.apply(tanh, {x});
      // (1 - x) low / 2 + (1 + x) high / 2
      const Name of_low = writer_.apply(multiply, {writer_.apply(subtract, {scalar("one", 1), x}),
                                                   writer_.constant(name + ".half_low", halves(step.low))});
      const Name of_high = writer_.apply(multiply, {writer_.apply(add, {scalar("one", 1), x}),
                                                    writer_.constant(name + ".half_high", halves(step.high))});
      x = writer_.apply(add, {of_low, of_high});
    }
    return x;
  }

  Name keep_bounds(const Name& x, const ActionStep& step, const std::string& name) {
    const auto one_for_all = [](const std::vector<float>& bounds) {
      return std::isfinite(bounds.front()) && std::ranges::count(bounds, bounds.front()) == std::ssize(bounds);
    };
    if (one_for_all(step.low) && one_for_all(step.high)) return writer_.clip(x, step.low.front(), step.high.front());
    const Name above = writer_.apply(maximum, {x, writer_.constant(name + ".low", step.low)});
    return writer_.apply(minimum, {above, writer_.constant(name + ".high", step.high)});
  }

  static std::vector<float> halves(std::vector<float> numbers) {
    for (float& number : numbers) number *= 0.5F;
    return numbers;
  }

  const ExportedPolicy& policy_;
  TensorWriter& writer_;
  std::map<std::string, Name> scalars_;
  Name begun_;                    // whether the episode has had an observation, where frames are stacked
  std::size_t state_read_ = 0;    // numbers of the state that have their meaning
  std::vector<Name> next_state_;  // columns
};

}  // namespace

std::vector<PolicyTensor> write_policy(const ExportedPolicy& policy, TensorWriter& writer) {
  return PolicyWriter(policy, writer).write();
}

std::size_t exported_state_size(const ExportedPolicy& policy) {
  std::size_t size = state_size(policy.network) + (stacks_frames(policy) ? 1 : 0);
  for (const ObservationStep& step : policy.observation_steps) {
    if (std::holds_alternative<StackStep>(step.does)) size += step.outputs - step.inputs;
  }
  return size;
}

std::vector<std::pair<std::string, std::string>> policy_metadata(const ExportedPolicy& policy) {
  std::vector<std::pair<std::string, std::string>> metadata{{"environment", policy.environment},
                                                            {"algorithm", policy.algorithm},
                                                            {"network", policy.description},
                                                            {"step", fmt::format("{}", policy.step)},
                                                            {"spaces", spaces_json(policy.spaces)}};
  if (policy.peer) metadata.emplace_back("peer", fmt::format("{}", *policy.peer));
  return metadata;
}

}  // namespace sounder
