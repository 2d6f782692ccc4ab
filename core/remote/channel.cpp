#include "core/remote/channel.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <optional>

#include "envs/error.h"

namespace sounder::remote {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;

// The longest time until a request to stop is noticed.
constexpr std::chrono::milliseconds kGlance{100};

constexpr std::size_t kFirstBufferBytes = std::size_t{16} << 10;

}  // namespace

struct Channel::Impl {
  asio::io_context context{1};  // one thread at a time
  asio::local::stream_protocol::socket socket{context};
  std::optional<asio::posix::stream_descriptor> watched;
  std::function<bool()> read_watched;
  std::vector<std::byte> buffer = std::vector<std::byte>(kFirstBufferBytes);
  std::size_t begin = 0;  // start of the bytes that were received but not consumed
  std::size_t end = 0;

  void watch_on() {
    watched->async_wait(asio::posix::stream_descriptor::wait_read, [this](const error_code& error) {
      if (!error && read_watched()) watch_on();
    });
  }

  /// Runs the event loop until a pending operation has ended. Cancels it at the deadline or when stopping.
  Outcome finish(const std::optional<error_code>& result, const Patience& patience) {
    context.restart();
    while (!result) {
      const auto now = Clock::now();
      const bool stopped = patience.stopping != nullptr && patience.stopping->load(std::memory_order_relaxed);
      if (stopped || now >= patience.deadline) {
        socket.cancel();
        while (!result) context.run_one();
        if (*result != asio::error::operation_aborted) break;  // it completed just before
        return stopped ? Outcome::stopped : Outcome::late;
      }
      context.run_one_until(std::min(patience.deadline, now + kGlance));
    }
    return *result ? Outcome::closed : Outcome::done;
  }

  /// Waits until `count` unconsumed bytes are available.
  Outcome gather(std::size_t count, const Patience& patience) {
    if (end - begin >= count) return Outcome::done;
    std::copy(buffer.begin() + static_cast<std::ptrdiff_t>(begin), buffer.begin() + static_cast<std::ptrdiff_t>(end),
              buffer.begin());
    end -= begin;
    begin = 0;
    // Grows the buffer with the data received, because the length in a header may be wrong.
    while (end < count) {
      if (end == buffer.size()) buffer.resize(std::min(2 * buffer.size(), kHeaderBytes + kMostFrameBytes));
      std::optional<error_code> result;
      socket.async_read_some(asio::buffer(buffer.data() + end, buffer.size() - end),
                             [&](const error_code& error, std::size_t read) {
                               result = error;
                               end += read;
                             });
      const Outcome outcome = finish(result, patience);
      if (outcome != Outcome::done) return outcome;
    }
    return Outcome::done;
  }
};

Channel::Channel(Descriptor socket) : impl_(std::make_unique<Impl>()) {
  impl_->socket.assign(asio::local::stream_protocol(), socket.get());
  socket.release();
}

Channel::Channel(const std::string& path) : impl_(std::make_unique<Impl>()) {
  error_code error;
  try {
    impl_->socket.connect(asio::local::stream_protocol::endpoint(path), error);
  } catch (const boost::system::system_error& too_long) {
    error = too_long.code();
  }
  if (error) throw Error(fmt::format("cannot connect to the socket '{}': {}", path, error.message()));
}

Channel::~Channel() {
  if (impl_->watched) impl_->watched->release();  // the descriptor is owned by the caller
}

void Channel::watch(int descriptor, std::function<bool()> read) {
  impl_->watched.emplace(impl_->context, descriptor);
  impl_->read_watched = std::move(read);
  impl_->watch_on();
}

Outcome Channel::send(std::span<const std::byte> frames, const Patience& patience) {
  // Usually a single system call, if the socket's buffer has room for everything.
  std::optional<error_code> result;
  asio::async_write(impl_->socket, asio::buffer(frames.data(), frames.size()),
                    [&](const error_code& error, std::size_t) { result = error; });
  return impl_->finish(result, patience);
}

Outcome Channel::receive(Frame& frame, const Patience& patience) {
  Outcome outcome = impl_->gather(kHeaderBytes, patience);
  if (outcome != Outcome::done) return outcome;
  const auto header = decode_header(std::span(impl_->buffer).subspan(impl_->begin).first<kHeaderBytes>());
  const std::size_t size = kHeaderBytes + header.payload_size;
  outcome = impl_->gather(size, patience);
  if (outcome != Outcome::done) return outcome;
  frame = {.type = header.type,
           .payload = std::span(impl_->buffer).subspan(impl_->begin + kHeaderBytes, header.payload_size)};
  impl_->begin += size;
  return Outcome::done;
}

}  // namespace sounder::remote
