#pragma once

#include <array>
#include <cstddef>
#include <string_view>

// Kernels are functions that gain from wide vectors. One source of them is compiled once for each level of processors,
// with that level's instructions and with SOUNDER_LEVEL as the name of the level's namespace (sounder_kernels of
// CMakeLists.txt); the program calls those of the level that runs, by way of a table. All else is compiled for any
// processor.
//
// What such a source defines stays in that namespace, has internal linkage, or is inlined always. An inline function
// that other sources know by the same name would not do: the linker keeps any one of the copies, and the program would
// end on an older processor, wherever that function is called. tests/levels.sh finds such names.

// SOUNDER_AT_EACH_LEVEL(const Kernels kKernels) declares each level's table, SOUNDER_AT_LEVEL(kKernels) is that of the
// level that runs.
#if defined(__x86_64__)
#define SOUNDER_AT_EACH_LEVEL(declaration) \
  namespace x86_64_v2 {                    \
  extern declaration;                      \
  }                                        \
  namespace x86_64_v3 {                    \
  extern declaration;                      \
  }                                        \
  namespace x86_64_v4 {                    \
  extern declaration;                      \
  }
#define SOUNDER_AT_LEVEL(name) (*std::array{&x86_64_v2::name, &x86_64_v3::name, &x86_64_v4::name}[::sounder::level()])
#else
#define SOUNDER_AT_EACH_LEVEL(declaration) \
  namespace baseline {                     \
  extern declaration;                      \
  }
#define SOUNDER_AT_LEVEL(name) (*std::array{&baseline::name}[::sounder::level()])
#endif

namespace sounder {

/// The levels that this build has kernels for, the lowest first: each runs what those below it run. On x86-64, those of
/// its psABI, by the names that compilers have for them.
#if defined(__x86_64__)
inline constexpr std::array<std::string_view, 3> kLevelNames{"x86-64-v2", "x86-64-v3", "x86-64-v4"};
#elif defined(__aarch64__)
inline constexpr std::array<std::string_view, 1> kLevelNames{"armv8-a"};  // which has NEON
#else
inline constexpr std::array<std::string_view, 1> kLevelNames{"generic"};
#endif

/// The level that runs, an index into kLevelNames: the highest that this processor and its system have, or the one that
/// the environment variable SOUNDER_LEVEL names. It is chosen at the first call, for the rest of the process. Any
/// thread may call it. Throws as choose_level does.
std::size_t level();

/// Counts the levels that this processor and its system have, from the lowest on.
std::size_t supported_levels() noexcept;

/// Chooses among the first `supported` levels the one that is wanted by its name, or the highest if none is ("").
/// Throws UsageError for a name that no level has, and for a level that is not supported; Error if none is.
std::size_t choose_level(std::string_view wanted, std::size_t supported);

}  // namespace sounder
