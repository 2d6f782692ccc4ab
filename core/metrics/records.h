#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace sounder {

constexpr double kNotMeasured = std::numeric_limits<double>::quiet_NaN();

/// One finished training episode.
struct EpisodeRecord {
  std::int64_t worker = 0;
  std::int64_t step = 0;  ///< global step at which it ended
  double episode_return = 0;
  std::int64_t length = 0;  ///< steps
  double seconds = 0;       ///< of training, when it ended
};

/// The parts of a worker's time.
enum class Phase : std::uint8_t { environment, forward, learn, share };
constexpr std::array<std::string_view, 4> kPhaseNames{"environment", "forward", "learn", "share"};

/// A number of its own that a sharing scheme adds to the reports.
struct Measure {
  std::string name;  ///< as every file has it: "train/lost_updates"
  std::string unit;
  double value;
};
using Measures = std::vector<Measure>;

/// Finds a measure's value; kNotMeasured where there is none of that name.
double measured(const Measures& measures, std::string_view name);

/// How many copies of the parameters were evaluated and saved in this process. Mixed: an update was under way whenever
/// a copy was tried, so that it may have a part of it, and is of no one moment.
struct CopyCounts {
  std::int64_t evaluations = 0;
  std::int64_t mixed_evaluations = 0;
  std::int64_t checkpoints = 0;
  std::int64_t mixed_checkpoints = 0;
};

/// What is known of a run at one global step: a row of progress.csv. Means are over the updates since the report
/// before; kNotMeasured where there was none.
struct Report {
  std::int64_t step = 0;      ///< global step
  std::int64_t episodes = 0;  ///< finished
  std::int64_t updates = 0;
  double seconds = 0;                        ///< of training, evaluations included
  double steps_per_second = kNotMeasured;    ///< since the report before
  double mean_return = kNotMeasured;         ///< of the last 100 training episodes
  double mean_length = kNotMeasured;         ///< mean over the same episodes, steps
  double policy_loss = kNotMeasured;         ///< per step
  double value_loss = kNotMeasured;          ///< per step
  double entropy = kNotMeasured;             ///< nats, per step
  double learning_rate = kNotMeasured;       ///< at this step
  double gradient_norm = kNotMeasured;       ///< before clipping
  double staleness = kNotMeasured;           ///< updates of others between a worker's pull and its push
  std::int64_t dropped_updates = 0;          ///< not applied: loss or gradient was not finite; in this process
  CopyCounts copies{};                       ///< up to this report
  std::vector<std::int64_t> worker_steps{};  ///< each worker's steps since the start
  std::array<double, 4> phase_shares{};      ///< of the workers' time since the report before, by Phase; sums to 1
  Measures measures{};                       ///< the sharing scheme's own
};

/// Returns and lengths of evaluation episodes.
struct Evaluation {
  std::int64_t step = 0;  ///< global step of the parameters that were evaluated
  double seconds = 0;     ///< of training, when it ended
  std::vector<double> returns;
  std::vector<std::int64_t> lengths;
  bool solved = false;  ///< the mean return is at or above the environment's threshold
  bool best = false;    ///< the highest mean return so far
};

/// How the last evaluation stands beside the best one.
struct LastEvaluation {
  double mean_return;
  bool worse;  ///< than the best: that one's mean is above the 95 % interval of this one
};

}  // namespace sounder
