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

/// The environment protocol, version 1: how environments in another process are talked to. All numbers are
/// little-endian. A frame is a u32 length, of what follows; a u8 type; a payload. apps/python/PROTOCOL.md is its
/// specification; what is received is decoded here, and nowhere else.
namespace sounder::remote {

static_assert(std::endian::native == std::endian::little, "a big-endian machine has to swap bytes here");

inline constexpr std::uint16_t kProtocolVersion = 1;
inline constexpr std::uint32_t kMagic = 0x52444e53;  // "SNDR"
inline constexpr std::size_t kMostFrameBytes = std::size_t{16} << 20;
inline constexpr std::size_t kHeaderBytes = 5;
inline constexpr std::uint32_t kMostEnvironments = 65536;  ///< of one conversation

enum class FrameType : std::uint8_t { hello = 1, spec, reset, step, result, render, picture, close, error };

std::string_view name_of(FrameType type) noexcept;

/// Composes frames, one after another, in memory that is used again.
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
  /// Throws Error for a frame that is longer than a receiver takes.
  void end();
  std::span<const std::byte> bytes() const noexcept { return bytes_; }

 private:
  void append(const void* from, std::size_t size);

  std::vector<std::byte> bytes_;
  std::size_t begin_ = 0;  // of the frame that is being composed
};

/// Composes the first frame: environment i is made with options[i mod n]; with none, where the list is empty.
void write_hello(FrameWriter& writer, std::span<const OptionValues> options);

struct FrameHeader {
  std::size_t payload_size;
  FrameType type;
};

/// Throws Error for a length out of range and for an unknown type.
FrameHeader decode_header(std::span<const std::byte, kHeaderBytes> bytes);

/// Makes seeds that every generator takes, NumPy's older one and C's among them: folds one to 31 bits. One that is
/// below 2^31 stays as it is.
constexpr std::uint64_t portable_seed(std::uint64_t seed) noexcept {
  constexpr std::uint64_t kMask = (std::uint64_t{1} << 31U) - 1;
  return (seed ^ seed >> 31U ^ seed >> 62U) & kMask;
}

/// Numbers of an observation that were something else before: one of the parts that it was put together from.
struct ObservationPart {
  std::string name;
  std::string space;     ///< what it was, and what became of it: "Discrete(2), one-hot"
  std::int64_t numbers;  ///< how many it has
  friend bool operator==(const ObservationPart&, const ObservationPart&) = default;
};

/// What an environment says of itself.
struct RemoteSpec {
  std::string id;
  EnvironmentSpec spec;
  bool renders = false;                                 ///< pictures can be asked for
  bool masks = false;                                   ///< results may carry action masks
  std::vector<ObservationPart> observation_parts = {};  ///< in order; none, where observations are as they were
  friend bool operator==(const RemoteSpec&, const RemoteSpec&);

  /// Counts the numbers of an action mask; 0: there are none.
  std::size_t mask_size() const { return masks ? sounder::mask_size(spec.action_space) : 0; }
};

/// Decodes a spec frame's payload. Throws Error for anything but a valid one.
RemoteSpec decode_spec(std::span<const std::byte> payload);

/// Counts the environments that a request of one frame may be of, so that its answer, too, is one frame. Throws Error
/// where not even one fits.
std::size_t most_requests(const RemoteSpec& spec);

/// How many numbers a result has.
struct ResultSize {
  std::size_t observation;
  std::size_t mask = 0;  ///< where one follows; 0: none ever does
};

/// Reads a result frame's payload, an environment after the other, in the order of the request.
class ResultReader {
 public:
  /// Throws Error unless the payload has the size of `count` results.
  ResultReader(std::span<const std::byte> payload, std::size_t count, const ResultSize& size);

  /// Reads the next environment's result, its observation, and its action mask, of ones where none came. Throws Error
  /// if it is another environment's than `index`, and for flags and masks that have another number than 0 and 1.
  StepResult next(std::uint32_t index, std::span<float> observation, std::span<std::uint8_t> mask = {});

 private:
  std::span<const std::byte> left_;
};

/// A small picture, rows from the top, three bytes (red, green, blue) a pixel.
struct Picture {
  std::size_t width;
  std::size_t height;
  std::span<const std::byte> pixels;
};

/// Throws Error for a payload of another size than its width and height say, or beyond kMostPictureWidth x
/// kMostPictureHeight.
Picture decode_picture(std::span<const std::byte> payload);

inline constexpr std::size_t kMostPictureWidth = 160;
inline constexpr std::size_t kMostPictureHeight = 120;

}  // namespace sounder::remote
