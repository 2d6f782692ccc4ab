#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "envs/environment.h"

namespace sounder::conformance {

/// Reads an environment's action masks between two guards and finds faults in them.
class MaskReading {
 public:
  /// The environment's spec must be valid. Never reads from an environment that masks nothing.
  explicit MaskReading(const Environment& environment);

  /// Reads the current mask, after a reset or a step that did not terminate the episode.
  void read(const Environment& environment);
  /// Forgets the mask: the episode has terminated.
  void forget() noexcept { allowed_.clear(); }

  bool masks() const noexcept { return masks_; }
  /// Returns a view of the last mask that was read. Empty, which allows all, if there is none or if it is unusable.
  ActionMask mask() const noexcept { return allowed_; }
  /// Describes the fault of the last mask that was read; empty if there is none.
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
