#include "core/remote/environment_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "core/remote/picture.h"
#include "core/remote/printable.h"
#include "envs/error.h"

namespace sounder::remote {
namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

// An interpreter and its libraries are slow to start, especially on a busy machine.
constexpr Seconds kStartTimeout{60};
constexpr std::chrono::milliseconds kLongestPause{5000};

// The time for a process to end by itself after its socket has closed, or when asked to.
constexpr std::chrono::milliseconds kEndGrace{500};

/// Reports that a request was not answered, and why.
class Broken : public Error {
 public:
  using Error::Error;
};

/// Waits, but returns early when stopping.
void pause_for(std::chrono::milliseconds duration, const std::atomic<bool>* stopping) {
  constexpr std::chrono::milliseconds kGlance{50};
  const auto deadline = Clock::now() + duration;
  while (Clock::now() < deadline && (stopping == nullptr || !stopping->load(std::memory_order_relaxed))) {
    std::this_thread::sleep_for(std::min(kGlance, duration));
  }
}

}  // namespace

EnvironmentClient::EnvironmentClient(ClientSettings settings, Conversation conversation)
    : settings_(std::move(settings)), conversation_(std::move(conversation)) {
  try {
    connect();
  } catch (const Broken& broken) {
    throw Error(end_broken(broken.what()));
  }
}

EnvironmentClient::~EnvironmentClient() {
  disconnect();
}

void EnvironmentClient::announce_reset(std::uint32_t index, std::uint64_t seed) {
  Slot& announcing = slot(index);
  seed = portable_seed(seed);
  if (std::exchange(announcing.seed, seed) != seed) announcing.losses = 0;
  announce(index, Slot::State::reset_announced);
}

void EnvironmentClient::announce_step(std::uint32_t index, const Action& action) {
  if (slot(index).state == Slot::State::lost) return;  // take_result() reports it
  slot(index).action = action;
  announce(index, Slot::State::step_announced);
}

StepResult EnvironmentClient::take_result(std::uint32_t index, std::span<float> observation) {
  Slot& asked = slot(index);
  if (asked.state == Slot::State::lost) {
    throw EnvironmentLost(fmt::format("the environment process of {} was started again", conversation_.whose));
  }
  if (asked.state != Slot::State::answered) exchange_announced();
  asked.state = Slot::State::idle;
  std::ranges::copy(this->observation(index), observation.begin());
  return asked.result;
}

bool EnvironmentClient::draw(std::uint32_t index, Canvas& canvas) {
  if (!spec_.renders || slot(index).state == Slot::State::lost) return false;
  writer_.clear();
  writer_.begin(FrameType::render);
  writer_.put(index);
  writer_.end();
  requested_ = {index};
  try {
    draw_picture(decode_picture(expect(FrameType::picture, request(settings_.timeout)).payload), canvas);
  } catch (const Error& broken) {
    lose(broken.what());
  }
  return true;
}

EnvironmentClient::Slot& EnvironmentClient::slot(std::uint32_t index) {
  if (index >= slots_.size()) {
    slots_.resize(index + 1);
    observations_.resize(slots_.size() * observation_size_);
    masks_.resize(slots_.size() * mask_size_, 1);
  }
  return slots_[index];
}

std::span<float> EnvironmentClient::observation(std::uint32_t index) {
  return std::span(observations_).subspan(index * observation_size_, observation_size_);
}

std::span<std::uint8_t> EnvironmentClient::mask(std::uint32_t index) {
  return std::span(masks_).subspan(index * mask_size_, mask_size_);
}

void EnvironmentClient::action_mask(std::uint32_t index, std::span<std::uint8_t> allowed) const {
  std::ranges::copy(std::span(masks_).subspan(index * mask_size_, mask_size_), allowed.begin());
}

void EnvironmentClient::announce(std::uint32_t index, Slot::State state) {
  using enum Slot::State;
  Slot& announcing = slot(index);
  const bool waiting = announcing.state == reset_announced || announcing.state == step_announced;
  if (!waiting) announced_.push_back(index);
  announcing.state = state;
}

void EnvironmentClient::connect() {
  try {
    if (!settings_.socket_path.empty()) {
      channel_.emplace(settings_.socket_path);
    } else {
      process_.emplace(ChildProcess::Command{
          .line = settings_.command, .variables = settings_.variables, .processors = conversation_.processors});
      channel_.emplace(process_->take_socket());
      channel_->watch(process_->output(), [this] { return process_->read_output(); });
    }
  } catch (const Error& error) {
    throw Broken(error.what());
  }
  greet();
}

void EnvironmentClient::greet() {
  writer_.clear();
  write_hello(writer_, conversation_.options);
  RemoteSpec spec;
  try {
    spec = decode_spec(expect(FrameType::spec, request(std::max(kStartTimeout, settings_.timeout))).payload);
  } catch (const Broken&) {
    throw;
  } catch (const Error& error) {
    throw Broken(error.what());
  }
  const bool first = observation_size_ == 0;
  if (!first && !(spec == spec_)) throw Broken("describes another environment than before");
  spec_ = std::move(spec);
  observation_size_ = flat_size(spec_.spec.observation_space);
  mask_size_ = spec_.mask_size();
  most_requests_ = most_requests(spec_);
  observations_.resize(slots_.size() * observation_size_);
  masks_.resize(slots_.size() * mask_size_, 1);
  for (Slot& each : slots_) each.made = false;
  slot(0).made = true;  // the environment that the process described
  results_at_start_ = statistics_.results;
}

void EnvironmentClient::connect_again() {
  ++statistics_.restarts;
  const auto doublings = std::min<std::int64_t>(restarts_in_a_row_ - 1, 10);
  pause_for(std::min(settings_.first_pause * (std::int64_t{1} << std::max<std::int64_t>(doublings, 0)), kLongestPause),
            settings_.stopping);
  connect();
}

void EnvironmentClient::exchange_announced() {
  requested_.clear();
  try {
    if (!channel_) connect_again();
    const auto begin = Clock::now();
    exchange(FrameType::reset);
    exchange(FrameType::step);
    statistics_.seconds += Seconds(Clock::now() - begin).count();
    announced_.clear();
    const std::int64_t answered = statistics_.results - results_at_start_;
    if (answered >= kTrusted * static_cast<std::int64_t>(slots_.size())) restarts_in_a_row_ = 0;
  } catch (const Error& broken) {
    lose(broken.what());
  }
}

void EnvironmentClient::exchange(FrameType type) {
  for (std::size_t from = 0; from < announced_.size();) {
    from = compose(type, from);
    if (requested_.empty()) return;
    const Frame answer = expect(FrameType::result, request(limit_of_requested()));
    ResultReader reader(answer.payload, requested_.size(), {.observation = observation_size_, .mask = mask_size_});
    for (const std::uint32_t index : requested_) {
      slots_[index].result = reader.next(index, observation(index), mask(index));
      slots_[index].state = Slot::State::answered;
      slots_[index].made = true;
    }
    statistics_.results += static_cast<std::int64_t>(requested_.size());
    ++statistics_.round_trips;
  }
}

/// Composes a frame of announced requests of one type, starting at announcement `from`, with as many as the frame and
/// its answer can hold. Returns the announcement to continue with.
std::size_t EnvironmentClient::compose(FrameType type, std::size_t from) {
  const auto state = type == FrameType::reset ? Slot::State::reset_announced : Slot::State::step_announced;
  requested_.clear();
  writer_.clear();
  writer_.begin(type);
  for (; from < announced_.size() && requested_.size() < most_requests_; ++from) {
    const std::uint32_t index = announced_[from];
    const Slot& announcing = slots_[index];
    if (announcing.state != state) continue;
    requested_.push_back(index);
    writer_.put(index);
    if (type == FrameType::reset) {
      writer_.put(announcing.seed);
    } else {
      writer_.put(announcing.action);
    }
  }
  writer_.end();
  return from;
}

/// Returns the sum of the time limits of the environments in the frame. One that is made only now may take as long as
/// the start of a process.
Seconds EnvironmentClient::limit_of_requested() const {
  Seconds limit{0};
  for (const std::uint32_t index : requested_) {
    limit += slots_[index].made ? settings_.timeout : std::max(kStartTimeout, settings_.timeout);
  }
  return limit;
}

/// Sends the composed frame and waits for the answer.
Frame EnvironmentClient::request(Seconds limit) {
  const Patience patience{.deadline = Clock::now() + std::chrono::duration_cast<Clock::duration>(limit),
                          .stopping = settings_.stopping};
  Frame frame{};
  Outcome outcome = channel_->send(writer_.bytes(), patience);
  if (outcome == Outcome::done) outcome = channel_->receive(frame, patience);
  switch (outcome) {
    case Outcome::done:
      return frame;
    case Outcome::closed:
      if (process_) process_->wait_for_end(kEndGrace);  // how the process ends says more
      throw Broken("closed the connection");
    case Outcome::late: {
      const std::size_t count = requested_.size();
      throw Broken(fmt::format("gave no answer within {:g} s{} (--env-timeout)", limit.count(),
                               count > 1 ? fmt::format(", for {} environments", count) : ""));
    }
    case Outcome::stopped:
      break;
  }
  throw Broken("was not waited for: the run is to end");
}

Frame EnvironmentClient::expect(FrameType type, const Frame& frame) const {
  if (frame.type == FrameType::error) throw Broken(fmt::format("reported an error: {}", printable(frame.payload)));
  if (frame.type == type) return frame;
  throw Broken(
      fmt::format("broke the protocol: expected a frame of type {}; got {}", name_of(type), name_of(frame.type)));
}

void EnvironmentClient::disconnect() noexcept {
  if (channel_) {
    try {
      writer_.clear();
      writer_.begin(FrameType::close);
      writer_.end();
      channel_->send(writer_.bytes(), {.deadline = Clock::now() + kEndGrace});
    } catch (...) {  // the process is ended in any case
    }
  }
  channel_.reset();  // what it watches is the process's
  if (process_) process_->wait_for_end(kEndGrace);
  process_.reset();
}

/// Ends a broken conversation. Returns the reason in one line, followed by the process's last output.
std::string EnvironmentClient::end_broken(std::string_view reason) {
  std::string said;
  std::string end;
  if (process_) {
    // Checks before closing the channel, because that ends the process, which would then look as if it had ended by
    // itself.
    const bool ended = process_->wait_for_end({});
    const bool never_served = observation_size_ == 0 && process_->exit_code() == 0;
    channel_.reset();  // what it watches is the process's
    end = process_->end();
    if (!ended) end.clear();
    if (never_served) end += " and served nothing; a script in Python is to end with sounder_env.serve(...)";
    said = process_->last_output();
    process_.reset();
  }
  channel_.reset();
  const std::string what = end.empty() ? std::string(reason) : end;
  return fmt::format("the environment process of {} {}{}", conversation_.whose, what,
                     said.empty() ? "" : "; it printed last:" + said);
}

void EnvironmentClient::lose(std::string_view reason) {
  std::string message = end_broken(reason);
  for (Slot& each : slots_) each.state = Slot::State::lost;
  // Counts a loss for every environment in the request, because the failing one is unknown.
  std::int64_t restarts_of_episode = 0;
  for (const std::uint32_t index : requested_) {
    restarts_of_episode = std::max(restarts_of_episode, slots_[index].losses++);
  }
  announced_.clear();
  const bool stopping = settings_.stopping != nullptr && settings_.stopping->load(std::memory_order_relaxed);
  if (stopping) throw EnvironmentLost(message);
  if (settings_.restarts == 0) throw Error(message);
  if (restarts_in_a_row_ >= settings_.restarts) {
    throw Error(fmt::format("after {} restarts in a row (--env-restarts), {}", restarts_in_a_row_, message));
  }
  if (restarts_of_episode >= settings_.restarts) {
    throw Error(
        fmt::format("after {} restarts in the same episode (--env-restarts), {}", restarts_of_episode, message));
  }
  ++restarts_in_a_row_;
  settings_.warn(fmt::format("it is started again ({} of {}): {}",
                             std::max(restarts_in_a_row_, restarts_of_episode + 1), settings_.restarts, message));
  throw EnvironmentLost(message);
}

}  // namespace sounder::remote
