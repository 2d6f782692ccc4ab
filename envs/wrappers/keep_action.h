#pragma once

#include <memory>
#include <span>
#include <utility>

#include "envs/action.h"
#include "envs/wrappers/wrapper.h"

namespace sounder {

/// Keeps the latest action that an environment was given, for who looks on: what wrappers around this one make of the
/// agent's action.
class KeepAction : public Wrapper<Environment> {
 public:
  /// Makes `kept` an array of one action of the environment's.
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
