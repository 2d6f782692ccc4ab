#pragma once

#include <memory>
#include <span>
#include <utility>

#include "envs/action.h"
#include "envs/wrappers/wrapper.h"

namespace sounder {

/// Records the latest action that reaches the environment, after all wrappers around this one have changed it, so that
/// it can be shown or logged.
class KeepAction : public Wrapper<Environment> {
 public:
  /// Sets `kept` to an array that holds the latest action of the environment.
  KeepAction(Environment environment, std::shared_ptr<ActionArray>& kept) : Wrapper(std::move(environment)) {
    kept = kept_ = std::make_shared<ActionArray>(spec_.action_space, 1);
  }

  StepResult step(const Action& action, std::span<float> observation) {
    kept_->assign(0, action);
    return Wrapper::step(action, observation);
  }

 private:
  std::shared_ptr<ActionArray> kept_;
};

}  // namespace sounder
