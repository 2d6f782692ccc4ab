#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace sounder {

/// A named array of numbers, row-major: of floats or, where there are any, of doubles.
struct Tensor {
  std::string name;
  std::vector<std::int64_t> shape;
  std::vector<float> values = {};
  std::vector<double> doubles = {};  ///< in place of values
  friend bool operator==(const Tensor&, const Tensor&) = default;
};

/// The content of a safetensors file (https://github.com/huggingface/safetensors, format of version 0.3 on): named
/// tensors, here of F32 and F64, and string metadata.
struct Safetensors {
  std::map<std::string, std::string> metadata;
  std::vector<Tensor> tensors;
  friend bool operator==(const Safetensors&, const Safetensors&) = default;
};

/// Encodes a file: 8 bytes of header length (little-endian), the JSON header, padded with spaces to a multiple of 8
/// bytes, and the raw little-endian numbers in the tensors' order. Adds two entries to the metadata, each 8 lower-case
/// hexadecimal digits: `crc32`, of the bytes after the header, and `header_crc32`, of the header with this value's
/// digits read as zeros (CRC-32 as in zip and PNG). Throws Error for content that could not be loaded: tensors with
/// empty or duplicate names or the wrong number of values for their shape, doubles that would not be aligned (after an
/// odd number of floats), text that is not UTF-8, a header over 100 MB.
std::vector<std::byte> encode_safetensors(const Safetensors& content);

/// Decodes the output of encode_safetensors(). Throws an Error that names any deviation from it.
Safetensors decode_safetensors(std::span<const std::byte> bytes);

/// Decodes the metadata only. Checks the header's CRC but not the tensors, so that a reader can distinguish a later
/// format from damage. Throws Error.
std::map<std::string, std::string> decode_safetensors_metadata(std::span<const std::byte> bytes);

}  // namespace sounder
