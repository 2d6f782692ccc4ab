#include "apps/terminal.h"

#include <stdlib.h>

#include <optional>
#include <string>

#include "tests/catch.h"

namespace sounder {
namespace {

/// Sets a variable of this process, or removes it, for as long as this lives.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) {
    if (const char* const before = ::getenv(name)) before_ = before;
    set(value);
  }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;
  ~Variable() { set(before_ ? before_->c_str() : nullptr); }

 private:
  void set(const char* value) const {
    if (value == nullptr) {
      ::unsetenv(name_);
    } else {
      ::setenv(name_, value, 1);
    }
  }

  const char* name_;
  std::optional<std::string> before_;
};

}  // namespace

TEST_CASE("A terminal shows the colours that its variables promise, unless none are wanted") {
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
