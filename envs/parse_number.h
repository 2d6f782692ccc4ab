#pragma once

#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sounder {

/// Removes the underscores of "1_000_000". Returns nothing if one does not stand between two digits, as in TOML.
inline std::optional<std::string> without_separators(std::string_view text) {
  const auto is_digit = [&](std::size_t at) { return at < text.size() && text[at] >= '0' && text[at] <= '9'; };
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '_') {
      plain += text[i];
    } else if (i == 0 || !is_digit(i - 1) || !is_digit(i + 1)) {
      return std::nullopt;
    }
  }
  return plain;
}

/// Parses a whole text as a finite number ("0.5", "1e-3", "1_000"). Returns nothing for trailing text, infinities and
/// NaN.
inline std::optional<double> parse_real(std::string_view text) {
  const auto plain = without_separators(text);
  if (!plain) return std::nullopt;
  double number = 0;
  const char* const end = plain->data() + plain->size();
  const auto [rest, error] = std::from_chars(plain->data(), end, number);
  if (error != std::errc() || rest != end || !std::isfinite(number)) return std::nullopt;
  return number;
}

/// Parses a whole text as a decimal integer in any notation: "1000000", "1_000_000", "1e6", "2.0". Returns nothing for
/// leading or trailing text ("2x", " 2"), numbers with a fraction, and numbers out of range. With an exponent or a
/// point the magnitude is at most 2^53, up to which doubles are exact.
inline std::optional<std::int64_t> parse_integer(std::string_view text) {
  const auto plain = without_separators(text);
  if (!plain) return std::nullopt;
  std::int64_t number = 0;
  const char* const end = plain->data() + plain->size();
  const auto [rest, error] = std::from_chars(plain->data(), end, number);
  if (error == std::errc() && rest == end) return number;
  constexpr double kMostExact = 9'007'199'254'740'992;  // 2^53
  const auto real = parse_real(*plain);
  // An integer out of range must not be rounded to one within.
  if (!real || plain->find_first_of(".eE") == std::string::npos) return std::nullopt;
  if (std::abs(*real) > kMostExact || *real != std::trunc(*real)) return std::nullopt;
  return static_cast<std::int64_t>(*real);
}

}  // namespace sounder
