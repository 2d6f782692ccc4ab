#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace sounder {

/// Moves vectors to and from shared 64-bit words by atomic accesses, word by word: what the language guarantees.
template <std::memory_order load_order = std::memory_order_relaxed>
struct WordMoves {
  using Word = std::uint64_t;

  template <class V>
  [[gnu::always_inline]] static V load(const Word* from) noexcept {
    // Put together in registers: words that were stored one by one and then loaded as a vector would have to wait for
    // each other in the processor's store buffer, which takes several times as long.
    typename Words<V>::Vector words{};
#pragma GCC unroll 8
    for (std::size_t i = 0; i < kWordsOf<V>; ++i) {
      // An atomic_ref to a const object comes with C++26: the cast changes nothing.
      words[i] = std::atomic_ref(const_cast<Word&>(from[i])).load(load_order);
    }
    return std::bit_cast<V>(words);
  }

  template <class V>
  [[gnu::always_inline]] static void store(Word* to, V values) noexcept {
    const auto words = std::bit_cast<typename Words<V>::Vector>(values);
#pragma GCC unroll 8
    for (std::size_t i = 0; i < kWordsOf<V>; ++i) std::atomic_ref(to[i]).store(words[i], std::memory_order_relaxed);
  }

 private:
  template <class V>
  struct Words {
    using Vector [[gnu::vector_size(sizeof(V))]] = Word;
  };
  template <class V>
  static constexpr std::size_t kWordsOf = sizeof(V) / sizeof(Word);
};

}  // namespace sounder
