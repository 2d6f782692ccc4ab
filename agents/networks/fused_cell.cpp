#include "agents/networks/fused_cell.h"

#include <algorithm>
#include <cassert>

namespace sounder {

FusedCell::FusedCell(const Parts& parts)
    : lstm_(parts.memory == Memory::lstm),
      units_(parts.units),
      gates_(&fused_gates()),
      input_({.parameters = parts.parameters,
              .weight_offset = parts.input_weight,
              .bias_offset = parts.input_bias,
              .inputs = parts.inputs,
              .outputs = parts.units,
              .blocks = lstm_ ? 4U : 3U,
              .transfer = Transfer::identity,
              .rows = parts.rows}),
      recurrent_({.parameters = parts.parameters,
                  .weight_offset = parts.recurrent_weight,
                  .bias_offset = parts.recurrent_bias,
                  .inputs = parts.units,
                  .outputs = parts.units,
                  .blocks = lstm_ ? 4U : 3U,
                  .transfer = Transfer::identity,
                  .rows = parts.rows}),
      h_before_(parts.rows, units_),
      h_(parts.rows, units_),
      c_before_(lstm_ ? parts.rows : 0, units_),
      tanh_c_(lstm_ ? parts.rows : 0, units_),
      c_(lstm_ ? parts.rows : 0, units_),
      dz_(parts.rows, input_.stride()),
      recurrent_dz_(lstm_ ? 0 : parts.rows, input_.stride()),
      dh_carry_(parts.rows, units_),
      past_carry_(parts.rows, units_) {}

FusedLayer::Below FusedCell::output(std::size_t row) const noexcept {
  return {.x = {.numbers = h_.row(row), .stride = h_.stride}, .transfer = Transfer::identity};
}

void FusedCell::take_parameters() noexcept {
  input_.take_parameters();
  recurrent_.take_parameters();
}

void FusedCell::go_forward(RowRange rows, ConstRows x, States states) noexcept {
  for (std::size_t i = 0; i < rows.count; ++i) {
    const float* const state = states.numbers + i * states.stride;
    std::copy_n(state, units_, h_before_.row(rows.first + i));
    if (lstm_) std::copy_n(state + units_, units_, c_before_.row(rows.first + i));
  }
  input_.go_forward(rows, x);
  recurrent_.go_forward(rows, {.numbers = h_before_.row(rows.first), .stride = h_before_.stride});
  if (lstm_) {
    gates_->lstm_forward({.rows = rows.count,
                          .units = h_.stride,
                          .recurrent = recurrent_.h(rows.first),
                          .gates = input_.h(rows.first),
                          .c_before = c_before_.row(rows.first),
                          .c = c_.row(0),
                          .tanh_c = tanh_c_.row(rows.first),
                          .h = h_.row(rows.first)});
  } else {
    gates_->gru_forward({.rows = rows.count,
                         .units = h_.stride,
                         .recurrent = recurrent_.h(rows.first),
                         .gates = input_.h(rows.first),
                         .h_before = h_before_.row(rows.first),
                         .h = h_.row(rows.first)});
  }
  for (std::size_t i = 0; i < rows.count; ++i) {
    float* const state = states.numbers + i * states.stride;
    std::copy_n(h_.row(rows.first + i), units_, state);
    if (lstm_) std::copy_n(c_.row(i), units_, state + units_);
  }
}

/// Goes back through the gates of one step's rows, given what the next step passed back.
void FusedCell::gates_back(RowRange rows, const float* dh) noexcept {
  if (lstm_) {
    gates_->lstm_backward({.rows = rows.count,
                           .units = h_.stride,
                           .gates = input_.h(rows.first),
                           .c_before = c_before_.row(rows.first),
                           .tanh_c = tanh_c_.row(rows.first),
                           .dh = dh + rows.first * h_.stride,
                           .dh_carry = dh_carry_.row(0),
                           .dc = past_carry_.row(0),
                           .dz = dz_.row(rows.first)});
  } else {
    gates_->gru_backward({.rows = rows.count,
                          .units = h_.stride,
                          .gates = input_.h(rows.first),
                          .recurrent = recurrent_.h(rows.first),
                          .h_before = h_before_.row(rows.first),
                          .dh = dh + rows.first * h_.stride,
                          .dh_carry = dh_carry_.row(0),
                          .dh_past = past_carry_.row(0),
                          .dx = dz_.row(rows.first),
                          .dr = recurrent_dz_.row(rows.first)});
  }
}

void FusedCell::go_back(const Steps& steps, const float* dh) noexcept {
  const std::size_t count = steps.environments;
  assert(steps.rows % count == 0 && (steps.ends.empty() || steps.ends.size() == steps.rows));
  const auto forget = [&](std::size_t first, std::size_t rows) {  // what the next step passed back
    std::fill_n(dh_carry_.row(first), rows * dh_carry_.stride, 0.0F);
    std::fill_n(past_carry_.row(first), rows * past_carry_.stride, 0.0F);
  };
  forget(0, count);
  for (std::size_t first = steps.rows; first > 0;) {
    first -= count;
    gates_back({.first = first, .count = count}, dh);
    if (first == 0) break;  // the states at the start of the rollout are constants
    recurrent_.go_back(count, recurrent_dz().row(first), output(first - count), dh_carry_.row(0));
    if (steps.ends.empty()) continue;
    for (std::size_t k = 0; k < count; ++k) {
      if (steps.ends[first - count + k] != StepEnd::none) forget(k, 1);
    }
  }
}

void FusedCell::go_back_below(std::size_t rows, const FusedLayer::Below& below, float* dz_below) noexcept {
  input_.go_back(rows, dz_.row(0), below, dz_below);
}

void FusedCell::write_gradient(std::size_t rows, ConstRows x, float* gradient) noexcept {
  input_.write_gradient(rows, dz_.row(0), x, gradient);
  recurrent_.write_gradient(rows, recurrent_dz().row(0), {.numbers = h_before_.row(0), .stride = h_before_.stride},
                            gradient);
}

}  // namespace sounder
