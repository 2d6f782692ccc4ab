#include "core/shared_array.h"

#include <algorithm>
#include <cassert>

namespace sounder {

template <std::memory_order order>
void SharedArray::load_all(std::span<float> out) const noexcept {
  assert(out.size() == size_);
  for (std::size_t block = 0; block < blocks_.size(); ++block) {
    const Block values = load_words<order>(block);
    const std::size_t begin = block * kBlockFloats;
    if (begin + kBlockFloats <= size_) {  // of constant size: one move
      std::memcpy(&out[begin], &values, sizeof values);
    } else {
      std::memcpy(&out[begin], &values, (size_ - begin) * sizeof(float));
    }
  }
}

template void SharedArray::load_all<std::memory_order_relaxed>(std::span<float>) const noexcept;
template void SharedArray::load_all<std::memory_order_acquire>(std::span<float>) const noexcept;

void SharedArray::store(std::span<const float> values) noexcept {
  assert(values.size() == size_);
  for (std::size_t block = 0; block < blocks_.size(); ++block) {
    Block padded{};
    const std::size_t begin = block * kBlockFloats;
    std::memcpy(&padded, &values[begin], std::min(kBlockFloats, size_ - begin) * sizeof(float));
    store_block(block, padded);
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
