#pragma once

// Catch2 2 (Debian 12) and 3 (Debian 13) as one: the tests name what they use as 2 does.
#if __has_include(<catch2/catch_test_macros.hpp>)
#include <catch2/catch_approx.hpp>
#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators_all.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <catch2/matchers/catch_matchers_vector.hpp>

namespace Catch {
namespace Matchers {
/// Of texts: what 3 calls Contains (whose header is left out) is of ranges.
inline auto Contains(const std::string& text, CaseSensitive sensitive = CaseSensitive::Yes) {
  return ContainsSubstring(text, sensitive);
}
}  // namespace Matchers
using namespace Matchers;
}  // namespace Catch
using Catch::Approx;
#else
#include <catch2/catch.hpp>
#endif
