#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/remote/channel.h"
#include "core/remote/child_process.h"
#include "core/remote/protocol.h"
#include "envs/canvas.h"
#include "envs/environment.h"
#include "envs/options.h"

namespace sounder::remote {

/// How to reach environments in other processes, with time limits and restarts.
struct ClientSettings {
  std::string command;                                              ///< a shell command to start, or
  std::string socket_path;                                          ///< the socket of a running process
  std::vector<std::pair<std::string, std::string>> variables = {};  ///< set in a started process's environment
  std::chrono::duration<double> timeout{30};                        ///< limit for one request of one environment
  std::int64_t restarts = 5;                                        ///< most restarts in a row
  std::chrono::milliseconds first_pause{100};   ///< before a restart; doubles with each one, up to 5 s
  const std::atomic<bool>* stopping = nullptr;  ///< once true, all waits end; may be null
  std::function<void(const std::string&)> warn = [](const std::string&) {};  ///< called by the player's thread
};

/// The cost of communication.
struct ClientStatistics {
  std::int64_t results = 0;  ///< results of environments: resets and steps
  std::int64_t round_trips = 0;
  std::int64_t restarts = 0;
  double seconds = 0;  ///< spent waiting for answers
};

/// A conversation with a process that holds the environments of one player, numbered 0, 1, ... Announced requests share
/// a frame and so a round trip. Not thread-safe.
///
/// A process that ends, does not answer in time, reports an error or breaks the protocol is ended, and restarted when
/// it is next needed (a connection is made again). All its environments are lost: in the middle of an episode, the next
/// request throws EnvironmentLost, and the caller continues with a reset. After too many restarts in a row, the request
/// throws Error instead. The count of restarts in a row begins anew once the process has answered kTrusted requests per
/// environment. An episode that is begun again with the same seed is given up after the same number of restarts,
/// whatever else succeeds meanwhile.
///
/// Time limits apply to one environment; requests that share a frame get the sum of their limits. Requests are divided
/// among several frames if they or their answers are too long for one.
class EnvironmentClient {
 public:
  static constexpr std::int64_t kTrusted = 1'000;

  struct Conversation {
    std::string whose;                  ///< the player's name in errors: "worker 1"
    std::vector<OptionValues> options;  ///< environment i is made with options[i mod n]; may be empty
    std::vector<int> processors = {};   ///< for a started process to run on; empty for those of this thread
  };
  /// Starts the process or connects. Throws Error if that fails; a failed first start is not tried again.
  EnvironmentClient(ClientSettings settings, Conversation conversation);
  EnvironmentClient(const EnvironmentClient&) = delete;
  EnvironmentClient& operator=(const EnvironmentClient&) = delete;
  ~EnvironmentClient();

  const RemoteSpec& spec() const noexcept { return spec_; }
  const ClientStatistics& statistics() const noexcept { return statistics_; }

  /// Announce an environment's next request. Nothing is sent before the first result is waited for; an action's memory
  /// must stay valid until then. Seeds are sent as portable_seed() folds them.
  void announce_reset(std::uint32_t index, std::uint64_t seed);
  void announce_step(std::uint32_t index, const Action& action);

  /// Waits for the answer to an announced request. Throws as described above.
  StepResult take_result(std::uint32_t index, std::span<float> observation);

  /// Writes the mask from an environment's latest answer, or ones if the answer had none.
  void action_mask(std::uint32_t index, std::span<std::uint8_t> allowed) const;

  /// Requests a picture and draws it. Returns whether the environment supports drawing.
  bool draw(std::uint32_t index, Canvas& canvas);

 private:
  struct Slot {
    enum class State { lost, idle, reset_announced, step_announced, answered };
    State state = State::lost;
    bool made = false;        // the environment exists in the present process
    std::uint64_t seed = 0;   // seed of its episode
    std::int64_t losses = 0;  // losses of this episode in a row
    Action action = std::int64_t{0};
    StepResult result{};
  };
  Slot& slot(std::uint32_t index);
  std::span<float> observation(std::uint32_t index);
  std::span<std::uint8_t> mask(std::uint32_t index);
  void announce(std::uint32_t index, Slot::State state);
  void connect();
  void connect_again();
  void greet();
  void exchange_announced();
  void exchange(FrameType type);
  std::size_t compose(FrameType type, std::size_t from);
  std::chrono::duration<double> limit_of_requested() const;
  Frame request(std::chrono::duration<double> limit);
  Frame expect(FrameType type, const Frame& frame) const;
  void disconnect() noexcept;
  std::string end_broken(std::string_view reason);
  [[noreturn]] void lose(std::string_view reason);

  ClientSettings settings_;
  Conversation conversation_;
  RemoteSpec spec_;
  std::size_t observation_size_ = 0;
  std::size_t mask_size_ = 0;      // M; 0 if there are no masks
  std::size_t most_requests_ = 1;  // most requests of one frame
  std::optional<ChildProcess> process_;
  std::optional<Channel> channel_;  // empty if not connected
  FrameWriter writer_;
  std::vector<Slot> slots_;
  std::vector<float> observations_;       // [slots, D]
  std::vector<std::uint8_t> masks_;       // [slots, M]
  std::vector<std::uint32_t> announced_;  // indices in the order of announcement
  std::vector<std::uint32_t> requested_;  // indices in the frame that is being answered
  std::int64_t restarts_in_a_row_ = 0;
  std::int64_t results_at_start_ = 0;  // of the present process
  ClientStatistics statistics_;
};

}  // namespace sounder::remote
