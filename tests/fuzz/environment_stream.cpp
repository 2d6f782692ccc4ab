#include "tests/fuzz/environment_stream.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <vector>

#include "core/remote/channel.h"
#include "core/remote/picture.h"
#include "core/remote/printable.h"
#include "core/remote/protocol.h"
#include "envs/error.h"

namespace sounder::fuzz {
namespace {

using namespace sounder::remote;

// What a socket takes at once, with room to spare: nobody reads meanwhile.
constexpr std::size_t kMostBytes = std::size_t{64} << 10;

/// A socket from which the bytes can be read, and then its end.
Descriptor socket_of(std::span<const std::byte> bytes) {
  std::array<int, 2> ends{-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) throw Error("no socket");
  const Descriptor writing(ends[1]);
  Descriptor reading(ends[0]);
  const auto size = static_cast<ssize_t>(bytes.size());
  if (::send(writing.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) != size) throw Error("a full socket");
  return reading;
}

/// Decodes a frame. Of results the payload's first byte says how many environments were asked.
void decode(const Frame& frame, std::optional<RemoteSpec>& spec) {
  switch (frame.type) {
    case FrameType::spec:
      spec = decode_spec(frame.payload);
      describe(spec->spec.observation_space);
      describe(spec->spec.action_space);
      most_requests(*spec);
      break;
    case FrameType::result: {
      const std::size_t count = frame.payload.empty() ? 1 : std::to_integer<std::size_t>(frame.payload[0]);
      std::vector<float> observation(spec ? flat_size(spec->spec.observation_space) : 1);
      std::vector<std::uint8_t> mask(spec ? spec->mask_size() : 0);
      ResultReader results(frame.payload, count, {.observation = observation.size(), .mask = mask.size()});
      for (std::uint32_t i = 0; i < count; ++i) {
        results.next(i == 0 ? static_cast<std::uint32_t>(count) : i, observation, mask);
        contains(spec ? spec->spec.observation_space : Space(MultiBinary{1}), observation);
      }
      break;
    }
    case FrameType::picture: {
      Canvas canvas;
      draw_picture(decode_picture(frame.payload), canvas);
      break;
    }
    default:
      printable(frame.payload);
  }
}

}  // namespace

void read_environment_stream(std::span<const std::byte> bytes) {
  try {
    Channel channel(socket_of(bytes.first(std::min(bytes.size(), kMostBytes))));
    const Patience patience{.deadline = std::chrono::steady_clock::now() + std::chrono::hours(1)};
    std::optional<RemoteSpec> spec;
    Frame frame{};
    while (channel.receive(frame, patience) == Outcome::done) decode(frame, spec);
  } catch (const Error&) {  // as it should be
  }
}

}  // namespace sounder::fuzz
