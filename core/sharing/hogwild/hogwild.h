#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "core/parameters.h"
#include "core/sharing/hogwild/hogwild_group.h"
#include "core/sharing/sharing.h"
#include "core/sharing/store/parameter_store.h"
#include "core/sharing/update.h"

namespace sounder {

/// Hogwild! (Niu et al. 2011): one group of all workers, which write one array of parameters without locks, each as
/// fast as it can. See ParameterStore for what is promised, and HogwildGroup for what is saved.
class Hogwild : public Sharing {
 public:
  Hogwild(const TrainConfig& config, const AgentFactory& agents)
      : Hogwild(config, agents, make_update_settings(config)) {}

  std::unique_ptr<Port> port(std::size_t worker, const Replica& replica) override;
  Pace pace() const noexcept override { return Pace::free; }
  std::int64_t step() const noexcept override { return group_.store().steps(); }
  std::uint64_t updates() const noexcept override { return group_.store().updates(); }
  Snapshot snapshot() const override { return group_.snapshot(); }
  void restore(const Checkpoint& checkpoint) override;
  void measure(Measures& measures) const override;
  std::span<float> quiescent_view() override { return group_.store().quiescent_view(); }
  void replace(std::span<const float> parameters) override { group_.replace(parameters); }

  ParameterStore& store() noexcept { return group_.store(); }

 protected:
  Hogwild(const TrainConfig& config, const AgentFactory& agents, const UpdateSettings& update);

  HogwildGroup& group() noexcept { return group_; }

 private:
  const ParameterLayout& layout_;
  HogwildGroup group_;
};

}  // namespace sounder
