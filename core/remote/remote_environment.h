#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "core/remote/environment_client.h"
#include "envs/environment.h"

namespace sounder::remote {

/// An environment in another process, Announceable. Environments that share a client must be used by one thread at a
/// time. reset() and step() throw as described at EnvironmentClient.
class RemoteEnvironment {
 public:
  using Action = sounder::Action;

  RemoteEnvironment(std::shared_ptr<EnvironmentClient> client, std::uint32_t index)
      : client_(std::move(client)), index_(index) {}

  EnvironmentSpec spec() const { return client_->spec().spec; }

  void reset(std::uint64_t seed, std::span<float> observation) {
    if (!announced_) client_->announce_reset(index_, seed);
    take(observation);
  }

  StepResult step(const Action& action, std::span<float> observation) {
    if (!announced_) client_->announce_step(index_, action);
    return take(observation);
  }

  void announce(const Action& action) {
    client_->announce_step(index_, action);
    announced_ = true;
  }

  void announce_reset(std::uint64_t seed) {
    client_->announce_reset(index_, seed);
    announced_ = true;
  }

  bool masks_actions() const noexcept { return client_->spec().masks; }
  void action_mask(std::span<std::uint8_t> allowed) const { client_->action_mask(index_, allowed); }

  bool draw(Canvas& canvas) const { return client_->draw(index_, canvas); }

 private:
  StepResult take(std::span<float> observation) {
    announced_ = false;
    return client_->take_result(index_, observation);
  }

  std::shared_ptr<EnvironmentClient> client_;
  std::uint32_t index_;
  bool announced_ = false;
};

}  // namespace sounder::remote
