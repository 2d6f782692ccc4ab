#pragma once

#include <array>
#include <cstddef>
#include <string_view>

// Kernels are functions that benefit from wide vectors. Their source is compiled once for each processor level, with
// that level's instructions and with SOUNDER_LEVEL as the level's namespace (sounder_kernels in CMakeLists.txt). The
// program calls the kernels of the active level through a table. All other code is compiled for any supported
// processor.
//
// Definitions in such a source must be in that namespace, have internal linkage, or always be inlined. The linker keeps
// only one copy of an inline function that other sources share, possibly one with instructions that an older processor
// lacks, and every call of it would then crash there. tests/levels.sh finds such names.

// SOUNDER_AT_EACH_LEVEL(const Kernels kKernels) declares each level's table; SOUNDER_AT_LEVEL(kKernels) is the table of
// the active level.
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

/// The levels that this build has kernels for, lowest first. Each supports the instructions of those below it. On
/// x86-64 they are the psABI's levels, with the compilers' names.
#if defined(__x86_64__)
inline constexpr std::array<std::string_view, 3> kLevelNames{"x86-64-v2", "x86-64-v3", "x86-64-v4"};
#elif defined(__aarch64__)
inline constexpr std::array<std::string_view, 1> kLevelNames{"armv8-a"};  // includes NEON
#else
inline constexpr std::array<std::string_view, 1> kLevelNames{"generic"};
#endif

/// Returns the active level, an index into kLevelNames: the highest one that the processor and the system support, or
/// the one named by the environment variable SOUNDER_LEVEL. The first call chooses it for the rest of the process. Any
/// thread may call it. Throws as choose_level() does.
std::size_t level();

/// Returns the number of levels that the processor and the system support, counted from the lowest.
std::size_t supported_levels() noexcept;

/// Returns the level named `wanted` among the first `supported` levels, or the highest one if `wanted` is empty. Throws
/// UsageError for an unknown name and for an unsupported level; Error if no level is supported.
std::size_t choose_level(std::string_view wanted, std::size_t supported);

}  // namespace sounder
