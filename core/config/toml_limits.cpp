#include "core/config/toml_limits.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "envs/error.h"

namespace sounder {
namespace {

constexpr std::size_t kMostBytes = std::size_t{1} << 20U;
constexpr std::int64_t kMostLevels = 64;  // limit for open brackets, and for dots in a line; a configuration needs one

/// Returns the position after the string that begins at a quote. An unterminated string ends with the text or, unless
/// it is a multi-line one, with its line.
std::size_t end_of_string(std::string_view text, std::size_t begin) {
  const char quote = text[begin];
  const bool escapes = quote == '"';
  const auto quotes_at = [&](std::size_t i) { return std::min(text.find_first_not_of(quote, i), text.size()) - i; };
  const bool lines = quotes_at(begin) >= 3;
  for (std::size_t i = begin + (lines ? 3 : 1); i < text.size(); ++i) {
    if (escapes && text[i] == '\\') {
      ++i;
    } else if (!lines && (text[i] == quote || text[i] == '\n')) {
      return text[i] == quote ? i + 1 : i;
    } else if (lines && quotes_at(i) >= 3) {
      return i + std::min<std::size_t>(quotes_at(i), 5);  // up to two quotes of the content precede the final three
    }
  }
  return text.size();
}

}  // namespace

void check_toml_limits(std::string_view text, std::string_view source) {
  if (text.size() > kMostBytes) {
    throw UsageError(
        fmt::format("{}: expected a configuration of at most {} bytes, got {}", source, kMostBytes, text.size()));
  }
  std::int64_t line = 1;
  std::int64_t brackets = 0;  // open ones
  std::int64_t dots = 0;      // in this line, such as between the parts of a key
  for (std::size_t i = 0; i < text.size();) {
    std::size_t next = i + 1;
    switch (text[i]) {
      case '\n':
        ++line;
        dots = 0;
        break;
      case '#':
        next = std::min(text.find('\n', i), text.size());
        break;
      case '"':
      case '\'':
        next = end_of_string(text, i);
        line += std::count(text.begin() + static_cast<std::ptrdiff_t>(i),
                           text.begin() + static_cast<std::ptrdiff_t>(next), '\n');
        break;
      case '[':
      case '{':
        ++brackets;
        break;
      case ']':
      case '}':
        --brackets;
        break;
      case '.':
        ++dots;
        break;
      default:
        break;
    }
    if (std::max(brackets, dots) > kMostLevels) {
      throw UsageError(fmt::format("{}:{}: expected a configuration, which has no tables; got more than {} {}", source,
                                   line, kMostLevels,
                                   dots > kMostLevels ? "dots in a line" : "brackets in each other"));
    }
    i = next;
  }
}

}  // namespace sounder
