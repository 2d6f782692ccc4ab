#include "core/sharing/store/running_moments.h"

#include <algorithm>
#include <cassert>

namespace sounder {

RunningMoments::RunningMoments(std::span<const MomentsBlock> blocks) {
  for (const MomentsBlock& block : blocks) moments_.emplace_back(block);
}

RunningMoments::RunningMoments(const ParameterLayout& layout) : RunningMoments(layout.moments()) {
  for (const ParameterBlock& block : layout.blocks) {
    if (block.constant) constants_.push_back({.offset = block.offset, .values = std::vector<float>(block.size)});
  }
}

std::vector<UpdateRange> RunningMoments::places() const {
  std::vector<UpdateRange> places;
  const auto add = [&](std::size_t offset, std::size_t size) {
    places.push_back({.begin = offset, .end = offset + size});
  };
  for (const SharedMoments& moments : moments_) add(moments.block().offset, moments.block().size());
  for (const Constant& constant : constants_) add(constant.offset, constant.values.size());
  return places;
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
  for (const Constant& constant : constants_) {
    std::ranges::copy(constant.values, parameters.subspan(constant.offset).begin());
  }
}

void RunningMoments::store(std::span<const float> parameters) noexcept {
  for (SharedMoments& moments : moments_) {
    moments.store(parameters.subspan(moments.block().offset, moments.block().size()));
  }
  for (Constant& constant : constants_) {
    std::ranges::copy(parameters.subspan(constant.offset, constant.values.size()), constant.values.begin());
  }
}

}  // namespace sounder
