#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "envs/environment.h"

namespace sounder::conformance {

/// Reads an environment's action masks, between two guards, and finds what is wrong with them.
class MaskReading {
 public:
  /// The spec must be a sensible one. Of an environment that masks nothing, nothing is ever read.
  explicit MaskReading(const Environment& environment);

  /// Reads the mask of this moment: after a reset, or a step that did not terminate.
  void read(const Environment& environment);
  /// Forgets the mask: the episode has terminated.
  void forget() noexcept { allowed_.clear(); }

  bool masks() const noexcept { return masks_; }
  /// Views the mask that was read last. Empty, which allows all: there is none, or none that an action can be chosen
  /// by.
  ActionMask mask() const noexcept { return allowed_; }
  /// Words what was wrong with what was read last; empty: nothing was.
  const std::string& fault() const noexcept { return fault_; }

 private:
  std::string find_fault() const;
  ActionMask written() const noexcept;

  Space action_space_;
  bool masks_;
  std::vector<std::uint8_t> guarded_;  // guard, the mask, guard
  std::vector<std::uint8_t> allowed_;
  std::string fault_;
};

}  // namespace sounder::conformance
