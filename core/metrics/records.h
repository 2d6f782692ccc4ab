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
  std::int64_t step = 0;  ///< global step at its end
  double episode_return = 0;
  std::int64_t length = 0;  ///< steps
  double seconds = 0;       ///< seconds of training at its end
};

/// The parts of a worker's time.
enum class Phase : std::uint8_t { environment, forward, learn, share };
constexpr std::array<std::string_view, 4> kPhaseNames{"environment", "forward", "learn", "share"};

/// A number that only one sharing scheme adds to the reports.
struct Measure {
  std::string name;  ///< name in every file: "train/lost_updates"
  std::string unit;
  double value;
};
using Measures = std::vector<Measure>;

/// Returns a measure's value; kNotMeasured if there is none of that name.
double measured(const Measures& measures, std::string_view name);

/// Counts copies of the parameters for evaluations and checkpoints of this process. A copy is mixed if an update was in
/// progress during every attempt: it may contain a part of that update, and then belongs to no single moment.
struct CopyCounts {
  std::int64_t evaluations = 0;
  std::int64_t mixed_evaluations = 0;
  std::int64_t checkpoints = 0;
  std::int64_t mixed_checkpoints = 0;
};

/// The state of a run at one global step: a row of progress.csv. Means are over the updates since the previous report;
/// kNotMeasured if there was none.
struct Report {
  std::int64_t step = 0;      ///< global step
  std::int64_t episodes = 0;  ///< finished
  std::int64_t updates = 0;
  double seconds = 0;                        ///< seconds of training, including evaluations
  double steps_per_second = kNotMeasured;    ///< since the previous report
  double mean_return = kNotMeasured;         ///< of the last 100 training episodes
  double mean_length = kNotMeasured;         ///< mean over the same episodes, steps
  double policy_loss = kNotMeasured;         ///< per step
  double value_loss = kNotMeasured;          ///< per step
  double entropy = kNotMeasured;             ///< nats, per step
  double learning_rate = kNotMeasured;       ///< at this step
  double gradient_norm = kNotMeasured;       ///< before clipping
  double staleness = kNotMeasured;           ///< updates of others between a worker's pull and its push
  std::int64_t dropped_updates = 0;          ///< dropped because loss or gradient was not finite; in this process
  CopyCounts copies{};                       ///< up to this report
  std::vector<std::int64_t> worker_steps{};  ///< each worker's steps since the start
  std::array<double, 4> phase_shares{};      ///< shares of the workers' time since the previous report, by Phase; sum 1
  Measures measures{};                       ///< those of the sharing scheme
};

/// Returns and lengths of evaluation episodes.
struct Evaluation {
  std::int64_t step = 0;  ///< global step of the parameters that were evaluated
  double seconds = 0;     ///< seconds of training at its end
  std::vector<double> returns;
  std::vector<std::int64_t> lengths;
  bool solved = false;  ///< the mean return is at or above the environment's threshold
  bool best = false;    ///< the highest mean return so far
};

/// A comparison of the last evaluation with the best one.
struct LastEvaluation {
  double mean_return;
  bool worse;  ///< whether the best mean is above the 95 % interval of this one
};

}  // namespace sounder
