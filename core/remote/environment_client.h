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

/// Where environments in other processes come from, and how patient one is with them.
struct ClientSettings {
  std::string command;                                              ///< a shell command that is started, or
  std::string socket_path;                                          ///< where a process listens that runs already
  std::vector<std::pair<std::string, std::string>> variables = {};  ///< set in a started process's environment
  std::chrono::duration<double> timeout{30};                        ///< for what one environment is asked
  std::int64_t restarts = 5;                                        ///< in a row, before it is given up
  std::chrono::milliseconds first_pause{100};   ///< before a restart; it doubles from one to the next, to 5 s at most
  const std::atomic<bool>* stopping = nullptr;  ///< true: nobody waits any more
  std::function<void(const std::string&)> warn = [](const std::string&) {};  ///< from the player's thread
};

/// What it cost.
struct ClientStatistics {
  std::int64_t results = 0;  ///< of environments: resets and steps
  std::int64_t round_trips = 0;
  std::int64_t restarts = 0;
  double seconds = 0;  ///< waited for answers to them
};

/// One conversation with a process that holds environments, numbered 0, 1, ...: those of one player. Requests that were
/// announced share a frame, and so a round trip. To be used by one thread at a time.
///
/// A process that ends, is silent for too long, says that it failed, or breaks the protocol is ended and started again
/// when it is next needed (a connection: made again). All its environments are lost with it: a caller in an episode
/// of one gets EnvironmentLost from its next request, and goes on with a reset. After a number of restarts in a row the
/// request throws Error instead. A process that has answered kTrusted requests for each of its environments begins a
/// new row; but an episode, which a reset with its seed begins again, is given up after as many restarts, whatever else
/// goes well meanwhile.
///
/// Limits are those of one environment: requests that share a frame have the time of all of them, and take more frames
/// than one where they, or the answers, are too long for it.
class EnvironmentClient {
 public:
  static constexpr std::int64_t kTrusted = 1'000;

  struct Conversation {
    std::string whose;                  ///< as errors call it: "worker 1"
    std::vector<OptionValues> options;  ///< environment i is made with options[i mod n]; may be empty
    std::vector<int> processors = {};   ///< for a started process to run on; empty: those of this thread
  };
  /// Starts the process, or connects. Throws Error if that fails: what cannot start at first is not tried again.
  EnvironmentClient(ClientSettings settings, Conversation conversation);
  EnvironmentClient(const EnvironmentClient&) = delete;
  EnvironmentClient& operator=(const EnvironmentClient&) = delete;
  ~EnvironmentClient();

  const RemoteSpec& spec() const noexcept { return spec_; }
  const ClientStatistics& statistics() const noexcept { return statistics_; }

  /// Announces an environment's next request: nothing is sent before the first one is waited for. An action has to live
  /// until then. A seed is sent as portable_seed has it.
  void announce_reset(std::uint32_t index, std::uint64_t seed);
  void announce_step(std::uint32_t index, const Action& action);

  /// Waits for the answer to an announced request. Throws as the class says.
  StepResult take_result(std::uint32_t index, std::span<float> observation);

  /// Writes the mask that came with an environment's latest answer: of ones, where none did.
  void action_mask(std::uint32_t index, std::span<std::uint8_t> allowed) const;

  /// Asks for a picture and draws it; returns whether the environment can be drawn.
  bool draw(std::uint32_t index, Canvas& canvas);

 private:
  struct Slot {
    enum class State { lost, idle, reset_announced, step_announced, answered };
    State state = State::lost;
    bool made = false;        // in the present process
    std::uint64_t seed = 0;   // of its episode
    std::int64_t losses = 0;  // of this episode, in a row
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
  std::size_t mask_size_ = 0;      // M; 0: none comes
  std::size_t most_requests_ = 1;  // of one frame
  std::optional<ChildProcess> process_;
  std::optional<Channel> channel_;  // empty: not connected
  FrameWriter writer_;
  std::vector<Slot> slots_;
  std::vector<float> observations_;       // [slots, D]
  std::vector<std::uint8_t> masks_;       // [slots, M]
  std::vector<std::uint32_t> announced_;  // in this order
  std::vector<std::uint32_t> requested_;  // in the frame that is being answered
  std::int64_t restarts_in_a_row_ = 0;
  std::int64_t results_at_start_ = 0;  // of the present process
  ClientStatistics statistics_;
};

}  // namespace sounder::remote
