#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "envs/environment.h"
#include "envs/options.h"

/// The environment protocol, version 1, for communication with environments in another process. All numbers are
/// little-endian. A frame consists of a u32 length of the rest, a u8 type and a payload. apps/python/PROTOCOL.md is the
/// specification. Received data is decoded here only.
namespace sounder::remote {

static_assert(std::endian::native == std::endian::little, "a big-endian machine has to swap bytes here");

inline constexpr std::uint16_t kProtocolVersion = 1;
inline constexpr std::uint32_t kMagic = 0x52444e53;  // "SNDR"
inline constexpr std::size_t kMostFrameBytes = std::size_t{16} << 20;
inline constexpr std::size_t kHeaderBytes = 5;
inline constexpr std::uint32_t kMostEnvironments = 65536;  ///< most environments of one conversation

enum class FrameType : std::uint8_t { hello = 1, spec, reset, step, result, render, picture, close, error };

std::string_view name_of(FrameType type) noexcept;

/// Composes frames in a reused buffer.
class FrameWriter {
 public:
  void clear() noexcept { bytes_.clear(); }
  void begin(FrameType type);
  template <class Number>
  requires std::is_arithmetic_v<Number>
  void put(Number number) { append(&number, sizeof number); }
  void put(std::string_view text) { append(text.data(), text.size()); }
  /// Appends an action's numbers: one i64, or the floats or i64s of a list.
  void put(const Action& action);
  /// Completes the frame. Throws Error if it is longer than receivers accept.
  void end();
  std::span<const std::byte> bytes() const noexcept { return bytes_; }

 private:
  void append(const void* from, std::size_t size);

  std::vector<std::byte> bytes_;
  std::size_t begin_ = 0;  // start of the frame that is being composed
};

/// Composes the first frame. Environment i is made with options[i mod n], or without options if the list is empty.
void write_hello(FrameWriter& writer, std::span<const OptionValues> options);

struct FrameHeader {
  std::size_t payload_size;
  FrameType type;
};

/// Decodes a frame's header. Throws Error for a length out of range and for an unknown type.
FrameHeader decode_header(std::span<const std::byte, kHeaderBytes> bytes);

/// Folds a seed to 31 bits, which every generator accepts, including NumPy's older one and C's. Seeds below 2^31 are
/// unchanged.
constexpr std::uint64_t portable_seed(std::uint64_t seed) noexcept {
  constexpr std::uint64_t kMask = (std::uint64_t{1} << 31U) - 1;
  return (seed ^ seed >> 31U ^ seed >> 62U) & kMask;
}

/// A part of a composite observation space that was flattened into an observation's numbers.
struct ObservationPart {
  std::string name;
  std::string space;     ///< original space and encoding: "Discrete(2), one-hot"
  std::int64_t numbers;  ///< number of numbers in the observation
  friend bool operator==(const ObservationPart&, const ObservationPart&) = default;
};

/// An environment's description of itself.
struct RemoteSpec {
  std::string id;
  EnvironmentSpec spec;
  bool renders = false;                                 ///< it can send pictures
  bool masks = false;                                   ///< results may carry action masks
  std::vector<ObservationPart> observation_parts = {};  ///< in order; empty if observations are unchanged
  friend bool operator==(const RemoteSpec&, const RemoteSpec&);

  /// Returns the size of an action mask; 0 if there are none.
  std::size_t mask_size() const { return masks ? sounder::mask_size(spec.action_space) : 0; }
};

/// Decodes a spec frame's payload. Throws Error for anything but a valid one.
RemoteSpec decode_spec(std::span<const std::byte> payload);

/// Returns the most environments per request frame, so that the answer also fits in one frame. Throws Error if not even
/// one fits.
std::size_t most_requests(const RemoteSpec& spec);

/// The numbers in a result.
struct ResultSize {
  std::size_t observation;
  std::size_t mask = 0;  ///< size of the optional mask; 0 if there never is one
};

/// Decodes a result frame's payload, one environment after the other in the order of the request.
class ResultReader {
 public:
  /// Throws Error unless the payload has the size of `count` results.
  ResultReader(std::span<const std::byte> payload, std::size_t count, const ResultSize& size);

  /// Decodes the next environment's result, its observation, and its action mask, ones if it has none. Throws Error if
  /// the result is not that of environment `index`, and for flags and masks with numbers other than 0 and 1.
  StepResult next(std::uint32_t index, std::span<float> observation, std::span<std::uint8_t> mask = {});

 private:
  std::span<const std::byte> left_;
};

/// A small picture, rows from the top, with three bytes (red, green, blue) per pixel.
struct Picture {
  std::size_t width;
  std::size_t height;
  std::span<const std::byte> pixels;
};

/// Decodes a picture. Throws Error if the payload's size does not match its width and height, or if these exceed
/// kMostPictureWidth x kMostPictureHeight.
Picture decode_picture(std::span<const std::byte> payload);

inline constexpr std::size_t kMostPictureWidth = 160;
inline constexpr std::size_t kMostPictureHeight = 120;

}  // namespace sounder::remote
