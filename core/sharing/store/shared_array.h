#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "core/sharing/store/lanes.h"
#include "core/sharing/store/word_moves.h"

namespace sounder {

constexpr std::size_t kBlockFloats = 16;

/// A flat array of floats that any number of threads read and write at once, without locks and without data races: the
/// storage is 64-bit words of two floats each, on cache lines of its own, and every access to a word is a relaxed
/// atomic one (but for loads that ask for another order, and for what processors guarantee beyond the language:
/// core/sharing/store/level_moves.h). So no float is ever torn, but nothing holds between two words: a load may see one
/// float of a concurrent store and not the next.
///
/// It consists of blocks of 16 floats, a cache line each, which are read and written by vectors, one or some of a
/// block: the atomic accesses stay plain moves, and what is computed between them stays in registers.
class SharedArray {
 public:
  using Word = std::uint64_t;
  using Pair = std::array<float, 2>;  ///< the two floats of a word
  static constexpr std::size_t kBlockWords = kBlockFloats * sizeof(float) / sizeof(Word);
  static_assert(kBlockWords == 8);

  /// Makes an array of zeros; `size` is rounded up to whole blocks inside.
  explicit SharedArray(std::size_t size) : size_(size), blocks_((size + kBlockFloats - 1) / kBlockFloats) {}

  std::size_t size() const noexcept { return size_; }  ///< floats
  std::size_t block_count() const noexcept { return blocks_.size(); }

  /// Copies out the part-th vector of a block, of those of type V that it consists of; floats beyond the size are zero.
  /// Moves is WordMoves or a level's own (core/sharing/store/level_moves.h).
  template <class V, class Moves = WordMoves<>>
  [[gnu::always_inline]] V load_vector(std::size_t block, std::size_t part) const noexcept {
    return Moves::template load<V>(blocks_[block].words.data() + part * kWordsOf<V>);
  }

  /// Replaces the part-th vector of a block.
  template <class V, class Moves = WordMoves<>>
  [[gnu::always_inline]] void store_vector(std::size_t block, std::size_t part, V values) noexcept {
    Moves::store(blocks_[block].words.data() + part * kWordsOf<V>, values);
  }

  /// Asks the processor to fetch a block, for writing; one that does not exist does no harm.
  [[gnu::always_inline]] void prefetch(std::size_t block) const noexcept {
#if defined(__GNUC__)
    __builtin_prefetch(blocks_.data() + block, 1);
#endif
  }

  /// Loads one word.
  Pair load_word(std::size_t block, std::size_t index) const noexcept {
    return std::bit_cast<Pair>(word(block, index).load(std::memory_order_relaxed));
  }
  /// Replaces one word.
  void store_word(std::size_t block, std::size_t index, const Pair& values) noexcept {
    word(block, index).store(std::bit_cast<Word>(values), std::memory_order_relaxed);
  }

  /// Changes one word by compare-exchange until it succeeds, so that no concurrent change is lost: `change` maps the
  /// pair of floats that stands there to the new one. Returns the new pair.
  template <class Change>
  Pair update_word(std::size_t block, std::size_t index, Change change) noexcept {
    const auto reference = word(block, index);
    Word seen = reference.load(std::memory_order_relaxed);
    while (true) {
      const Pair next = change(std::bit_cast<Pair>(seen));
      // Relaxed: the words carry no order between them, here as everywhere in this class.
      if (reference.compare_exchange_weak(seen, std::bit_cast<Word>(next), std::memory_order_relaxed)) return next;
    }
  }

  /// Replaces floats first, ...; those that stand in one word with them stay what they are.
  void store_range(std::size_t first, std::span<const float> values) noexcept;

  /// Copies all floats out, by vectors V; `out` has size() of them.
  template <class V, class Moves>
  [[gnu::always_inline]] void load_by(std::span<float> out) const noexcept;
  /// Multiplies all floats by `own` and adds `others`, by vectors V; `others` has size() of them.
  template <class V, class Moves>
  [[gnu::always_inline]] void mix_by(float own, std::span<const float> others) noexcept;
  /// Copies all floats out, by words. Each is loaded with the order: relaxed, or acquire to pair with a fence of
  /// the thread that stored it.
  template <std::memory_order order = std::memory_order_relaxed>
  void load(std::span<float> out) const noexcept;
  /// Replaces all floats.
  void store(std::span<const float> values) noexcept;

  /// Views the floats in place, for code that knows nothing of atomics: a LibTorch module whose parameters are the
  /// shared ones. Only while no other thread uses this array. Sounder's own code reads and writes words; the floats of
  /// this view are touched by code in other translation units alone.
  std::span<float> quiescent_view() noexcept {
    return {reinterpret_cast<float*>(blocks_.data()), size_};
  }

 private:
  struct alignas(64) Line {
    std::array<Word, kBlockWords> words{};
  };

  template <class V>
  static constexpr std::size_t kWordsOf = sizeof(V) / sizeof(Word);

  // An atomic_ref to a const object comes with C++26: loads need the cast, and change nothing.
  [[gnu::always_inline]] std::atomic_ref<Word> word(std::size_t block, std::size_t index) const noexcept {
    return std::atomic_ref<Word>(const_cast<Word&>(blocks_[block].words[index]));
  }

  std::size_t size_;
  std::vector<Line> blocks_;
};

template <class V, class Moves>
[[gnu::always_inline]] inline void SharedArray::load_by(std::span<float> out) const noexcept {
  assert(out.size() == size_);
  const auto copy_block = [this](std::size_t block, float* to) __attribute__((always_inline)) {
#pragma GCC unroll 4
    for (std::size_t part = 0; part < kBlockFloats / kLanesOf<V>; ++part) {
      const V values = load_vector<V, Moves>(block, part);
      std::memcpy(to + part * kLanesOf<V>, &values, sizeof values);
    }
  };
  const std::size_t whole = size_ / kBlockFloats;
  for (std::size_t block = 0; block < whole; ++block) copy_block(block, out.data() + block * kBlockFloats);
  const std::size_t left = size_ % kBlockFloats;
  if (left == 0) return;
  std::array<float, kBlockFloats> last;
  copy_block(whole, last.data());
  std::memcpy(out.data() + size_ - left, last.data(), left * sizeof(float));
}

template <class V, class Moves>
[[gnu::always_inline]] inline void SharedArray::mix_by(float own, std::span<const float> others) noexcept {
  assert(others.size() == size_);
  const auto mix_block = [&](std::size_t block, const float* from) __attribute__((always_inline)) {
#pragma GCC unroll 4
    for (std::size_t part = 0; part < kBlockFloats / kLanesOf<V>; ++part) {
      V other;
      std::memcpy(&other, from + part * kLanesOf<V>, sizeof other);
      store_vector<V, Moves>(block, part, own * load_vector<V, Moves>(block, part) + other);
    }
  };
  const std::size_t whole = size_ / kBlockFloats;
  for (std::size_t block = 0; block < whole; ++block) mix_block(block, others.data() + block * kBlockFloats);
  const std::size_t left = size_ % kBlockFloats;
  if (left == 0) return;
  std::array<float, kBlockFloats> last{};
  std::memcpy(last.data(), others.data() + size_ - left, left * sizeof(float));
  mix_block(whole, last.data());
}

static_assert(std::atomic_ref<SharedArray::Word>::is_always_lock_free);

}  // namespace sounder
