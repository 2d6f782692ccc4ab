#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sounder {

/// A message in the encoding of Protocol Buffers (https://protobuf.dev/programming-guides/encoding), made field by
/// field. A repeated field is added several times.
class ProtobufMessage {
 public:
  /// Adds an integer, an enumeration's value or a bool.
  void add_integer(int field, std::int64_t value);
  /// Adds a text or bytes.
  void add_bytes(int field, std::string_view bytes);
  void add_message(int field, const ProtobufMessage& message) { add_bytes(field, message.bytes_); }

  const std::string& bytes() const noexcept { return bytes_; }

 private:
  void add_varint(std::uint64_t value);

  std::string bytes_;
};

}  // namespace sounder
