#include "core/remote/printable.h"

#include "tests/catch.h"

namespace sounder::remote {
namespace {

std::string shown(std::string_view text) {
  return printable(text);
}

TEST_CASE("letters of every language are shown") {
  // Of two, three and four bytes; the first and the last code point of each length.
  for (const std::string_view letters : {"Größe", "温度", "🚗", "\xc2\xa0", "\xdf\xbf", "\xe0\xa0\x80", "\xef\xbf\xbd",
                                         "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    CHECK(shown(letters) == letters);
  }
}

TEST_CASE("what controls a terminal, or turns a line, is not shown") {
  CHECK(shown("a\x1b[31m\nb\x7f") == "a?[31m?b?");
  CHECK(shown("a\xc2\x9b"
              "31m") == "a?31m");  // U+009B, which some terminals take for ESC [
  CHECK(shown("a\xe2\x80\xae"
              "b\xe2\x80\xa8"
              "c\xe2\x81\xa6"
              "d\xd8\x9c") == "a?b?c?d?");  // U+202E, U+2028, U+2066, U+061C
}

TEST_CASE("bytes that are no UTF-8 are not shown") {
  // A lone continuation, a letter cut off, one longer than it must be, a surrogate, one beyond U+10FFFF, and a byte
  // that UTF-8 has not.
  CHECK(shown("a\x80z") == "a?z");
  CHECK(shown("a\xe6\xb8") == "a??");
  CHECK(shown("a\xc3z") == "a?z");
  CHECK(shown("\xc0\xaf") == "??");
  CHECK(shown("\xe0\x80\xaf") == "???");
  CHECK(shown("\xed\xa0\x80") == "???");
  CHECK(shown("\xf4\x90\x80\x80") == "????");
  CHECK(shown("\xff\xfe") == "??");
}

TEST_CASE("no letter is cut where a text is") {
  CHECK(printable(std::string_view("abcdef"), 3) == "abc...");
  CHECK(printable(std::string_view("abc"), 3) == "abc");
  CHECK(printable(std::string_view("abö"), 3) == "ab...");
  CHECK(printable(std::string_view("abö"), 4) == "abö");
}

}  // namespace
}  // namespace sounder::remote
