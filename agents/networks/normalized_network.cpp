#include "agents/networks/normalized_network.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "core/moments.h"

namespace sounder {
namespace {

/// A network whose parameters are followed by moments. Normalises observations if their moments are among them.
class NormalizedNetwork final : public Network {
 public:
  struct Parts {
    std::unique_ptr<Network> network;
    std::size_t network_size;             // parameters
    std::optional<Moments> observations;  // views of the numbers after the parameters
    std::size_t rows;
  };
  explicit NormalizedNetwork(Parts parts)
      : network_(std::move(parts.network)),
        network_size_(parts.network_size),
        moments_(parts.observations),
        factors_(moments_ ? moments_->mean.size() : 0),
        normalized_(parts.rows * factors_.size()) {
    take_moments();
  }

  std::size_t observation_size() const noexcept override { return network_->observation_size(); }
  std::size_t output_size() const noexcept override { return network_->output_size(); }
  std::size_t state_size() const noexcept override { return network_->state_size(); }
  std::size_t rows_together() const noexcept override { return network_->rows_together(); }

  void parameters_changed() override {
    take_moments();
    network_->parameters_changed();
  }

  NetworkOutput forward(std::span<const float> observations, std::size_t first_row, std::span<float> states) override {
    return network_->forward(moments_ ? normalize(observations) : observations, first_row, states);
  }

  NetworkOutput remembered(std::size_t rows) const noexcept override { return network_->remembered(rows); }

  void backward(const OutputGradients& gradients, std::span<float> gradient) override {
    network_->backward(gradients, gradient.first(network_size_));
    std::ranges::fill(gradient.subspan(network_size_), 0.0F);  // moments are counted, not learnt by gradient
  }

 private:
  void take_moments() noexcept {
    constexpr float kEpsilon = 1e-8F;
    for (std::size_t d = 0; d < factors_.size(); ++d) factors_[d] = 1 / std::sqrt(moments_->variance[d] + kEpsilon);
  }

  std::span<const float> normalize(std::span<const float> observations) noexcept {
    constexpr float kClip = 10;
    const std::size_t width = factors_.size();
    assert(observations.size() <= normalized_.size());
    for (std::size_t i = 0; i < observations.size(); i += width) {
      for (std::size_t d = 0; d < width; ++d) {
        const float x = (observations[i + d] - moments_->mean[d]) * factors_[d];
        normalized_[i + d] = std::clamp(x, -kClip, kClip);
      }
    }
    return {normalized_.data(), observations.size()};
  }

  std::unique_ptr<Network> network_;
  std::size_t network_size_;
  std::optional<Moments> moments_;
  std::vector<float> factors_;     // [D]
  std::vector<float> normalized_;  // [rows, D], of the latest forward pass
};

class NormalizedArchitecture final : public Architecture {
 public:
  struct Widths {
    std::size_t observations;  // D; 0 if observations are not normalised
    std::size_t returns;       // 1 or 0
  };
  NormalizedArchitecture(std::unique_ptr<Architecture> network, Widths widths)
      : network_(std::move(network)), layout_(network_->layout()) {
    if (widths.observations > 0) layout_.observation_moments = add_moments("observation", widths.observations);
    if (widths.returns > 0) layout_.return_moments = add_moments("return", widths.returns);
  }

  const ParameterLayout& layout() const noexcept override { return layout_; }
  std::string description() const override {
    return network_->description() + (layout_.observation_moments ? ", normalized observations" : "") +
           (layout_.return_moments ? ", normalized rewards" : "");
  }
  std::string backend() const override { return network_->backend(); }
  std::size_t state_size() const noexcept override { return network_->state_size(); }
  NetworkTraits traits() const noexcept override { return network_->traits(); }
  const Architecture& bare() const noexcept override { return *network_; }
  const NetworkSpec* spec() const noexcept override { return network_->spec(); }
  std::vector<float> initial_parameters(std::uint64_t seed) const override {
    std::vector<float> parameters = network_->initial_parameters(seed);
    parameters.resize(layout_.size);
    // Starts with mean 0 and variance 1, which change nothing until something is counted.
    for (const auto& block : {layout_.observation_moments, layout_.return_moments}) {
      if (block) std::fill_n(parameters.data() + block->offset + block->width, block->width, 1.0F);
    }
    return parameters;
  }
  std::unique_ptr<Network> make(std::span<float> parameters, std::size_t rows) const override {
    const std::size_t size = network_->layout().size;
    std::optional<Moments> observations;
    if (layout_.observation_moments) observations = Moments::of(*layout_.observation_moments, parameters);
    return std::make_unique<NormalizedNetwork>(
        NormalizedNetwork::Parts{.network = network_->make(parameters.first(size), rows),
                                 .network_size = size,
                                 .observations = observations,
                                 .rows = rows});
  }
  void prepare_thread() const override { network_->prepare_thread(); }

 private:
  MomentsBlock add_moments(const std::string& of, std::size_t width) {
    const MomentsBlock block{.offset = layout_.size, .width = width};
    const auto add = [&](const char* what, std::size_t size) {
      layout_.blocks.push_back({.name = "moments." + of + what,
                                .shape = {static_cast<std::int64_t>(size)},
                                .offset = layout_.size,
                                .size = size});
      layout_.size += size;
    };
    add("_mean", width);
    add("_variance", width);
    add("_count", 1);
    return block;
  }

  std::unique_ptr<Architecture> network_;
  ParameterLayout layout_;
};

}  // namespace

std::unique_ptr<Architecture> with_moments(std::unique_ptr<Architecture> network, const TrainConfig& config,
                                           std::size_t observation_size) {
  if (!config.normalize_observations && !config.normalize_rewards) return network;
  return std::make_unique<NormalizedArchitecture>(
      std::move(network),
      NormalizedArchitecture::Widths{.observations = config.normalize_observations ? observation_size : 0,
                                     .returns = config.normalize_rewards ? 1U : 0U});
}

}  // namespace sounder
