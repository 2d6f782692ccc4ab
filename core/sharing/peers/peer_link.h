#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/aligned_floats.h"
#include "core/sharing/store/atomics.h"

namespace sounder {

/// Whether there is a message between a sender and a receiver, each of which may be on any thread, one at a time. What
/// the sender writes between has_room and send, the receiver reads between arrived and take.
template <class A = Atomics>
class MessageFlag {
 public:
  /// The sender: whether the last message was read, so that there is room for the next.
  bool has_room() const noexcept {
    // Acquire: pairs with take. What is written now comes after what was read.
    return state_.load(std::memory_order_acquire) == kEmpty;
  }
  /// The sender: sends the message that was written; or, where the link is down, word that nothing comes: the receiver
  /// need not wait.
  void send(bool up) noexcept {
    // Release: pairs with arrived.
    state_.store(up ? kMessage : kNothing, std::memory_order_release);
  }

  /// The receiver: whether there is word of the sender.
  bool arrived() const noexcept {
    // Acquire: pairs with send.
    return state_.load(std::memory_order_acquire) != kEmpty;
  }
  /// The receiver, once it has arrived: whether it is a message.
  bool is_message() const noexcept {
    return state_.load(std::memory_order_relaxed) == kMessage;  // arrived has acquired it
  }
  /// The receiver: makes room for the next.
  void take() noexcept {
    // Release: pairs with has_room.
    state_.store(kEmpty, std::memory_order_release);
  }

 private:
  static constexpr std::uint64_t kEmpty = 0;
  static constexpr std::uint64_t kMessage = 1;
  static constexpr std::uint64_t kNothing = 2;
  typename A::template Atomic<std::uint64_t> state_{kEmpty};
};

/// The way of parameters from one peer to another: room for one message. The sender leaves the next one only after the
/// receiver has read the last; neither waits here. See MessageFlag for who calls what when.
class alignas(128) PeerLink {  // on cache lines of its own
 public:
  explicit PeerLink(std::size_t size) : parameters_(size) {}

  bool has_room() const noexcept { return flag_.has_room(); }
  /// Where the sender writes the next message.
  std::span<float> room() noexcept { return parameters_; }
  void send(bool up) noexcept { flag_.send(up); }

  bool arrived() const noexcept { return flag_.arrived(); }
  /// What the receiver reads; empty where the link was down.
  std::span<const float> message() const noexcept {
    if (!flag_.is_message()) return {};
    return parameters_;
  }
  void take() noexcept { flag_.take(); }

 private:
  MessageFlag<> flag_;
  AlignedFloats parameters_;
};

}  // namespace sounder
