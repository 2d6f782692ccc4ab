#pragma once

// Catch2 2 (Debian 12) and 3 (Debian 13 and Ubuntu 24.04) as one. Tests use the names of Catch2 2: what 3 calls
// otherwise has these here, too. Of 3, the headers are included that have what tests use: all of them would take
// longer, and have another Contains, of ranges.

#if !__has_include(<catch2/catch_test_macros.hpp>)
#include <catch2/catch.hpp>
#else
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators_all.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <catch2/matchers/catch_matchers_vector.hpp>

namespace Catch {
namespace Matchers {
/// Catch2 2's name of it.
inline auto Contains(const std::string& text, CaseSensitive sensitive = CaseSensitive::Yes) {
  return ContainsSubstring(text, sensitive);
}
}  // namespace Matchers
using namespace Matchers;
}  // namespace Catch
using Catch::Approx;
#endif
