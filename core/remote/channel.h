#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "core/remote/child_process.h"
#include "core/remote/protocol.h"

namespace sounder::remote {

/// A received frame. Its payload is valid until the next call of receive().
struct Frame {
  FrameType type;
  std::span<const std::byte> payload;
};

/// The result of waiting.
enum class Outcome {
  done,
  closed,   ///< by the other end
  late,     ///< the deadline passed
  stopped,  ///< `stopping` became true; checked ten times a second
};

/// Limits a wait.
struct Patience {
  std::chrono::steady_clock::time_point deadline;
  const std::atomic<bool>* stopping = nullptr;  ///< may be null
};

/// One end of a connection that exchanges frames. Not thread-safe. While it waits for a frame, it also reads a watched
/// descriptor.
class Channel {
 public:
  explicit Channel(Descriptor socket);
  /// Connects to a unix socket. Throws Error if that fails.
  explicit Channel(const std::string& path);
  ~Channel();

  /// Calls `read` whenever a descriptor, which must outlive the channel, is readable, until it returns false.
  void watch(int descriptor, std::function<bool()> read);

  Outcome send(std::span<const std::byte> frames, const Patience& patience);

  /// Waits for a frame. Throws Error for bytes that are not a frame.
  Outcome receive(Frame& frame, const Patience& patience);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sounder::remote
