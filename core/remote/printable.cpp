#include "core/remote/printable.h"

#include <algorithm>
#include <cstdint>

namespace sounder::remote {
namespace {

/// The first character of a text.
struct Letter {
  char32_t code = 0;
  std::size_t bytes = 0;  ///< 0 if the text does not begin with valid UTF-8
};

/// Decodes the first character according to RFC 3629: no overlong encodings, no surrogates, nothing beyond U+10FFFF.
Letter first_letter(std::string_view text) {
  const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {.code = lead, .bytes = 1};
  const std::size_t bytes = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc0 || lead > 0xf7 || text.size() < bytes) return {};
  char32_t code = lead & (0x7fU >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xc0U) != 0x80) return {};
    code = code << 6U | (byte(i) & 0x3fU);
  }
  constexpr char32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool is_surrogate = code >= 0xd800 && code <= 0xdfff;
  if (code < kLeast[bytes] || is_surrogate || code > 0x10ffff) return {};
  return {.code = code, .bytes = bytes};
}

bool can_be_shown(char32_t code) {
  const auto within = [code](char32_t first, char32_t last) { return code >= first && code <= last; };
  const bool is_control = code < ' ' || within(0x7f, 0x9f);
  const bool breaks_line = within(0x2028, 0x2029);
  const bool turns = code == 0x061c || within(0x200e, 0x200f) || within(0x202a, 0x202e) || within(0x2066, 0x2069);
  return !is_control && !breaks_line && !turns;
}

}  // namespace

std::string printable(std::string_view text, std::size_t most) {
  std::string shown;
  while (!text.empty()) {
    const Letter letter = first_letter(text);
    const std::size_t bytes = std::max<std::size_t>(letter.bytes, 1);
    const bool is_shown = letter.bytes > 0 && can_be_shown(letter.code);
    const std::string_view added = is_shown ? text.substr(0, bytes) : "?";
    if (shown.size() + added.size() > most) return shown + "...";
    shown += added;
    text.remove_prefix(bytes);
  }
  return shown;
}

}  // namespace sounder::remote
