#include "core/checkpoint/safetensors.h"

#include <bit>
#include <cmath>
#include <limits>

#include "envs/error.h"
#include "tests/catch.h"
#include "tests/core/checkpoint/fixtures.h"

using namespace sounder;
using namespace sounder::test;

namespace {

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

std::string text_of(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// A file laid out by hand, with the CRC-32 values of Python 3.11's zlib.crc32 for the same bytes.
const std::string kHandMade = std::string("\xb8\0\0\0\0\0\0\0", 8) +
                              R"({"__metadata__":{"crc32":"a154a02c","header_crc32":"8955e600","step":"7"},)"
                              R"("w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
                              R"("b":{"dtype":"F32","shape":[],"data_offsets":[8,12]}}    )" +
                              std::string("\0\0\x80\x3f\0\0\x20\xc0\xcd\xcc\xcc\x3d", 12);
const Safetensors kHandMadeContent = {
    .metadata = {{"step", "7"}},
    .tensors = {{.name = "w", .shape = {2}, .values = {1.0F, -2.5F}}, {.name = "b", .shape = {}, .values = {0.1F}}}};

/// The same with doubles, which other readers need to be aligned.
const std::string kOfDoubles = std::string("\xb0\0\0\0\0\0\0\0", 8) +
                               R"({"__metadata__":{"crc32":"17f1d851","header_crc32":"e5bb96ce"},)"
                               R"("d":{"dtype":"F64","shape":[2],"data_offsets":[0,16]},)"
                               R"("w":{"dtype":"F32","shape":[1],"data_offsets":[16,20]}}    )" +
                               std::string("\0\0\0\0\0\0\xf0\x3f\0\0\0\0\0\0\x04\xc0\xcd\xcc\xcc\x3d", 20);
const Safetensors kOfDoublesContent = {
    .metadata = {},
    .tensors = {{.name = "d", .shape = {2}, .doubles = {1.0, -2.5}}, {.name = "w", .shape = {1}, .values = {0.1F}}}};

/// The float first, so that the doubles are not aligned.
const std::string kNotAligned = std::string("\xb0\0\0\0\0\0\0\0", 8) +
                                R"({"__metadata__":{"crc32":"edc23a55","header_crc32":"502310d4"},)"
                                R"("w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
                                R"("d":{"dtype":"F64","shape":[2],"data_offsets":[4,20]}}      )" +
                                std::string("\xcd\xcc\xcc\x3d\0\0\0\0\0\0\xf0\x3f\0\0\0\0\0\0\x04\xc0", 20);

std::string decode_error(const std::string& bytes) {
  return error_of<Error>([&] { decode_safetensors(bytes_of(bytes)); });
}

std::string encode_error(const Safetensors& content) {
  return error_of<Error>([&] { encode_safetensors(content); });
}

}  // namespace

TEST_CASE("Hand-made bytes decode to their content, which encodes to the same bytes") {
  REQUIRE(decode_safetensors(bytes_of(kHandMade)) == kHandMadeContent);
  REQUIRE(decode_safetensors_metadata(bytes_of(kHandMade)) == kHandMadeContent.metadata);
  REQUIRE(text_of(encode_safetensors(kHandMadeContent)) == kHandMade);
}

TEST_CASE("Hand-made bytes of doubles and floats decode to what they say, and that encodes to the same bytes") {
  REQUIRE(decode_safetensors(bytes_of(kOfDoubles)) == kOfDoublesContent);
  REQUIRE(text_of(encode_safetensors(kOfDoublesContent)) == kOfDoubles);
}

TEST_CASE("Every kind of double survives a round trip bit for bit") {
  using Limits = std::numeric_limits<double>;
  const std::vector<double> doubles{-0.0,
                                    Limits::denorm_min(),
                                    Limits::max(),
                                    -Limits::infinity(),
                                    Limits::quiet_NaN(),
                                    std::bit_cast<double>(std::uint64_t{0x7ff4000000000001}),
                                    1.0 / 3};
  const auto bytes = encode_safetensors({.metadata = {}, .tensors = {{.name = "d", .shape = {7}, .doubles = doubles}}});
  const Safetensors decoded = decode_safetensors(bytes);
  REQUIRE(decoded.tensors[0].values.empty());
  for (std::size_t i = 0; i < doubles.size(); ++i) {
    REQUIRE(std::bit_cast<std::uint64_t>(decoded.tensors[0].doubles[i]) == std::bit_cast<std::uint64_t>(doubles[i]));
  }
}

TEST_CASE("Names, metadata, empty tensors and every kind of float survive a round trip bit for bit") {
  using Limits = std::numeric_limits<float>;
  const Safetensors content = {
      .metadata = {{"", ""},
                   {"quotes \" \\ \n\t\x01",
                    "ma\xc3\xb1"
                    "ana \xf0\x9f\x90\x97"},
                   {"zero", std::string("a\0b", 3)}},
      .tensors = {{.name = "empty", .shape = {3, 0, 5}, .values = {}},
                  {.name = "odd",
                   .shape = {7, 1},
                   .values = {-0.0F, Limits::denorm_min(), Limits::max(), -Limits::infinity(), Limits::quiet_NaN(),
                              std::bit_cast<float>(0x7fa00001U), 1.0F / 3}},
                  {.name = "\"header_crc32\":\"00000000\"", .shape = {1, 1}, .values = {3}},
                  {.name = "also empty", .shape = {0}, .values = {}}}};
  const auto bytes = encode_safetensors(content);
  const Safetensors decoded = decode_safetensors(bytes);
  REQUIRE(decoded.metadata == content.metadata);
  REQUIRE(decoded.tensors.size() == content.tensors.size());
  for (std::size_t i = 0; i < content.tensors.size(); ++i) {
    REQUIRE(decoded.tensors[i].name == content.tensors[i].name);
    REQUIRE(decoded.tensors[i].shape == content.tensors[i].shape);
    REQUIRE(decoded.tensors[i].values.size() == content.tensors[i].values.size());
    for (std::size_t j = 0; j < content.tensors[i].values.size(); ++j) {
      REQUIRE(std::bit_cast<std::uint32_t>(decoded.tensors[i].values[j]) ==
              std::bit_cast<std::uint32_t>(content.tensors[i].values[j]));
    }
  }
  REQUIRE(encode_safetensors(decoded) == bytes);
}

TEST_CASE("A file without tensors and metadata is valid") {
  REQUIRE(decode_safetensors(encode_safetensors({})) == Safetensors{});
}

TEST_CASE("The header is padded to 8 bytes and begins with a brace, as the safetensors package requires") {
  for (std::size_t length = 0; length < 9; ++length) {
    const std::string bytes =
        text_of(encode_safetensors({.metadata = {{"key", std::string(length, 'x')}}, .tensors = {}}));
    REQUIRE(bytes[8] == '{');
    REQUIRE(bytes.size() % 8 == 0);
    REQUIRE(static_cast<unsigned char>(bytes[0]) == bytes.size() - 8);
  }
}

TEST_CASE("Every single bit flip, every truncation and every appended byte is refused") {
  REQUIRE_NOTHROW(decode_safetensors(bytes_of(kHandMade)));
  for (std::size_t bit = 0; bit < kHandMade.size() * 8; ++bit) {
    std::string flipped = kHandMade;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    CAPTURE(bit);
    REQUIRE_THROWS_AS(decode_safetensors(bytes_of(flipped)), Error);
  }
  for (std::size_t size = 0; size < kHandMade.size(); ++size) {
    CAPTURE(size);
    REQUIRE_THROWS_AS(decode_safetensors(bytes_of(kHandMade.substr(0, size))), Error);
  }
  for (const char byte : {'\0', ' ', '}', '\xff'}) {
    REQUIRE_THROWS_AS(decode_safetensors(bytes_of(kHandMade + byte)), Error);
  }
}

TEST_CASE("A damaged file is refused with the fault") {
  const auto with = [](std::size_t position, char byte) {
    return std::string(kHandMade).replace(position, 1, 1, byte);
  };
  REQUIRE(decode_error("") == "the file is empty");
  REQUIRE(decode_error(kHandMade.substr(0, 5)) == "the file is cut off after 5 bytes");
  REQUIRE(decode_error(kHandMade.substr(0, 100)) == "the file is cut off within the header: 92 of 184 bytes");
  REQUIRE(decode_error(kHandMade.substr(0, 199)) == "the file is cut off within tensor 'w': 7 of 8 bytes");
  REQUIRE(decode_error(kHandMade + "xyz") == "3 bytes follow the last tensor, which ends at 12");
  REQUIRE(decode_error(kNotAligned) == "the doubles of tensor 'd' are not aligned: they begin at byte 4");
  REQUIRE(decode_error(kOfDoubles.substr(0, 190)) == "the file is cut off within tensor 'd': 6 of 16 bytes");
  REQUIRE(decode_error(with(7, '\x01')) ==
          "the header's length, 72057594037928120, is not a multiple of 8 up to 100 MB");
  REQUIRE(decode_error(with(90, 'v')) == "the header does not match its CRC-32");
  REQUIRE(decode_error(with(193, '\x01')) == "the tensors do not match their CRC-32");
  REQUIRE(decode_error(std::string("\x10\0\0\0\0\0\0\0", 8) + "{\"a\":[1,2,3]}   ") ==
          "the header has no header_crc32: it is damaged or of another program's making");
}

TEST_CASE("Content that could not be loaded is not encoded") {
  const Tensor tensor{.name = "w", .shape = {2}, .values = {1, 2}};
  const auto named = [&](const std::string& name) { return Tensor{.name = name, .shape = {1}, .values = {0}}; };
  REQUIRE(encode_error({.metadata = {}, .tensors = {tensor, named("v"), named("w")}}) ==
          "a tensor cannot be saved as 'w': each needs a name of its own, not '' or '__metadata__'");
  REQUIRE(contains(encode_error({.metadata = {}, .tensors = {named("")}}), "saved as ''"));
  REQUIRE(contains(encode_error({.metadata = {}, .tensors = {named("__metadata__")}}), "saved as '__metadata__'"));
  REQUIRE(contains(encode_error({.metadata = {}, .tensors = {named("\xc3\x28")}}), "not valid JSON"));
  REQUIRE(contains(encode_error({.metadata = {{"config", "\xff"}}, .tensors = {}}), "not valid JSON"));
  REQUIRE(encode_error({.metadata = {}, .tensors = {{.name = "w", .shape = {2, 3}, .values = {1, 2}}}}) ==
          "tensor 'w' cannot be saved: its shape is [2,3], its values are 2");
  REQUIRE(encode_error({.metadata = {}, .tensors = {{.name = "w", .shape = {2}, .values = {1}, .doubles = {2}}}}) ==
          "tensor 'w' cannot be saved: its shape is [2], its values are 2");
  REQUIRE(encode_error({.metadata = {}, .tensors = {kOfDoublesContent.tensors[1], kOfDoublesContent.tensors[0]}}) ==
          "tensor 'd' cannot be saved: its doubles come after an odd number of floats");
  REQUIRE(contains(encode_error({.metadata = {}, .tensors = {{.name = "w", .shape = {-1, -2}, .values = {1, 2}}}}),
                   "its shape is [-1,-2]"));
}
