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

/// A frame that came; its payload is valid until the next one is asked for.
struct Frame {
  FrameType type;
  std::span<const std::byte> payload;
};

/// How waiting ended.
enum class Outcome {
  done,
  closed,   ///< by the other end
  late,     ///< the deadline passed
  stopped,  ///< `stopping` became true: looked at ten times a second
};

/// Until when to wait.
struct Patience {
  std::chrono::steady_clock::time_point deadline;
  const std::atomic<bool>* stopping = nullptr;  ///< null: nothing stops it
};

/// One end of a conversation in frames. To be used by one thread at a time; who waits for a frame also has
/// what is watched read when there is something to be read.
class Channel {
 public:
  explicit Channel(Descriptor socket);
  /// Connects to a unix socket. Throws Error if nobody listens there.
  explicit Channel(const std::string& path);
  ~Channel();

  /// Calls `read` whenever a descriptor, which must outlive the channel, is readable, until it returns false.
  void watch(int descriptor, std::function<bool()> read);

  Outcome send(std::span<const std::byte> frames, const Patience& patience);

  /// Throws Error for bytes that are no frame.
  Outcome receive(Frame& frame, const Patience& patience);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sounder::remote
