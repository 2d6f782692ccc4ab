#include "core/sharing/store/running_moments.h"

#include <cassert>

namespace sounder {

RunningMoments::RunningMoments(std::span<const MomentsBlock> blocks) {
  for (const MomentsBlock& block : blocks) moments_.emplace_back(block);
}

std::vector<MomentsBlock> RunningMoments::blocks() const {
  std::vector<MomentsBlock> blocks;
  for (const SharedMoments& moments : moments_) blocks.push_back(moments.block());
  return blocks;
}

void RunningMoments::merge(const MomentsBlock& block, MomentsBatch& batch) noexcept {
  for (SharedMoments& moments : moments_) {
    if (moments.block().offset == block.offset) return moments.merge(batch);
  }
  assert(false);
}

void RunningMoments::load(std::span<float> parameters) const noexcept {
  for (const SharedMoments& moments : moments_) {
    moments.load(parameters.subspan(moments.block().offset, moments.block().size()));
  }
}

void RunningMoments::store(std::span<const float> parameters) noexcept {
  for (SharedMoments& moments : moments_) {
    moments.store(parameters.subspan(moments.block().offset, moments.block().size()));
  }
}

}  // namespace sounder
