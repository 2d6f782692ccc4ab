#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "apps/bench/timing.h"
#include "apps/bench/training.h"

namespace sounder::benchmark {

/// One number of each repetition, in their order.
using Series = std::vector<double>;

struct PieceSeries {
  std::string backend;
  std::string name;
  double flop;  ///< of one call; 0: not counted
  Series seconds{};
};

struct SharingSeries {
  std::string name;
  Series seconds{};
  Series plain_seconds{};  ///< of the same work in a plain loop
};

struct TrainingSeries {
  TrainingCase which;
  Series steps_per_second{};
  Series staleness{};
  Series lost_updates{};
  Series share_time{};

  void add(const TrainingSample& sample);
};

/// All that was measured. In each repetition everything is measured once, in turn, so that numbers of one repetition
/// may be compared with each other.
struct Results {
  std::string environment;
  std::string network;
  std::size_t weights = 0;
  std::size_t parameters = 0;
  std::int64_t cores = 0;
  double seconds = 0;   ///< of a repetition of a training
  std::string level{};  ///< of processors, whose kernels ran
  std::vector<std::string> backends{};
  Series peak{};               ///< flop per second of one core, in each repetition
  double last_peak{};          ///< the peak after the last repetition
  Series environment_speed{};  ///< steps per second
  std::vector<PieceSeries> pieces{};
  std::vector<SharingSeries> sharing{};
  std::vector<TrainingSeries> training{};
  std::vector<TrainingSeries> write_modes{};

  /// The peak before, between and after the repetitions.
  Series all_peaks() const;
};

/// Operations per second that a training does with weights: 6 per weight and step, 2 forward and 4 backward.
Series flop_per_second(const Results& results, const TrainingSeries& training);

/// Tells what fraction that is of the peak of the cores that the workers have.
Spread peak_share(const Results& results, const TrainingSeries& training);

/// Compares the steps per second with those of the same case with one worker; nothing if that was not measured.
std::optional<Spread> scaling(const std::vector<TrainingSeries>& all, const TrainingSeries& training);

/// Compares the steps per second of a case with those of the same case by another backend; nothing if that was not
/// measured.
std::optional<Spread> backend_ratio(const std::vector<TrainingSeries>& all, const TrainingSeries& training,
                                    const std::string& other_backend);

/// Says in a line each what shows that the machine was busy with something else: a peak that varied by more than 10 %,
/// cases that varied by more than 25 % between repetitions.
std::vector<std::string> noise(const Results& results);

}  // namespace sounder::benchmark
