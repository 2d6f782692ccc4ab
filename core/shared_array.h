#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace sounder {

/// A flat array of floats that any number of threads read and write at once, without locks and without data races: the
/// storage is 64-bit words of two floats each, on cache lines of its own, and every access to a word is a relaxed
/// atomic one (but for load_acquire). So no float is ever torn, but nothing holds between two words: a load may see one
/// float of a concurrent store and not the next.
///
/// It is read and written by blocks of 64 floats, which are computed on in local arrays: the atomic accesses stay plain
/// moves, and the arithmetic between them vectorises.
class SharedArray {
 public:
  static constexpr std::size_t kBlockFloats = 64;
  using Block = std::array<float, kBlockFloats>;
  using Word = std::uint64_t;
  using Pair = std::array<float, 2>;  ///< the two floats of a word
  static constexpr std::size_t kBlockWords = sizeof(Block) / sizeof(Word);

  /// Makes an array of zeros; `size` is rounded up to whole blocks inside.
  explicit SharedArray(std::size_t size) : size_(size), blocks_((size + kBlockFloats - 1) / kBlockFloats) {}

  std::size_t size() const noexcept { return size_; }  ///< floats
  std::size_t block_count() const noexcept { return blocks_.size(); }

  /// Copies a block out; floats beyond the size are zero.
  void load_block(std::size_t block, Block& out) const noexcept { load_words<std::memory_order_relaxed>(block, out); }

  /// Replaces a block.
  void store_block(std::size_t block, const Block& values) noexcept {
    std::array<Word, kBlockWords> words;
    std::memcpy(words.data(), values.data(), sizeof words);
    for (std::size_t i = 0; i < kBlockWords; ++i) word(block, i).store(words[i], std::memory_order_relaxed);
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

  /// Copies all floats out; `out` has size() of them.
  void load(std::span<float> out) const noexcept { load_all<std::memory_order_relaxed>(out); }
  /// The same, each load with acquire order: for ParameterStore::snapshot, which orders it against a fence.
  void load_acquire(std::span<float> out) const noexcept { load_all<std::memory_order_acquire>(out); }
  /// Replaces all floats.
  void store(std::span<const float> values) noexcept;

  /// Views the floats in place, for code that knows nothing of atomics: a LibTorch module whose parameters are the
  /// shared ones. Only while no other thread uses this array. Sounder's own code reads and writes words; the floats of
  /// this view are touched by code in other translation units alone.
  std::span<float> quiescent_view() noexcept { return {reinterpret_cast<float*>(blocks_.data()), size_}; }

 private:
  struct alignas(64) Line {
    std::array<Word, kBlockWords> words{};
  };

  // An atomic_ref to a const object comes with C++26: loads need the cast, and change nothing.
  std::atomic_ref<Word> word(std::size_t block, std::size_t index) const noexcept {
    return std::atomic_ref<Word>(const_cast<Word&>(blocks_[block].words[index]));
  }

  template <std::memory_order order>
  void load_words(std::size_t block, Block& out) const noexcept {
    std::array<Word, kBlockWords> words;
    for (std::size_t i = 0; i < kBlockWords; ++i) words[i] = word(block, i).load(order);
    std::memcpy(out.data(), words.data(), sizeof words);
  }

  template <std::memory_order order>
  void load_all(std::span<float> out) const noexcept;

  std::size_t size_;
  std::vector<Line> blocks_;
};

static_assert(std::atomic_ref<SharedArray::Word>::is_always_lock_free);

}  // namespace sounder
