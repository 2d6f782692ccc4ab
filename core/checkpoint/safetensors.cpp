#include "core/checkpoint/safetensors.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <boost/crc.hpp>
#include <boost/json.hpp>
#include <cassert>
#include <cstring>
#include <limits>
#include <optional>
#include <set>
#include <string_view>

#include "envs/error.h"

namespace sounder {
namespace {

namespace json = boost::json;

static_assert(std::endian::native == std::endian::little, "lengths and floats are copied as they stand in memory");
static_assert(std::numeric_limits<float>::is_iec559 && std::numeric_limits<double>::is_iec559);

constexpr std::size_t kLengthBytes = 8;
constexpr std::size_t kAlignment = 8;
constexpr std::size_t kMaxHeaderBytes = 100'000'000;  // the limit of the safetensors package
constexpr std::string_view kMetadataKey = "__metadata__";
constexpr std::string_view kBodyCrcKey = "crc32";
constexpr std::string_view kHeaderCrcKey = "header_crc32";
constexpr std::string_view kHeaderCrcBefore =
    R"("header_crc32":")";  // unambiguous, because quotes in JSON strings are escaped
constexpr std::string_view kNoCrc = "00000000";
constexpr std::string_view kFloatType = "F32";
constexpr std::string_view kDoubleType = "F64";

bool of_doubles(const Tensor& tensor) {
  return !tensor.doubles.empty();
}

std::size_t bytes_per_value(const Tensor& tensor) {
  return of_doubles(tensor) ? sizeof(double) : sizeof(float);
}

std::span<const std::byte> bytes_of(const Tensor& tensor) {
  if (of_doubles(tensor)) return std::as_bytes(std::span(tensor.doubles));
  return std::as_bytes(std::span(tensor.values));
}

std::string digits(const boost::crc_32_type& crc) {
  return fmt::format("{:08x}", crc.checksum());
}

std::string crc32_digits(std::span<const std::byte> bytes) {
  boost::crc_32_type crc;
  crc.process_bytes(bytes.data(), bytes.size());
  return digits(crc);
}

/// Returns the position of the header's own CRC digits.
std::optional<std::size_t> find_header_crc(std::string_view header) {
  const std::size_t found = header.find(kHeaderCrcBefore);
  if (found == std::string_view::npos) return std::nullopt;
  const std::size_t position = found + kHeaderCrcBefore.size();
  if (header.size() - position < kNoCrc.size()) return std::nullopt;
  return position;
}

std::string header_crc32_digits(std::string header, std::size_t position) {
  header.replace(position, kNoCrc.size(), kNoCrc);
  return crc32_digits(std::as_bytes(std::span(header)));
}

/// Returns the number of values of a shape. Returns nothing for a negative size or if the bytes overflow 64 bits.
std::optional<std::uint64_t> count_values(const std::vector<std::int64_t>& shape) {
  constexpr std::uint64_t kMax = std::numeric_limits<std::int64_t>::max() / sizeof(double);
  std::uint64_t count = 1;
  for (const std::int64_t size : shape) {
    if (size < 0) return std::nullopt;
    const auto factor = static_cast<std::uint64_t>(size);
    if (factor != 0 && count > kMax / factor) return std::nullopt;
    count *= factor;
  }
  return count;
}

/// Formats the header in its canonical form. Reads only the tensors' names, types and shapes; count_values() must
/// accept the shapes.
std::string encode_header(const Safetensors& content, std::string_view body_crc) {
  auto metadata = content.metadata;
  assert(!metadata.contains(std::string(kBodyCrcKey)) && !metadata.contains(std::string(kHeaderCrcKey)));
  metadata[std::string(kBodyCrcKey)] = body_crc;
  metadata[std::string(kHeaderCrcKey)] = kNoCrc;
  std::string header = fmt::format("{{\"{}\":{}", kMetadataKey, json::serialize(json::value_from(metadata)));
  std::uint64_t begin = 0;
  for (const Tensor& tensor : content.tensors) {
    const std::uint64_t end = begin + count_values(tensor.shape).value() * bytes_per_value(tensor);
    header += fmt::format(R"(,{}:{{"dtype":"{}","shape":[{}],"data_offsets":[{},{}]}})",
                          json::serialize(json::string_view(tensor.name)),
                          of_doubles(tensor) ? kDoubleType : kFloatType, fmt::join(tensor.shape, ","), begin, end);
    begin = end;
  }
  header += '}';
  header.append((kAlignment - header.size() % kAlignment) % kAlignment, ' ');
  const std::size_t position = find_header_crc(header).value();
  return header.replace(position, kNoCrc.size(), header_crc32_digits(header, position));
}

json::object parse_header(std::string_view header) {
  json::error_code error;
  const json::value value = json::parse(json::string_view(header.data(), header.size()), error);
  if (error) throw Error(fmt::format("the header is not valid JSON: {}", error.message()));
  if (!value.is_object()) throw Error("the header is not a JSON object");
  return value.get_object();
}

const json::value& entry(const json::object& object, std::string_view key, std::string_view owner) {
  const json::value* const found = object.if_contains(json::string_view(key.data(), key.size()));
  if (found == nullptr) throw Error(fmt::format("{} has no '{}'", owner, key));
  return *found;
}

std::vector<std::int64_t> whole_numbers(const json::value& value, std::string_view owner) {
  const auto fail = [&] { return Error(fmt::format("{} is not a list of whole numbers from 0 on", owner)); };
  if (!value.is_array()) throw fail();
  std::vector<std::int64_t> numbers;
  for (const json::value& element : value.get_array()) {
    if (!element.is_int64() || element.get_int64() < 0) throw fail();
    numbers.push_back(element.get_int64());
  }
  return numbers;
}

std::map<std::string, std::string> decode_metadata(const json::object& header) {
  const json::value& value = entry(header, kMetadataKey, "the header");
  if (!value.is_object()) throw Error("the metadata are not a JSON object");
  std::map<std::string, std::string> metadata;
  for (const auto& [key, text] : value.get_object()) {
    if (!text.is_string()) throw Error(fmt::format("metadata entry '{}' is not a string", std::string(key)));
    metadata.emplace(key, text.get_string());
  }
  return metadata;
}

struct Parts {
  std::string_view header;
  std::span<const std::byte> body;
};

/// Splits a file into header and body, and checks the header's CRC.
Parts split(std::span<const std::byte> bytes) {
  if (bytes.empty()) throw Error("the file is empty");
  if (bytes.size() < kLengthBytes) throw Error(fmt::format("the file is cut off after {} bytes", bytes.size()));
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), kLengthBytes);
  if (length == 0 || length > kMaxHeaderBytes || length % kAlignment != 0) {
    throw Error(fmt::format("the header's length, {}, is not a multiple of 8 up to 100 MB", length));
  }
  const auto rest = bytes.subspan(kLengthBytes);
  if (length > rest.size()) {
    throw Error(fmt::format("the file is cut off within the header: {} of {} bytes", rest.size(), length));
  }
  const std::string_view header(reinterpret_cast<const char*>(rest.data()), length);
  const auto position = find_header_crc(header);
  if (!position) throw Error("the header has no header_crc32: it is damaged or of another program's making");
  if (header_crc32_digits(std::string(header), *position) != header.substr(*position, kNoCrc.size())) {
    throw Error("the header does not match its CRC-32");
  }
  return {.header = header, .body = rest.subspan(length)};
}

/// Decodes one tensor, whose values must begin at `begin`, and advances `begin` to their end.
Tensor decode_tensor(const json::key_value_pair& pair, std::span<const std::byte> body, std::uint64_t& begin) {
  const std::string name(pair.key());
  if (name.empty()) throw Error("a tensor has no name");
  const std::string owner = fmt::format("tensor '{}'", name);
  if (!pair.value().is_object()) throw Error(fmt::format("{} is not a JSON object", owner));
  const json::object& fields = pair.value().get_object();
  const json::value& dtype = entry(fields, "dtype", owner);
  const bool doubles = dtype == json::string_view(kDoubleType.data(), kDoubleType.size());
  if (!doubles && dtype != json::string_view(kFloatType.data(), kFloatType.size())) {
    throw Error(fmt::format("the dtype of {} is {}, not \"F32\" or \"F64\"", owner, json::serialize(dtype)));
  }
  Tensor tensor{.name = name, .shape = whole_numbers(entry(fields, "shape", owner), "the shape of " + owner)};
  const auto count = count_values(tensor.shape);
  if (!count) throw Error(fmt::format("the shape of {} is beyond all memory", owner));
  const auto offsets = whole_numbers(entry(fields, "data_offsets", owner), "the data_offsets of " + owner);
  const std::uint64_t size = *count * (doubles ? sizeof(double) : sizeof(float));
  if (size > body.size() - begin) {
    throw Error(fmt::format("the file is cut off within {}: {} of {} bytes", owner, body.size() - begin, size));
  }
  if (offsets.size() != 2 || static_cast<std::uint64_t>(offsets[0]) != begin ||
      static_cast<std::uint64_t>(offsets[1]) != begin + size) {
    throw Error(fmt::format("the data_offsets of {} are [{}], not [{},{}] as its place and shape say", owner,
                            fmt::join(offsets, ","), begin, begin + size));
  }
  if (doubles && begin % sizeof(double) != 0) {
    throw Error(fmt::format("the doubles of {} are not aligned: they begin at byte {}", owner, begin));
  }
  const auto read = [&](auto& values) {
    values.resize(*count);
    if (size > 0) std::memcpy(values.data(), body.data() + begin, size);
  };
  doubles ? read(tensor.doubles) : read(tensor.values);
  begin += size;
  return tensor;
}

void check_encodable(const Safetensors& content) {
  std::set<std::string_view> names{"", kMetadataKey};
  std::size_t begin = 0;
  for (const Tensor& tensor : content.tensors) {
    if (!names.insert(tensor.name).second) {
      throw Error(fmt::format("a tensor cannot be saved as '{}': each needs a name of its own, not '' or '{}'",
                              tensor.name, kMetadataKey));
    }
    const std::size_t values = tensor.values.size() + tensor.doubles.size();
    if (count_values(tensor.shape) != values || (of_doubles(tensor) && !tensor.values.empty())) {
      throw Error(fmt::format("tensor '{}' cannot be saved: its shape is [{}], its values are {}", tensor.name,
                              fmt::join(tensor.shape, ","), values));
    }
    // As other readers need it, which view a file's bytes in place.
    if (of_doubles(tensor) && begin % sizeof(double) != 0) {
      throw Error(
          fmt::format("tensor '{}' cannot be saved: its doubles come after an odd number of floats", tensor.name));
    }
    begin += bytes_of(tensor).size();
  }
}

}  // namespace

std::vector<std::byte> encode_safetensors(const Safetensors& content) {
  check_encodable(content);
  std::size_t body_bytes = 0;
  boost::crc_32_type body_crc;
  for (const Tensor& tensor : content.tensors) {
    const auto values = bytes_of(tensor);
    body_crc.process_bytes(values.data(), values.size());
    body_bytes += values.size();
  }
  const std::string header = encode_header(content, digits(body_crc));
  if (header.size() > kMaxHeaderBytes) throw Error("the metadata to be saved are over 100 MB");
  parse_header(header);  // rejects text that is not UTF-8
  const std::uint64_t length = header.size();
  std::vector<std::byte> bytes(kLengthBytes + header.size() + body_bytes);
  auto end = bytes.begin();
  const auto append = [&](std::span<const std::byte> part) { end = std::copy(part.begin(), part.end(), end); };
  append(std::as_bytes(std::span(&length, 1)));
  append(std::as_bytes(std::span(header)));
  for (const Tensor& tensor : content.tensors) append(bytes_of(tensor));
  return bytes;
}

std::map<std::string, std::string> decode_safetensors_metadata(std::span<const std::byte> bytes) {
  auto metadata = decode_metadata(parse_header(split(bytes).header));
  metadata.erase(std::string(kBodyCrcKey));
  metadata.erase(std::string(kHeaderCrcKey));
  return metadata;
}

Safetensors decode_safetensors(std::span<const std::byte> bytes) {
  const auto [header, body] = split(bytes);
  const json::object object = parse_header(header);
  Safetensors content{.metadata = decode_metadata(object), .tensors = {}};
  std::uint64_t begin = 0;
  for (const json::key_value_pair& pair : object) {
    if (pair.key() == json::string_view(kMetadataKey.data(), kMetadataKey.size())) continue;
    content.tensors.push_back(decode_tensor(pair, body, begin));
  }
  if (begin != body.size()) {
    throw Error(fmt::format("{} bytes follow the last tensor, which ends at {}", body.size() - begin, begin));
  }
  const std::string body_crc = crc32_digits(body);
  if (content.metadata[std::string(kBodyCrcKey)] != body_crc) throw Error("the tensors do not match their CRC-32");
  content.metadata.erase(std::string(kBodyCrcKey));
  content.metadata.erase(std::string(kHeaderCrcKey));
  // Rejects everything that JSON allows and encode_safetensors() never writes: duplicate or unknown keys, another
  // order, spaces, escapes.
  if (encode_header(content, body_crc) != header) throw Error("the header is not in the form that Sounder writes");
  return content;
}

}  // namespace sounder
