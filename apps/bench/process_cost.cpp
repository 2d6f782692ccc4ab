#include "apps/bench/process_cost.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "apps/bench/timing.h"
#include "apps/library/policy_environment.h"
#include "core/remote/processors.h"
#include "core/remote/remote_environments.h"
#include "envs/action.h"
#include "envs/random.h"

namespace sounder {
namespace {

using namespace benchmark;

constexpr std::size_t kBatches[] = {1, 16, 64};

/// The processors of this thread and of the process; none means any.
struct Placement {
  std::string name;
  std::optional<int> ours = {};
  std::optional<int> its = {};
};

std::vector<Placement> placements() {
  const std::vector<int> processors = remote::allowed_processors();
  std::vector<Placement> all;
  if (!processors.empty()) all.push_back({.name = "same processor", .ours = processors[0], .its = processors[0]});
  if (processors.size() > 1) all.push_back({.name = "other processor", .ours = processors[0], .its = processors[1]});
  all.push_back({.name = "anywhere"});
  return all;
}

std::vector<int> list(std::optional<int> processor) {
  return processor ? std::vector<int>{*processor} : std::vector<int>{};
}

/// Environments in one process, stepped together with random actions drawn in advance.
class Batch {
 public:
  Batch(const remote::ClientSettings& client, const Placement& placement, std::size_t size) {
    const remote::RemoteEnvironments make({.client = client, .processors = list(placement.its)});
    for (std::size_t i = 0; i < size; ++i) environments_.push_back(make({.slot = i}));
    const EnvironmentSpec spec = environments_.front().spec();
    observation_.resize(flat_size(spec.observation_space));
    actions_.emplace(spec.action_space, kActions);
    Rng rng(1);
    for (std::size_t i = 0; i < kActions; ++i) actions_->sample(i, spec.action_space, rng);
    ended_.assign(size, true);
    reset_ended();
  }

  /// Steps each environment once and resets those whose episodes ended.
  void step() {
    const auto action = [&](std::size_t i) { return (*actions_)[(steps_ + i) % kActions]; };
    for (std::size_t i = 0; i < environments_.size(); ++i) environments_[i].announce(action(i));
    for (std::size_t i = 0; i < environments_.size(); ++i) {
      const StepResult result = environments_[i].step(action(i), observation_);
      ended_[i] = result.terminated || result.truncated;
    }
    steps_ += environments_.size();
    reset_ended();
  }

 private:
  static constexpr std::size_t kActions = 1'024;

  void reset_ended() {
    const std::uint64_t first_seed = steps_;
    for (std::size_t i = 0; i < environments_.size(); ++i) {
      if (ended_[i]) environments_[i].announce_reset(first_seed + i);
    }
    for (std::size_t i = 0; i < environments_.size(); ++i) {
      if (ended_[i]) environments_[i].reset(first_seed + i, observation_);
    }
  }

  std::vector<Environment> environments_;
  std::optional<ActionArray> actions_;
  std::vector<float> observation_;
  std::vector<bool> ended_;
  std::size_t steps_ = 0;
};

struct Cell {
  Placement placement;
  std::size_t batch;
  std::vector<double> microseconds = {};  ///< per step, for each repetition
};

void measure(const remote::ClientSettings& client, double seconds, Cell& cell) {
  const remote::PinnedScope pinned(list(cell.placement.ours));
  Batch batch(client, cell.placement, cell.batch);
  batch.step();  // warm-up: the first step is slower
  const double call = seconds_per_call(seconds, [&] { batch.step(); });
  cell.microseconds.push_back(1e6 * call / static_cast<double>(cell.batch));
}

std::string to_text(const BenchRequest& request, const std::vector<Cell>& cells) {
  std::string text = fmt::format(
      "\nA step of environments in another process: {}{}\n"
      "us a step, median (min, max) of {} measurements, resets included\n{:<28}",
      request.source.command, request.source.connect, request.repetitions, "environments, of one frame");
  const std::vector<Placement> columns = placements();
  for (const Placement& placement : columns) text += fmt::format("{:>26}", placement.name);
  text += '\n';
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (i % columns.size() == 0) text += fmt::format("{:<28}", cells[i].batch);
    const auto [median, min, max] = spread(cells[i].microseconds);
    text += fmt::format("{:>26}", fmt::format("{:.2f} ({:.2f}, {:.2f})", median, min, max));
    if ((i + 1) % columns.size() == 0) text += '\n';
  }
  return text;
}

std::string to_json(const BenchRequest& request, const std::vector<Cell>& cells) {
  boost::json::array list;
  for (const Cell& cell : cells) {
    const auto [median, min, max] = spread(cell.microseconds);
    list.push_back({{"environments", cell.batch},
                    {"placement", cell.placement.name},
                    {"us_per_step", {{"median", median}, {"min", min}, {"max", max}}}});
  }
  return boost::json::serialize(boost::json::object{{"env_command", request.source.command},
                                                    {"env_connect", request.source.connect},
                                                    {"repetitions", request.repetitions},
                                                    {"process_cost", std::move(list)}});
}

}  // namespace

void bench_process_cost(const BenchRequest& request) {
  TrainConfig config;
  config.env_command = request.source.command;
  config.env_connect = request.source.connect;
  const remote::ClientSettings client = client_settings(config);
  std::vector<Cell> cells;
  for (const std::size_t batch : kBatches) {
    for (const Placement& placement : placements()) cells.push_back({.placement = placement, .batch = batch});
  }
  for (std::int64_t i = 1; i <= request.repetitions; ++i) {
    if (request.output == Output::human) print_human(fmt::format("repetition {} of {}\n", i, request.repetitions));
    for (Cell& cell : cells) measure(client, request.seconds, cell);
  }
  if (request.output == Output::json) {
    print_json(to_json(request, cells));
  } else {
    print_human(to_text(request, cells));
  }
}

}  // namespace sounder
