#include "apps/terminal/terminal.h"

#include "tests/apps/variable.h"
#include "tests/catch.h"

namespace sounder {

using testing::Variable;

TEST_CASE("A terminal shows the colours that its variables promise, unless they are disabled") {
  const auto support = [](const char* terminal, const char* color, const char* no_color) {
    const Variable term("TERM", terminal);
    const Variable color_term("COLORTERM", color);
    const Variable unwanted("NO_COLOR", no_color);
    return color_support();
  };
  CHECK(support("xterm-256color", "truecolor", nullptr) == ColorSupport::rgb);
  CHECK(support("xterm", "24bit", nullptr) == ColorSupport::rgb);
  CHECK(support("xterm-direct", nullptr, nullptr) == ColorSupport::rgb);
  CHECK(support("screen-256color", nullptr, nullptr) == ColorSupport::palette);
  CHECK(support("xterm", nullptr, nullptr) == ColorSupport::none);
  CHECK(support(nullptr, nullptr, nullptr) == ColorSupport::none);
  CHECK(support("xterm-256color", "truecolor", "1") == ColorSupport::none);
  CHECK(support("xterm-256color", nullptr, "") == ColorSupport::palette);
}

}  // namespace sounder
