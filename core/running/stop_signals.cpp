#include "core/running/stop_signals.h"

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <thread>

#include "core/mutex.h"

namespace sounder {
namespace {

namespace asio = boost::asio;

constexpr std::array kSignals{SIGINT, SIGTERM, SIGHUP};

/// The signals' actions before the first listener. Asio ignores them: it also catches signals that are ignored, and
/// leaves all signals at their defaults.
struct Before {
  Mutex mutex;  // also guards the signals that Asio catches
  int listeners SOUNDER_THREADS(guarded_by(mutex)) = 0;
  std::array<struct sigaction, kSignals.size()> actions SOUNDER_THREADS(guarded_by(mutex)){};

  bool ignored(std::size_t i) const noexcept SOUNDER_THREADS(requires_capability(mutex)) {
    return (actions[i].sa_flags & SA_SIGINFO) == 0 && actions[i].sa_handler == SIG_IGN;
  }
};

Before& before() {
  static Before shared;
  return shared;
}

}  // namespace

struct StopSignals::Impl {
  std::function<void(StopSignal)> on_signal;
  asio::io_context context{1};
  asio::signal_set signals{context};
  int count = 0;
  std::jthread thread;

  void wait() {
    signals.async_wait([this](const boost::system::error_code& error, int number) {
      if (error) return;
      wait();
      on_signal({.number = number, .count = ++count});
    });
  }

  void listen() {
    Before& shared = before();
    const MutexLock lock(shared.mutex);
    for (std::size_t i = 0; i < kSignals.size(); ++i) {
      if (shared.listeners == 0) ::sigaction(kSignals[i], nullptr, &shared.actions[i]);
      if (!shared.ignored(i)) signals.add(kSignals[i]);
    }
    ++shared.listeners;
  }

  void listen_no_more() noexcept {
    Before& shared = before();
    const MutexLock lock(shared.mutex);
    boost::system::error_code ignored;
    signals.clear(ignored);
    if (--shared.listeners > 0) return;
    for (std::size_t i = 0; i < kSignals.size(); ++i) {
      if (!shared.ignored(i)) ::sigaction(kSignals[i], &shared.actions[i], nullptr);
    }
  }
};

StopSignals::StopSignals(std::function<void(StopSignal)> on_signal) : impl_(std::make_unique<Impl>()) {
  impl_->on_signal = std::move(on_signal);
  impl_->wait();  // gives the thread work to wait for
  impl_->listen();
  try {
    impl_->thread = std::jthread([this] { impl_->context.run(); });
  } catch (...) {
    impl_->listen_no_more();
    throw;
  }
}

StopSignals::~StopSignals() {
  impl_->context.stop();
  impl_->thread.join();
  impl_->listen_no_more();
}

}  // namespace sounder
