#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "apps/bench/schemes.h"
#include "apps/bench/timing.h"
#include "apps/bench/training.h"

namespace sounder::benchmark {

/// One number per repetition, in order.
using Series = std::vector<double>;

struct PieceSeries {
  std::string backend;
  std::string name;
  double flop;  ///< operations of one call; 0 if not counted
  Series seconds{};
};

struct SharingSeries {
  std::string name;
  Series seconds{};
  Series plain_seconds{};  ///< seconds of the same work in a plain loop
};

/// Of a sharing scheme, as SchemeSample.
struct SchemeSeries {
  std::string name;
  Series fetch_seconds{};
  Series give_seconds{};
  Series exchange_seconds{};

  void add(const SchemeSample& sample);
};

struct TrainingSeries {
  TrainingCase which;
  Series steps_per_second{};
  Series staleness{};
  Series lost_updates{};
  Series share_time{};
  Series bytes_per_step{};

  void add(const TrainingSample& sample);
};

/// All measurements. Each repetition measures everything once, in turn, so that numbers of the same repetition are
/// comparable.
struct Results {
  std::string environment;
  std::string network;
  std::size_t weights = 0;
  std::size_t parameters = 0;
  std::int64_t cores = 0;
  double seconds = 0;   ///< duration of a training in each repetition
  std::string level{};  ///< processor level of the kernels
  std::vector<std::string> backends{};
  Series peak{};               ///< FLOP/s of one core, in each repetition
  double last_peak{};          ///< the peak after the last repetition
  Series environment_speed{};  ///< steps per second
  std::vector<PieceSeries> pieces{};
  std::vector<SharingSeries> sharing{};
  std::vector<TrainingSeries> training{};
  std::vector<TrainingSeries> write_modes{};
  std::vector<SchemeSeries> schemes{};
  std::vector<TrainingSeries> scheme_training{};

  /// Returns the peaks before, between and after the repetitions.
  Series all_peaks() const;
};

/// Returns a training's operations with weights per second: 6 per weight and step, 2 forward and 4 backward.
Series flop_per_second(const Results& results, const TrainingSeries& training);

/// Returns flop_per_second() as a fraction of the peak of the workers' cores.
Spread peak_share(const Results& results, const TrainingSeries& training);

/// Returns the steps per second relative to the same case with one worker; nothing if that was not measured.
std::optional<Spread> scaling(const std::vector<TrainingSeries>& all, const TrainingSeries& training);

/// Returns the steps per second relative to the same case with another backend; nothing if that was not measured.
std::optional<Spread> backend_ratio(const std::vector<TrainingSeries>& all, const TrainingSeries& training,
                                    const std::string& other_backend);

/// Returns the signs that the machine was busy with other work, one line each: a peak that varied by more than 10 %,
/// cases that varied by more than 25 % between repetitions.
std::vector<std::string> noise(const Results& results);

}  // namespace sounder::benchmark
