#include <algorithm>
#include <cstring>
#include <functional>
#include <utility>

#include "envs/error.h"
#include "tests/catch.h"
#include "tests/core/checkpoint/fixtures.h"

using namespace sounder;
using namespace sounder::test;

namespace {

/// Computes a CRC-32 bit by bit from its definition: reflected polynomial 0xedb88320, complemented at both ends.
std::uint32_t crc32(std::string_view bytes) {
  std::uint32_t crc = 0xffffffffU;
  for (const char byte : bytes) {
    crc ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? 0xedb88320U : 0U);
  }
  return ~crc;
}

struct Sections {
  std::string header;
  std::string body;
};

Sections sections_of(const std::string& bytes) {
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), 8);
  return {.header = bytes.substr(8, length), .body = bytes.substr(8 + length)};
}

void replace_first(std::string& text, std::string_view from, std::string_view to) {
  const std::size_t position = text.find(from);
  if (position == text.npos) throw std::logic_error("nothing to replace: " + std::string(from));
  text.replace(position, from.size(), to);
}

void set_digits(std::string& header, std::string_view before, std::uint32_t crc) {
  const std::size_t position = header.find(before);
  if (position == header.npos || header.size() - position < before.size() + 8) return;
  char digits[9];
  std::snprintf(digits, sizeof digits, "%08x", crc);
  header.replace(position + before.size(), 8, digits, 8);
}

/// Joins sections with correct lengths and CRCs, so that only their content can be wrong.
std::string sealed(Sections sections) {
  auto& [header, body] = sections;
  header.append((8 - header.size() % 8) % 8, ' ');
  set_digits(header, R"("crc32":")", crc32(body));
  set_digits(header, R"("header_crc32":")", 0);
  set_digits(header, R"("header_crc32":")", crc32(header));
  const std::uint64_t length = header.size();
  std::string bytes(8, '\0');
  std::memcpy(bytes.data(), &length, 8);
  return bytes + header + body;
}

Checkpoint small_checkpoint(std::int64_t step) {
  Checkpoint checkpoint = checkpoint_of_step(step);
  Rng rng(static_cast<std::uint64_t>(step));
  const auto values = [&](std::size_t count) {
    std::vector<float> result(count);
    for (float& value : result) value = rng.uniform();
    return result;
  };
  checkpoint.parameters = {{.name = "policy.weight", .shape = {5, 3}, .values = values(15)},
                           {.name = "policy.bias", .shape = {7}, .values = values(7)}};
  checkpoint.statistics = {{.name = "square_average", .shape = {22}, .values = values(22)}};
  return checkpoint;
}

std::string encoded(const Checkpoint& checkpoint) {
  const TemporaryFolder folder;
  save_checkpoint(folder / "file", checkpoint);
  return read_bytes(folder / "file");
}

std::size_t below(Rng& rng, std::size_t count) {
  return static_cast<std::size_t>(rng.below(static_cast<std::int64_t>(count)));
}

/// Two valid files of one size and one of another, from which the mutations start.
struct Originals {
  std::string one = encoded(small_checkpoint(1));
  std::string two = encoded(small_checkpoint(2));
  std::string other = encoded(checkpoint_of_step(3));
};

std::string truncate(const Originals& originals, Rng& rng) {
  const std::size_t header_end = 8 + sections_of(originals.one).header.size();
  const std::size_t size = originals.one.size();
  switch (rng.below(4)) {
    case 0:
      return originals.one.substr(0, below(rng, 16));
    case 1:
      return originals.one.substr(0, header_end - 8 + below(rng, 16));
    case 2:
      return originals.one.substr(0, header_end + 4 * below(rng, (size - header_end) / 4));
    default:
      return originals.one.substr(0, below(rng, size));
  }
}

std::string flip_bits(const Originals& originals, Rng& rng) {
  std::string bytes = originals.one;
  for (std::int64_t flips = 1 + rng.below(3); flips > 0; --flips) {
    char& byte = bytes[below(rng, bytes.size())];
    byte = static_cast<char>(byte ^ (1 << rng.below(8)));
  }
  return bytes;
}

std::string edit_range(const Originals& originals, Rng& rng) {
  std::string bytes = originals.one;
  const std::size_t length = 1 + below(rng, rng.below(2) == 0 ? 16 : 200);
  const std::size_t from = below(rng, bytes.size() - length);
  const std::size_t to = below(rng, bytes.size() - length);
  switch (rng.below(4)) {
    case 0:
      return bytes.erase(from, length);
    case 1:
      return bytes.insert(to, bytes.substr(from, length));
    case 2:
      if (from + length <= to || to + length <= from) {
        std::swap_ranges(bytes.begin() + static_cast<std::ptrdiff_t>(from),
                         bytes.begin() + static_cast<std::ptrdiff_t>(from + length),
                         bytes.begin() + static_cast<std::ptrdiff_t>(to));
      }
      return bytes;
    default:
      std::string noise(length, '\0');
      for (char& byte : noise) byte = static_cast<char>(rng.below(256));
      return bytes.insert(to, noise);
  }
}

std::string splice(const Originals& originals, Rng& rng) {
  const std::string& head = rng.below(2) == 0 ? originals.one : originals.other;
  const std::size_t cut = below(rng, std::min(head.size(), originals.one.size()));
  switch (rng.below(3)) {
    case 0:
      return head.substr(0, cut) + originals.two.substr(cut);
    case 1:
      return head.substr(0, cut) + originals.two.substr(below(rng, originals.two.size()));
    default:
      return head + originals.two;
  }
}

std::string edit_length(const Originals& originals, Rng& rng) {
  std::string bytes = originals.one;
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), 8);
  switch (rng.below(4)) {
    case 0:
      length += 8 * static_cast<std::uint64_t>(rng.below(41)) - 160;
      break;
    case 1:
      length = static_cast<std::uint64_t>(rng.below(4096));
      break;
    case 2:
      length = rng() & ~std::uint64_t{7};
      break;
    default:
      length = 0 - (rng() % 64);
  }
  std::memcpy(bytes.data(), &length, 8);
  return bytes;
}

std::string number(Rng& rng) {
  static constexpr const char* kNumbers[] = {"-1",
                                             "-0",
                                             "1.0",
                                             "1e2",
                                             "0.5",
                                             "4294967296",
                                             "9223372036854775807",
                                             "9223372036854775808",
                                             "18446744073709551616",
                                             "1e999",
                                             "null",
                                             "\"5\"",
                                             "[5]",
                                             "true",
                                             "{}"};
  return rng.below(2) == 0 ? kNumbers[below(rng, std::size(kNumbers))] : std::to_string(100 + rng.below(1 << 20));
}

/// Changes the content of the header or body, with correct CRCs.
std::string edit_structure(const Originals& originals, Rng& rng) {
  static const std::vector<std::function<void(Sections&, Rng&)>> kEdits = {
      [](auto& s, Rng& r) { replace_first(s.header, "\"shape\":[5,3]", "\"shape\":[" + number(r) + ",3]"); },
      [](auto& s, Rng& r) { replace_first(s.header, "\"shape\":[7]", "\"shape\":" + number(r)); },
      [](auto& s, Rng& r) { replace_first(s.header, "\"shape\":[22]", "\"shape\":[22," + number(r) + "]"); },
      [](auto& s, Rng&) { replace_first(s.header, "[5,3]", "[4294967296,4294967296,4294967296,4294967296]"); },
      [](auto& s, Rng&) { replace_first(s.header, "[5,3]", "[4611686018427387905,15]"); },
      [](auto& s, Rng&) { replace_first(s.header, "[5,3]", "[-5,-3]"); },
      [](auto& s, Rng& r) { replace_first(s.header, "\"data_offsets\":[0,", "\"data_offsets\":[" + number(r) + ","); },
      [](auto& s, Rng& r) { replace_first(s.header, ",60]", "," + number(r) + "]"); },
      [](auto& s, Rng& r) { replace_first(s.header, "[60,88]", "[60,88," + number(r) + "]"); },
      [](auto& s, Rng&) { replace_first(s.header, "[60,88]", "[88,60]"); },
      [](auto& s, Rng&) { replace_first(s.header, "[60,88]", "[0,28]"); },
      [](auto& s, Rng& r) {
        static constexpr const char* kTypes[] = {"F64", "F16", "f32", "I32", "BF16", "F32 ", ""};
        replace_first(s.header, "F32", kTypes[below(r, std::size(kTypes))]);
      },
      [](auto& s, Rng& r) { replace_first(s.header, "\"F32\"", number(r)); },
      [](auto& s, Rng&) { replace_first(s.header, "\"dtype\":\"F32\",", ""); },
      [](auto& s, Rng&) { replace_first(s.header, "\"shape\":[7],", ""); },
      [](auto& s, Rng&) { replace_first(s.header, ",\"data_offsets\":[60,88]", ""); },
      [](auto& s, Rng& r) { replace_first(s.header, "\"shape\":[7]", "\"shape\":[7],\"more\":" + number(r)); },
      [](auto& s, Rng& r) { replace_first(s.header, "\"shape\":[7]", "\"shape\":" + number(r) + ",\"shape\":[7]"); },
      [](auto& s, Rng&) { replace_first(s.header, "policy.bias", "policy.weight"); },
      [](auto& s, Rng&) { replace_first(s.header, "policy.bias", "__metadata__"); },
      [](auto& s, Rng&) { replace_first(s.header, "policy.weight", "optimizer/policy.weight"); },
      [](auto& s, Rng&) { replace_first(s.header, "optimizer/square_average", ""); },
      [](auto& s, Rng&) { replace_first(s.header, "policy.bias", "policy\\u002ebias"); },
      [](auto& s, Rng&) {
        replace_first(s.header, "policy.bias",
                      "policy\xff"
                      "bias");
      },
      [](auto& s, Rng& r) { replace_first(s.header, "[5,3]", "[5," + std::string(1 + below(r, 99), ' ') + "3]"); },
      [](auto& s, Rng& r) { s.header.insert(0, 8 * (1 + below(r, 9)), ' '); },
      [](auto& s, Rng& r) { s.header.append(8 * (1 + below(r, 9)), ' '); },
      [](auto& s, Rng& r) { s.header.append("{}[]\"\n,0"[below(r, 8)] + std::string("       ")); },
      [](auto& s, Rng&) { replace_first(s.header, "}}", "}"); },
      [](auto& s, Rng& r) { replace_first(s.header, "\"step\":\"1\"", "\"step\":" + number(r)); },
      [](auto& s, Rng& r) { replace_first(s.header, "\"updates\":\"0\"", "\"updates\":\"0" + number(r) + "\""); },
      [](auto& s, Rng&) { replace_first(s.header, "\"network\":", "\"netwerk\":"); },
      [](auto& s, Rng& r) {
        replace_first(s.header, "\"network\":", "\"more\":\"" + std::to_string(r()) + "\",\"network\":");
      },
      [](auto& s, Rng& r) {
        replace_first(s.header, "sounder_format\":\"2", "sounder_format\":\"" + std::to_string(3 + r.below(99)));
      },
      [](auto& s, Rng&) { replace_first(s.header, "\"__metadata__\"", "\"__metadata\""); },
      [](auto& s, Rng&) { std::swap(s.header[0], s.header[1]); },
      [](auto& s, Rng& r) { s.body.append(1 + below(r, 64), '\0'); },
      [](auto& s, Rng& r) { s.body.resize(below(r, s.body.size())); },
      [](auto& s, Rng& r) {
        static constexpr std::uint32_t kBits[] = {0x7f800000U, 0xff800000U, 0x7fc00000U, 0x7f800001U, 0xffffffffU};
        std::memcpy(s.body.data() + 4 * below(r, s.body.size() / 4), &kBits[below(r, std::size(kBits))], 4);
      },
  };
  Sections sections = sections_of(originals.one);
  kEdits[below(rng, kEdits.size())](sections, rng);
  return sealed(std::move(sections));
}

/// Writes a header with extreme nesting or digits in one place, with correct CRCs.
std::string write_monster(const Originals& originals, Rng& rng) {
  const std::size_t size = std::size_t{1} << (4 + below(rng, 14));
  const auto nested = [&](std::string_view open, std::string_view close) {
    std::string text;
    for (std::size_t i = 0; i < size; ++i) text += open;
    for (std::size_t i = 0; i < size; ++i) text += close;
    return text;
  };
  std::string monster;
  switch (rng.below(5)) {
    case 0:
      monster = nested("[", "]");
      break;
    case 1:
      monster = nested("{\"a\":", "}");
      break;
    case 2:
      monster = nested("[", "");
      break;
    case 3:
      monster = "[1" + std::string(size, '0') + "]";
      break;
    default:
      monster = "[1e" + std::string(size, '9') + "]";
  }
  Sections sections = sections_of(originals.one);
  static constexpr const char* kPlaces[] = {"[5,3]", "\"F32\"", "[60,88]", "\"CartPole-v1\""};
  replace_first(sections.header, kPlaces[below(rng, std::size(kPlaces))], monster);
  return sealed(std::move(sections));
}

}  // namespace

TEST_CASE("The tests' own CRC-32 and sealing agree with the published check value and the saved files") {
  REQUIRE(crc32("123456789") == 0xcbf43926U);  // the check value of CRC-32/ISO-HDLC
  const std::string original = encoded(small_checkpoint(1));
  REQUIRE(sealed(sections_of(original)) == original);
}

TEST_CASE("Each of 2,000 mutated checkpoints is refused with an error") {
  const std::vector<std::pair<int, std::string (*)(const Originals&, Rng&)>> kinds = {
      {400, truncate},    {400, flip_bits},      {400, edit_range},   {200, splice},
      {200, edit_length}, {300, edit_structure}, {100, write_monster}};
  const Originals originals;
  const TemporaryFolder folder;
  Rng rng(7);
  int refused = 0;
  for (std::size_t kind = 0; kind < kinds.size(); ++kind) {
    const auto [count, mutate] = kinds[kind];
    for (int i = 0; i < count; ++i) {
      CAPTURE(kind, i);
      std::string mutant;
      do mutant = mutate(originals, rng);
      while (mutant == originals.one || mutant == originals.two || mutant == originals.other);
      write_bytes(folder / "file", mutant);
      const auto message = error_of<Error>([&] { load_checkpoint(folder / "file"); });
      REQUIRE(contains(message, "cannot load checkpoint '"));
      if (mutate == edit_structure || mutate == write_monster) REQUIRE(!contains(message, "CRC-32"));
      ++refused;
    }
  }
  REQUIRE(refused == 2000);
}

TEST_CASE("Every single bit flip of a checkpoint is refused") {
  const TemporaryFolder folder;
  const std::string original = encoded(small_checkpoint(1));
  std::size_t refused = 0;
  for (std::size_t bit = 0; bit < original.size() * 8; ++bit) {
    std::string flipped = original;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    write_bytes(folder / "file", flipped);
    CAPTURE(bit);
    REQUIRE_THROWS_AS(load_checkpoint(folder / "file"), Error);
    ++refused;
  }
  REQUIRE(refused == original.size() * 8);
}

TEST_CASE("A file that decodes encodes to the same bytes, even with an altered header and correct CRCs") {
  const Sections original = sections_of(encoded(small_checkpoint(1)));
  Rng rng(11);
  int decoded = 0;
  for (int i = 0; i < 3000; ++i) {
    Sections sections = original;
    for (std::int64_t changes = 1 + rng.below(2); changes > 0; --changes) {
      char& byte = sections.header[below(rng, sections.header.size())];
      byte =
          rng.below(2) == 0 ? sections.header[below(rng, sections.header.size())] : static_cast<char>(rng.below(256));
    }
    const std::string bytes = sealed(std::move(sections));
    try {
      const Safetensors content = decode_safetensors(std::as_bytes(std::span(bytes)));
      const auto again = encode_safetensors(content);
      REQUIRE(std::string_view(reinterpret_cast<const char*>(again.data()), again.size()) == bytes);
      ++decoded;
    } catch (const Error&) {
      continue;
    }
  }
  REQUIRE(decoded > 500);
  REQUIRE(decoded < 2500);
}
