#pragma once

#include <cstddef>
#include <memory>
#include <optional>

#include "core/sharing/hogwild/gradient_pool.h"
#include "core/sharing/hogwild/hogwild.h"

namespace sounder {

/// One worker's way into a GradientPool, and from there into a ParameterStore: whose contribution completes an average
/// makes the update.
class AveragedPort final : public Port {
 public:
  AveragedPort(const HogwildPort::Parts& parts, GradientPool& pool) : shared_(parts), pool_(pool) {}

  Fetched fetch() override { return shared_.fetch(); }
  Given give(const Contribution& contribution) override;
  void merge(const MomentsBlock& block, MomentsBatch& batch) override { shared_.merge(block, batch); }
  void forget() noexcept override { shared_.forget(); }

 private:
  HogwildPort shared_;
  GradientPool& pool_;
};

/// Hogwild whose updates are averages of several gradients. There is one set of statistics for all: which worker it is
/// that gives the last gradient of an average must make no difference.
class Averaged final : public Hogwild {
 public:
  struct Settings {
    std::size_t gradients;  ///< of an average
    Pace pace;
  };
  Averaged(const TrainConfig& config, const AgentFactory& agents, const Settings& settings);

  std::unique_ptr<Port> port(std::size_t worker, const Replica& replica) override;
  Pace pace() const noexcept override { return pace_; }

 private:
  const Pace pace_;
  std::optional<GradientPool> pool_;  // none: a gradient is its own average
};

/// n-softsync (Zhang et al. 2016): every `gradients_per_update` gradients, of whichever workers, make an update.
std::unique_ptr<Sharing> make_averaged(const TrainConfig& config, const AgentFactory& agents);

/// Synchronous rounds: all workers' gradients make one update, the same to the last bit on however many threads. Throws
/// UsageError where the configuration asks for another number of gradients.
std::unique_ptr<Sharing> make_rounds(const TrainConfig& config, const AgentFactory& agents);

}  // namespace sounder
