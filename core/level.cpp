#include "core/level.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "envs/error.h"
#include "envs/names.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace sounder {
namespace {

constexpr const char* kVariable = "SOUNDER_LEVEL";

std::string_view wanted_level() {
  const char* const name = std::getenv(kVariable);
  return name == nullptr ? "" : name;
}

#if defined(__x86_64__)
bool has_bits(unsigned leaf, unsigned bits) noexcept {
  unsigned eax = 0;
  unsigned ebx = 0;
  unsigned ecx = 0;
  unsigned edx = 0;
  return __get_cpuid(leaf, &eax, &ebx, &ecx, &edx) != 0 && (ecx & bits) == bits;
}

// The levels of the psABI (https://gitlab.com/x86-psABIs/x86-64-ABI, version 1.0, table 3.1), each including those
// below it. The compilers' built-in function also checks that the system saves the wide registers. The bits of features
// that clang 14 has no names for are defined here (Intel's manual, volume 2, CPUID, ECX of leaf 1 and of leaf
// 0x80000001).
constexpr unsigned kCmpxchg16b = 1U << 13U;
constexpr unsigned kMovbe = 1U << 22U;
constexpr unsigned kF16c = 1U << 29U;
constexpr unsigned kExtended = 0x80000001;
constexpr unsigned kLahf = 1U << 0U;
constexpr unsigned kLzcnt = 1U << 5U;

bool has_v2() noexcept {
  return __builtin_cpu_supports("sse3") && __builtin_cpu_supports("ssse3") && __builtin_cpu_supports("sse4.1") &&
         __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("popcnt") && has_bits(1, kCmpxchg16b) &&
         has_bits(kExtended, kLahf);
}
bool has_v3() noexcept {
  return __builtin_cpu_supports("avx") && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
         __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("fma") && has_bits(1, kMovbe | kF16c) &&
         has_bits(kExtended, kLzcnt);
}
bool has_v4() noexcept {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}
#endif

}  // namespace

std::size_t supported_levels() noexcept {
#if defined(__x86_64__)
  if (!has_v2()) return 0;
  if (!has_v3()) return 1;
  return has_v4() ? 3 : 2;
#else
  return kLevelNames.size();
#endif
}

std::size_t choose_level(std::string_view wanted, std::size_t supported) {
  if (supported == 0) {
    throw Error(fmt::format("expected a processor of level {} or above, this one is older; run Sounder on a newer one",
                            kLevelNames.front()));
  }
  if (wanted.empty()) return supported - 1;
  const auto found = std::ranges::find(kLevelNames, wanted);
  if (found == kLevelNames.end()) {
    const std::vector<std::string> names(kLevelNames.begin(), kLevelNames.end());
    throw UsageError(unknown_name(kVariable, wanted, names));
  }
  const auto level = static_cast<std::size_t>(found - kLevelNames.begin());
  if (level >= supported) {
    throw UsageError(fmt::format("{0}: expected a level that this processor has, '{1}' at most, got '{2}'; unset {0}",
                                 kVariable, kLevelNames[supported - 1], wanted));
  }
  return level;
}

std::size_t level() {
  static const std::size_t chosen = choose_level(wanted_level(), supported_levels());
  return chosen;
}

}  // namespace sounder
