#include "core/sharing/store/shared_array.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>

namespace sounder {

template <std::memory_order order>
void SharedArray::load(std::span<float> out) const noexcept {
  load_by<FloatQuad, WordMoves<order>>(out);
}

template void SharedArray::load<std::memory_order_relaxed>(std::span<float> out) const noexcept;
template void SharedArray::load<std::memory_order_acquire>(std::span<float> out) const noexcept;

void SharedArray::store(std::span<const float> values) noexcept {
  assert(values.size() == size_);
  for (std::size_t block = 0; block < blocks_.size(); ++block) {
    std::array<Word, kBlockWords> padded{};
    const std::size_t begin = block * kBlockFloats;
    std::memcpy(padded.data(), &values[begin], std::min(kBlockFloats, size_ - begin) * sizeof(float));
    for (std::size_t i = 0; i < kBlockWords; ++i) word(block, i).store(padded[i], std::memory_order_relaxed);
  }
}

void SharedArray::store_range(std::size_t first, std::span<const float> values) noexcept {
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t at = first + i;
    update_word(at / kBlockFloats, at % kBlockFloats / 2, [&](Pair pair) {
      pair[at % 2] = values[i];
      return pair;
    });
  }
}

}  // namespace sounder
