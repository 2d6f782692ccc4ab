#pragma once

#include "core/level.h"
#include "core/sharing/store/block_update.h"

namespace sounder {

/// What an update takes, compiled for one level of processors. At every level it gives the same numbers, to the last
/// bit.
struct UpdateKernels {
  double (*norm)(std::span<const float> vector) noexcept;  ///< Euclidean
  void (*rms_prop)(const BlockUpdate& update, const RmsProp& rule) noexcept;
  void (*adagrad)(const BlockUpdate& update, const Adagrad& rule) noexcept;
  void (*momentum_sgd)(const BlockUpdate& update, const MomentumSgd& rule) noexcept;
  void (*adam)(const BlockUpdate& update, const Adam& rule) noexcept;
  /// theta <- own theta + others.
  void (*mix)(SharedArray& parameters, float own, std::span<const float> others) noexcept;
  void (*load)(const SharedArray& array, std::span<float> out) noexcept;  ///< as SharedArray::load

  void write(const BlockUpdate& update, const RmsProp& rule) const noexcept { rms_prop(update, rule); }
  void write(const BlockUpdate& update, const Adagrad& rule) const noexcept { adagrad(update, rule); }
  void write(const BlockUpdate& update, const MomentumSgd& rule) const noexcept { momentum_sgd(update, rule); }
  void write(const BlockUpdate& update, const Adam& rule) const noexcept { adam(update, rule); }
};
SOUNDER_AT_EACH_LEVEL(const UpdateKernels kUpdateKernels)

/// Those of the level that runs. Throws as level() does.
inline const UpdateKernels& update_kernels() {
  return SOUNDER_AT_LEVEL(kUpdateKernels);
}

}  // namespace sounder
