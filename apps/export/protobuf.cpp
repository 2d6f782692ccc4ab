#include "apps/export/protobuf.h"

namespace sounder {
namespace {

// How a field's value is encoded, the lowest three bits before it.
constexpr std::uint64_t kVarint = 0;
constexpr std::uint64_t kLengthAndBytes = 2;

std::uint64_t tag(int field, std::uint64_t encoding) {
  return static_cast<std::uint64_t>(field) << 3 | encoding;
}

}  // namespace

void ProtobufMessage::add_integer(int field, std::int64_t value) {
  add_varint(tag(field, kVarint));
  add_varint(static_cast<std::uint64_t>(value));
}

void ProtobufMessage::add_bytes(int field, std::string_view bytes) {
  add_varint(tag(field, kLengthAndBytes));
  add_varint(bytes.size());
  bytes_ += bytes;
}

/// Adds a number by seven bits a byte, the lowest first; the highest bit of a byte says that more follow.
void ProtobufMessage::add_varint(std::uint64_t value) {
  for (; value > 0x7F; value >>= 7) bytes_ += static_cast<char>(0x80 | (value & 0x7F));
  bytes_ += static_cast<char>(value);
}

}  // namespace sounder
