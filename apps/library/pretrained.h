#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/learning/agent.h"
#include "envs/environment.h"

namespace sounder {

/// Agents that start with given parameters instead of drawn ones, under every sharing scheme.
class Pretrained final : public AgentFactory {
 public:
  /// `agents` must outlive this object.
  Pretrained(const AgentFactory& agents, std::vector<float> parameters)
      : agents_(agents), parameters_(std::move(parameters)) {}

  const ParameterLayout& layout() const noexcept override { return agents_.layout(); }
  std::string description() const override { return agents_.description(); }
  std::string backend() const override { return agents_.backend(); }
  std::vector<float> initial_parameters(std::uint64_t) const override { return parameters_; }
  std::string_view sharing() const noexcept override { return agents_.sharing(); }
  bool has_target() const noexcept override { return agents_.has_target(); }
  double runaway_entropy() const noexcept override { return agents_.runaway_entropy(); }
  std::unique_ptr<Agent> make(const Replica& replica, const AgentUse& use) const override {
    return agents_.make(replica, use);
  }
  void prepare_thread() const override { agents_.prepare_thread(); }
  AgentTraits traits() const noexcept override { return agents_.traits(); }

 private:
  const AgentFactory& agents_;
  std::vector<float> parameters_;
};

/// Reads the parameters that agents can start from: those of a run's best checkpoint, or of a checkpoint file. Throws
/// UsageError if its network is not theirs, or if its actions are of another space than the environment's (other bounds
/// are allowed); Error if it cannot be read.
std::vector<float> read_parameters(const std::filesystem::path& run_or_checkpoint, const AgentFactory& agents,
                                   const EnvironmentSpec& spec);

}  // namespace sounder
