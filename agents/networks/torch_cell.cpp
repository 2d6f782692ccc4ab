#include "agents/networks/torch_cell.h"

#include <algorithm>
#include <utility>

#include "agents/networks/recurrent_gates.h"

namespace sounder {
namespace {

using torch::Tensor;

/// Walks along the rows of a matrix; a row's numbers lie side by side.
struct Rows {
  explicit Rows(const Tensor& matrix) : first(matrix.data_ptr<float>()), stride(matrix.stride(0)) {}
  float* operator[](std::int64_t row) const noexcept { return first + row * stride; }

  float* first;
  std::int64_t stride;
};

/// The forward pass of a cell between its matrix products, row by row; `before` and `after` are states [h, c] or [h].
struct Gates {
  Tensor gates;       // [B, 4M] or [3M]
  Tensor from_state;  // as gates
  Tensor before;      // [B, S]
  Tensor after;       // [B, S]
  Tensor tanh_c;      // [B, M], of an LSTM
};
void go_forward(const Gates& tensors, std::int64_t units) {
  const Rows gates(tensors.gates);
  const Rows from_state(tensors.from_state);
  const Rows before(tensors.before);
  const Rows after(tensors.after);
  const auto m = static_cast<std::size_t>(units);
  const std::int64_t count = tensors.gates.size(0);
  if (!tensors.tanh_c.defined()) {
    for (std::int64_t k = 0; k < count; ++k) {
      forward(
          GruForward{.units = m, .gates = gates[k], .from_state = from_state[k], .h_before = before[k], .h = after[k]});
    }
    return;
  }
  const Rows tanh_c(tensors.tanh_c);
  for (std::int64_t k = 0; k < count; ++k) {
    forward(LstmForward{.units = m,
                        .gates = gates[k],
                        .from_state = from_state[k],
                        .c_before = before[k] + m,
                        .h = after[k],
                        .c = after[k] + m,
                        .tanh_c = tanh_c[k]});
  }
}

/// Sets those rows of [K, S] to zero after whose step an episode ended. `ends` [T * K] may be empty.
void forget_ended(const Tensor& states, const Tensor& ends, std::int64_t first_row) {
  if (ends.numel() == 0) return;
  const std::uint8_t* const end = ends.data_ptr<std::uint8_t>() + first_row;
  const Rows rows(states);
  for (std::int64_t k = 0; k < states.size(0); ++k) {
    if (end[k] != static_cast<std::uint8_t>(StepEnd::none)) std::fill_n(rows[k], states.size(1), 0.0F);
  }
}

/// All steps of a cell as one node of autograd's graph: a dozen operations per step, at microseconds each, would cost
/// several times what they compute. The gradient goes through the matrices of all steps at once, too.
class UnrolledCell : public torch::autograd::Function<UnrolledCell> {
 public:
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& x, const Tensor& weight_ih,
                        const Tensor& weight_hh, const Tensor& bias_ih, const Tensor& bias_hh, const Tensor& states,
                        const Tensor& ends) {
    const std::int64_t environments = states.size(0);
    const std::int64_t units = weight_hh.size(1);
    const std::int64_t rows = x.size(0);
    const Tensor gates = torch::linear(x, weight_ih, bias_ih);
    const Tensor from_state = torch::empty_like(gates);
    const Tensor before = torch::empty({rows, states.size(1)});
    const Tensor tanh_c = states.size(1) > units ? torch::empty({rows, units}) : Tensor();
    const Tensor after = torch::empty({rows, states.size(1)});
    const Tensor recurrent = weight_hh.t();
    for (std::int64_t row = 0; row < rows; row += environments) {
      const auto step = [&](const Tensor& all) { return all.defined() ? all.narrow(0, row, environments) : all; };
      const Tensor state = step(before);
      state.copy_(row == 0 ? states : after.narrow(0, row - environments, environments));
      if (row > 0) forget_ended(state, ends, row - environments);
      Tensor sums = step(from_state);
      torch::addmm_out(sums, bias_hh, state.narrow(1, 0, units), recurrent);
      go_forward(
          {.gates = step(gates), .from_state = sums, .before = state, .after = step(after), .tanh_c = step(tanh_c)},
          units);
    }
    context->save_for_backward({x, weight_ih, weight_hh, gates, from_state, before, tanh_c, ends});
    context->saved_data["environments"] = environments;
    return after.narrow(1, 0, units).contiguous();
  }

  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* context,
                                               torch::autograd::tensor_list gradients) {
    const auto saved = context->get_saved_variables();
    const Tensor &x = saved[0], &weight_ih = saved[1], &weight_hh = saved[2], &gates = saved[3], &from_state = saved[4],
                 &before = saved[5], &tanh_c = saved[6], &ends = saved[7];
    const std::int64_t environments = context->saved_data["environments"].toInt();
    const std::int64_t units = weight_hh.size(1);
    const bool lstm = tanh_c.defined();
    const Rows dh_rows(gradients[0] = gradients[0].contiguous());
    const Tensor dgates = torch::empty_like(gates);
    const Tensor dfrom_state = lstm ? dgates : torch::empty_like(gates);
    const Tensor dstates = torch::zeros({environments, before.size(1)});  // from later steps
    Tensor dh = dstates.narrow(1, 0, units);
    for (std::int64_t row = x.size(0) - environments; row >= 0; row -= environments) {
      for (std::int64_t k = 0; k < environments; ++k) {
        float* const dstate = Rows(dstates)[k];
        const float* const from_above = dh_rows[row + k];
        for (std::int64_t j = 0; j < units; ++j) dstate[j] += from_above[j];
        const auto m = static_cast<std::size_t>(units);
        if (lstm) {
          sounder::backward(LstmBackward{.units = m,
                                         .gates = Rows(gates)[row + k],
                                         .tanh_c = Rows(tanh_c)[row + k],
                                         .c_before = Rows(before)[row + k] + m,
                                         .dh = dstate,
                                         .dc = dstate + m,
                                         .dgates = Rows(dgates)[row + k]});
        } else {
          sounder::backward(GruBackward{.units = m,
                                        .gates = Rows(gates)[row + k],
                                        .from_state = Rows(from_state)[row + k],
                                        .h_before = Rows(before)[row + k],
                                        .dh = dstate,
                                        .dgates = Rows(dgates)[row + k],
                                        .dfrom_state = Rows(dfrom_state)[row + k]});
        }
      }
      if (row == 0) break;  // the state that the rollout began with is a constant
      dh.addmm_(dfrom_state.narrow(0, row, environments), weight_hh, lstm ? 0 : 1);
      forget_ended(dstates, ends, row - environments);
    }
    const Tensor dbias = dgates.sum(0);
    return {dgates.mm(weight_ih),
            dgates.t().mm(x),
            dfrom_state.t().mm(before.narrow(1, 0, units)),
            dbias,
            lstm ? dbias : dfrom_state.sum(0),
            Tensor(),
            Tensor()};
  }
};

}  // namespace

RecurrentCell::RecurrentCell(Memory memory, Sizes sizes) : memory_(memory), units_(sizes.units) {
  const std::int64_t rows = (memory == Memory::lstm ? 4 : 3) * units_;
  weight_ih_ = register_parameter("weight_ih", torch::zeros({rows, sizes.inputs}));
  weight_hh_ = register_parameter("weight_hh", torch::zeros({rows, units_}));
  bias_ih_ = register_parameter("bias_ih", torch::zeros(rows));
  bias_hh_ = register_parameter("bias_hh", torch::zeros(rows));
}

Tensor RecurrentCell::step(const Tensor& x, const Tensor& states) const {
  const Tensor h = states.narrow(1, 0, units_);
  go_forward({.gates = torch::linear(x, weight_ih_, bias_ih_),
              .from_state = torch::linear(h, weight_hh_, bias_hh_),
              .before = states,
              .after = states,
              .tanh_c = memory_ == Memory::lstm ? torch::empty({x.size(0), units_}) : Tensor()},
             units_);
  return h;
}

Tensor RecurrentCell::unroll(const Tensor& x, const TorchUnroll& steps) const {
  // A view of the bytes that the ends are; const_cast since from_blob knows no constants.
  static_assert(sizeof(StepEnd) == 1);
  auto* const bytes = const_cast<StepEnd*>(steps.ends.data());
  const Tensor ends = torch::from_blob(bytes, {static_cast<std::int64_t>(steps.ends.size())}, torch::kUInt8);
  return UnrolledCell::apply(x, weight_ih_, weight_hh_, bias_ih_, bias_hh_, steps.states, ends);
}

}  // namespace sounder
