#pragma once

#include <cstdint>

#include "core/sharing/store/lanes.h"
#include "core/sharing/store/word_moves.h"

#if defined(__has_feature)
#define SOUNDER_HAS_FEATURE(name) __has_feature(name)
#else
#define SOUNDER_HAS_FEATURE(name) 0
#endif

// Included by sources that are compiled once for each level (core/level.h).
namespace sounder::SOUNDER_LEVEL {

#if defined(__AVX__) && !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__) && \
    !SOUNDER_HAS_FEATURE(thread_sanitizer) && !SOUNDER_HAS_FEATURE(address_sanitizer)

/// Moves vectors to and from shared words, 16 bytes at a time.
///
/// That no word is torn is the processor's guarantee here, not the language's: on every processor with AVX, VMOVAPS of
/// 16 aligned bytes is a single access to memory (Intel, Software Developer's Manual, volume 3A, section 9.1.1; AMD,
/// Architecture Programmer's Manual, volume 2, section 7.3.2), and x86 reorders neither loads with loads nor stores
/// with stores. Wider moves and other instructions have no such guarantee: so these two are written as assembly, and
/// wider vectors are put together in registers.
///
/// For the language there is no access here that could race, only an asm statement. The compiler knows which bytes it
/// reads or writes and nothing about their values. Volatile keeps every move, in order. They are parts of kernels that
/// are called through pointers, so that none leaves its place among the atomic operations and fences around the call.
/// Sanitizers cannot see into assembly: their builds move words.
struct LevelMoves {
  using Word = std::uint64_t;

  template <class V>
  [[gnu::always_inline]] static V load(const Word* from) noexcept {
    if constexpr (sizeof(V) == sizeof(FloatQuad)) {
      FloatQuad quad;
      asm volatile("vmovaps %1, %0" : "=v"(quad) : "m"(*reinterpret_cast<const Bytes*>(from)));
      return quad;
    } else {
      static_assert(sizeof(V) == 2 * sizeof(FloatQuad));
      return __builtin_shufflevector(load<FloatQuad>(from), load<FloatQuad>(from + 2), 0, 1, 2, 3, 4, 5, 6, 7);
    }
  }

  template <class V>
  [[gnu::always_inline]] static void store(Word* to, V values) noexcept {
    if constexpr (sizeof(V) == sizeof(FloatQuad)) {
      asm volatile("vmovaps %1, %0" : "=m"(*reinterpret_cast<Bytes*>(to)) : "v"(values));
    } else {
      static_assert(sizeof(V) == 2 * sizeof(FloatQuad));
      store<FloatQuad>(to, __builtin_shufflevector(values, values, 0, 1, 2, 3));
      store<FloatQuad>(to + 2, __builtin_shufflevector(values, values, 4, 5, 6, 7));
    }
  }

 private:
  // The operand's type: 16 bytes that alias the words.
  struct [[gnu::may_alias]] Bytes {
    Word words[2];
  };
};

#else
using LevelMoves = WordMoves<>;
#endif
#undef SOUNDER_HAS_FEATURE

}  // namespace sounder::SOUNDER_LEVEL
