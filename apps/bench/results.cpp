#include "apps/bench/results.h"

#include <fmt/format.h>

#include <algorithm>

namespace sounder::benchmark {
namespace {

constexpr double kFlopPerWeightAndStep = 6;
constexpr double kMostPeakVariation = 0.10;
constexpr double kMostCaseVariation = 0.25;

double variation(const Spread& spread) {
  return spread.max / spread.min - 1;
}

bool equal(const TrainingCase& a, const TrainingCase& b) {
  return a.backend == b.backend && a.workers == b.workers && a.rollout == b.rollout &&
         a.envs_per_worker == b.envs_per_worker && a.write_mode == b.write_mode && a.scheme == b.scheme;
}

/// Compares a case with another one, repetition by repetition. Returns nothing if the other case is missing.
std::optional<Spread> compare(const std::vector<TrainingSeries>& all, const TrainingSeries& training,
                              const TrainingCase& with) {
  const auto other =
      std::ranges::find_if(all, [&](const TrainingSeries& candidate) { return equal(candidate.which, with); });
  if (other == all.end()) return std::nullopt;
  return ratio(training.steps_per_second, other->steps_per_second);
}

/// The number of cases that varied too much, and the largest variation.
struct Variations {
  int measured = 0;
  int too_large = 0;
  double largest = 0;

  void add(const Series& series) {
    const double varied = variation(spread(series));
    ++measured;
    if (varied > kMostCaseVariation) ++too_large;
    largest = std::max(largest, varied);
  }
};

}  // namespace

void SchemeSeries::add(const SchemeSample& sample) {
  fetch_seconds.push_back(sample.fetch);
  give_seconds.push_back(sample.give);
  exchange_seconds.push_back(sample.exchange);
}

void TrainingSeries::add(const TrainingSample& sample) {
  steps_per_second.push_back(sample.steps_per_second);
  staleness.push_back(sample.staleness);
  lost_updates.push_back(sample.lost_updates);
  share_time.push_back(sample.share_time);
  bytes_per_step.push_back(sample.bytes_per_step);
}

Series Results::all_peaks() const {
  Series all = peak;
  all.push_back(last_peak);
  return all;
}

Series flop_per_second(const Results& results, const TrainingSeries& training) {
  Series flops = training.steps_per_second;
  for (double& value : flops) value *= kFlopPerWeightAndStep * static_cast<double>(results.weights);
  return flops;
}

Spread peak_share(const Results& results, const TrainingSeries& training) {
  Series peaks = results.peak;
  for (double& value : peaks) value *= static_cast<double>(std::min(training.which.workers, results.cores));
  return ratio(flop_per_second(results, training), peaks);
}

std::optional<Spread> scaling(const std::vector<TrainingSeries>& all, const TrainingSeries& training) {
  TrainingCase one_worker = training.which;
  one_worker.workers = 1;
  return compare(all, training, one_worker);
}

std::optional<Spread> backend_ratio(const std::vector<TrainingSeries>& all, const TrainingSeries& training,
                                    const std::string& other_backend) {
  TrainingCase other = training.which;
  other.backend = other_backend;
  return compare(all, training, other);
}

std::vector<std::string> noise(const Results& results) {
  std::vector<std::string> lines;
  if (const double varied = variation(spread(results.all_peaks())); varied > kMostPeakVariation) {
    lines.push_back(
        fmt::format("the core's peak varied by {:.0f} % (more than {:.0f} %)", 100 * varied, 100 * kMostPeakVariation));
  }
  Variations variations;
  for (const auto* const trainings : {&results.training, &results.write_modes, &results.scheme_training}) {
    for (const TrainingSeries& training : *trainings) variations.add(training.steps_per_second);
  }
  for (const PieceSeries& piece : results.pieces) variations.add(piece.seconds);
  for (const SharingSeries& piece : results.sharing) variations.add(piece.seconds);
  for (const SchemeSeries& scheme : results.schemes) {
    for (const auto* const seconds : {&scheme.fetch_seconds, &scheme.give_seconds, &scheme.exchange_seconds}) {
      variations.add(*seconds);
    }
  }
  if (variations.too_large > 0) {
    lines.push_back(fmt::format("{} of {} cases varied by more than {:.0f} % between repetitions, by {:.0f} % at most",
                                variations.too_large, variations.measured, 100 * kMostCaseVariation,
                                100 * variations.largest));
  }
  return lines;
}

}  // namespace sounder::benchmark
