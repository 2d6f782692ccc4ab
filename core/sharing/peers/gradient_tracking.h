#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/named.h"
#include "core/sharing/peers/mixing.h"
#include "core/sharing/store/update_range.h"
#include "core/sharing/store/update_rule.h"

namespace sounder {

/// The term r(w) that is added to the sum of all peers' costs.
enum class Regularization {
  none,
  l2,  ///< lambda |w|^2 / 2
  l1,  ///< lambda |w|_1
};
inline constexpr auto kRegularizations = std::to_array<Named<Regularization>>({
    {"none", Regularization::none},
    {"l2", Regularization::l2},
    {"l1", Regularization::l1},
});

/// The step alpha of NEXT's rounds: the learning rate of the round's first step, times a factor that starts at 1 and
/// falls with each round, factor <- factor (1 - mu alpha). With a constant learning rate this is NEXT's rule,
/// alpha <- alpha (1 - mu alpha) from alpha = learning rate on; a schedule comes on top of it.
class DecayingStep {
 public:
  /// Takes mu from 0 on; mu times the largest learning rate has to be below 1.
  explicit DecayingStep(double mu) : mu_(mu) {}

  double at(double learning_rate) const noexcept { return learning_rate * factor_; }

  /// Ends a round.
  void advance(double learning_rate) noexcept { factor_ *= 1 - mu_ * at(learning_rate); }

  double factor() const noexcept { return factor_; }
  void restore(double factor) noexcept { factor_ = factor; }

 private:
  double mu_;
  double factor_ = 1;
};

/// NEXT (Di Lorenzo and Scutari 2016): peers i = 1..I, each with a cost g_i and parameters w_i, minimise the sum of all
/// g_i plus r, in rounds. Each tracks the mean of all peers' gradients by y_i, which it exchanges, as its parameters,
/// with its neighbours only. Written as gradient tracking, a round is, with the round's gradients grad g_i(w_i),
///
///     y_i  <- y_i + grad g_i(w_i) - (grad g_i(w_i) of the round before)         at the start all are zero
///     w~_i  = argmin over w of  I y_i . (w - w_i) + tau/2 |w - w_i|^2_(1/D) + r(w)
///     z_i   = w_i + alpha (w~_i - w_i)
///     w_i  <- sum over j of c_ij z_j;  y_i <- sum over j of c_ij y_j
///
/// (the paper's S1, and S2 with its mixing of y at the end of a round in place of the start of the next). As long as C
/// is doubly stochastic, the sum of all y_i is the sum of all gradients, after every round.
///
/// The surrogate is the linearised cost with a proximal term, which the update rule scales by D, a number per
/// parameter: w~ - w_i without r is the rule's step of the tracked gradient d = (I / tau) y_i at rate 1. For plain SGD
/// D is 1; for rules that divide by a root of squares it is what they multiply with, and each peer keeps their
/// statistics: its step is then not that of the averaged gradient, even where all hear from all. With r, w~ = (w_i - D
/// m) / (1 + D lambda / tau) for l2, and w_i - D m drawn towards zero by D lambda / tau for l1, where D m is the rule's
/// step.
///
/// All in double. The convergence that the paper proves is for exact gradients of smooth costs: it does not cover
/// gradients that are sampled with the present policy.
class GradientTracking {
 public:
  struct Settings {
    std::size_t peers;    ///< I
    UpdateRule rule;      ///< of the local steps
    double proximal = 0;  ///< tau; 0: I, with which d = y
    Regularization regularization = Regularization::none;
    double regularization_weight = 0;  ///< lambda
  };
  /// Makes peers with equal parameters.
  GradientTracking(const Settings& settings, std::span<const double> initial);

  /// What a peer has: [n] each.
  struct Peer {
    std::vector<double> parameters;               ///< w
    std::vector<double> tracker;                  ///< y
    std::vector<double> gradient;                 ///< of the latest round
    std::vector<std::vector<double>> statistics;  ///< the rule's
    std::vector<double> fresh;                    ///< gradient of the round to come: to be set before it
    /// What the local steps to come may change, ascending: everything if empty, nothing if there are none. To be set
    /// where it is to change.
    std::optional<std::span<const UpdateRange>> ranges = std::span<const UpdateRange>();
  };
  std::span<Peer> peers() noexcept { return peers_; }
  std::span<const Peer> peers() const noexcept { return peers_; }
  std::size_t size() const noexcept { return peers_.front().parameters.size(); }

  struct Round {
    double alpha;
    std::uint64_t number;  ///< from 1
    const MixingWeights& weights;
  };
  struct Slice {
    std::size_t begin;
    std::size_t end;
  };
  /// Makes a round of a slice of the parameters, of all peers. Nothing of a parameter depends on others: threads may
  /// share a round, each with a slice of its own, without waiting for each other (the paper's Jacobi scheme over
  /// blocks). Allocates nothing.
  void advance(const Round& round, const Slice& slice) noexcept;

 private:
  void track(std::size_t peer, const Slice& slice) noexcept;
  template <class Rule>
  void step(const Rule& rule, const Round& round, std::size_t peer, const Slice& slice) noexcept;
  template <class Rule>
  void step_some(const Rule& rule, const Round& round, std::size_t peer, const Slice& slice) noexcept;
  void mix(const MixingWeights::Row& row, std::size_t peer, const Slice& slice) noexcept;

  Settings settings_;
  std::vector<Peer> peers_;
  // Of the round that is being made: neighbours read them while a peer's own are overwritten.
  std::vector<std::vector<double>> stepped_;   // z [I][n]
  std::vector<std::vector<double>> tracking_;  // y before it is mixed [I][n]
};

}  // namespace sounder
