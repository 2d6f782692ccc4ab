#include "apps/bench/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <string_view>

namespace sounder::benchmark {
namespace {

namespace json = boost::json;

constexpr double kMicro = 1e-6;
constexpr double kKilo = 1e3;
constexpr double kGiga = 1e9;

Spread scaled(const Spread& spread, double factor) {
  return {.median = spread.median * factor, .min = spread.min * factor, .max = spread.max * factor};
}

Spread microseconds(const Series& seconds) {
  return scaled(spread(seconds), 1 / kMicro);
}

/// Returns a piece's throughput in GFLOP/s.
Spread gflops(const PieceSeries& piece) {
  return ratio(Series(piece.seconds.size(), piece.flop / kGiga), piece.seconds);
}

// ---- Text

/// Formats a spread as "median (min, max)", in columns of one width.
std::string text(const Spread& spread, int precision, int width) {
  return fmt::format("{0:>{4}.{3}f} ({1:>{4}.{3}f}, {2:>{4}.{3}f})", spread.median, spread.min, spread.max, precision,
                     width);
}

std::string text(const std::optional<Spread>& spread, int precision, int width) {
  return spread ? text(*spread, precision, width) : "";
}

std::string heading(const Results& results) {
  return fmt::format(
      "{}, {}: {} weights, {} parameters; {} cores, kernels for {}\n"
      "repetitions: {}, of everything in turn; trainings of {} s; each number is a median (min, max)\n\n"
      "peak of one core       {} GFLOP/s\n"
      "environment alone      {} million steps/s\n",
      results.environment, results.network, results.weights, results.parameters, results.cores, results.level,
      results.peak.size(), results.seconds, text(scaled(spread(results.all_peaks()), 1 / kGiga), 1, 6),
      text(scaled(spread(results.environment_speed), kMicro), 2, 6));
}

std::string pieces_table(const Results& results) {
  std::string table = "\nThe network's part (2 flop per weight and row forward, 4 backward)\n";
  table += fmt::format("{:<8} {:<20} {:>30} {:>26}\n", "backend", "piece", "us", "GFLOP/s");
  for (const PieceSeries& piece : results.pieces) {
    table += fmt::format("{:<8} {:<20} {:>30} {:>26}\n", piece.backend, piece.name,
                         text(microseconds(piece.seconds), 3, 8), piece.flop > 0 ? text(gflops(piece), 1, 6) : "");
  }
  return table;
}

std::string sharing_table(const Results& results) {
  std::string table = "\nThe shared parameters, one thread, against a plain loop that does the same\n";
  table += fmt::format("{:<10} {:>26} {:>26} {:>22}\n", "piece", "us", "us, plain loop", "shared / plain");
  for (const SharingSeries& piece : results.sharing) {
    table += fmt::format("{:<10} {:>26} {:>26} {:>22}\n", piece.name, text(microseconds(piece.seconds), 3, 6),
                         text(microseconds(piece.plain_seconds), 3, 6),
                         text(ratio(piece.seconds, piece.plain_seconds), 2, 5));
  }
  return table;
}

/// Returns whether other backends are compared with that of a training, because it is the first and fastest of several.
bool compared(const Results& results, const TrainingSeries& training) {
  return results.backends.size() > 1 && training.which.backend == results.backends.front();
}

std::string training_table(const Results& results) {
  std::string table =
      "\nWhole training (a step counts 6 flop per weight; share of the peak of the cores that work; lost: updates)\n";
  table +=
      fmt::format("{:<8} {:>7} {:>7} {:>4}  {:>30} {:>8} {:>5} {:>20} {:>9} {:>6} {:>7}", "backend", "workers",
                  "rollout", "envs", "steps/s", "GFLOP/s", "peak", "over one worker", "staleness", "lost", "sharing");
  for (std::size_t i = 1; i < results.backends.size(); ++i) {
    table += fmt::format("  {:>23}", fmt::format("{} / {}", results.backends[0], results.backends[i]));
  }
  table += '\n';
  for (const TrainingSeries& training : results.training) {
    const TrainingCase& which = training.which;
    table += fmt::format(
        "{:<8} {:>7} {:>7} {:>4}  {:>30} {:>8.2f} {:>4.1f}% {:>20} {:>9.2f} {:>5.2f}% {:>6.1f}%", which.backend,
        which.workers, which.rollout, which.envs_per_worker, text(spread(training.steps_per_second), 0, 8),
        spread(flop_per_second(results, training)).median / kGiga, 100 * peak_share(results, training).median,
        which.workers > 1 ? text(scaling(results.training, training), 2, 5) : "", spread(training.staleness).median,
        100 * spread(training.lost_updates).median, 100 * spread(training.share_time).median);
    for (std::size_t i = 1; compared(results, training) && i < results.backends.size(); ++i) {
      table += fmt::format("  {:>23}", text(backend_ratio(results.training, training, results.backends[i]), 1, 6));
    }
    table += '\n';
  }
  return table;
}

/// Formats a share of the updates, or a dash for a scheme that loses none.
std::string lost(const TrainingSeries& training) {
  const double fraction = spread(training.lost_updates).median;
  return std::isfinite(fraction) ? fmt::format("{:.2f}%", 100 * fraction) : "-";
}

/// Formats trainings that differ in the number of workers and in one thing more, which is named by a member.
std::string variants_table(std::string_view title, std::string_view column, std::string TrainingCase::*name,
                           const std::vector<TrainingSeries>& all) {
  std::string table = fmt::format("\n{}", title);
  if (!all.empty()) {
    const TrainingCase& which = all.front().which;
    table += fmt::format(" ({} backend, rollout {}, {} environment per worker)", which.backend, which.rollout,
                         which.envs_per_worker);
  }
  table += fmt::format("\n{:<16} {:>7}  {:>30} {:>20} {:>9} {:>6} {:>7} {:>7}\n", column, "workers", "steps/s",
                       "over one worker", "staleness", "lost", "sharing", "kB/step");
  for (const TrainingSeries& training : all) {
    table += fmt::format("{:<16} {:>7}  {:>30} {:>20} {:>9.2f} {:>6} {:>6.1f}% {:>7.2f}\n", training.which.*name,
                         training.which.workers, text(spread(training.steps_per_second), 0, 8),
                         training.which.workers > 1 ? text(scaling(all, training), 2, 5) : "",
                         spread(training.staleness).median, lost(training), 100 * spread(training.share_time).median,
                         spread(training.bytes_per_step).median / kKilo);
  }
  return table;
}

std::string schemes_table(const Results& results) {
  std::string table = fmt::format(
      "\nSharing schemes, one thread ({} peers, which take turns; exchange: a give and the next fetch, per rollout)\n",
      SchemeWorkers::kPeers);
  table += fmt::format("{:<16} {:>30} {:>30} {:>30}\n", "scheme", "fetch, us", "give, us", "exchange, us");
  for (const SchemeSeries& scheme : results.schemes) {
    table +=
        fmt::format("{:<16} {:>30} {:>30} {:>30}\n", scheme.name, text(microseconds(scheme.fetch_seconds), 3, 8),
                    text(microseconds(scheme.give_seconds), 3, 8), text(microseconds(scheme.exchange_seconds), 3, 8));
  }
  return table;
}

std::string noise_text(const Results& results) {
  std::string lines;
  for (const std::string& line : noise(results)) lines += fmt::format("\nthe machine was busy: {}", line);
  return lines.empty() ? lines : lines + "\n";
}

// ---- JSON

json::object json_of(const Spread& spread) {
  return {{"median", spread.median}, {"min", spread.min}, {"max", spread.max}};
}

json::value json_of(const std::optional<Spread>& spread) {
  return spread ? json::value(json_of(*spread)) : json::value(nullptr);
}

json::object json_of(const TrainingCase& which) {
  return {{"backend", which.backend},       {"workers", which.workers},
          {"rollout", which.rollout},       {"envs_per_worker", which.envs_per_worker},
          {"write_mode", which.write_mode}, {"scheme", which.scheme}};
}

json::array pieces_json(const Results& results) {
  json::array list;
  for (const PieceSeries& piece : results.pieces) {
    list.push_back({{"backend", piece.backend},
                    {"piece", piece.name},
                    {"microseconds", json_of(microseconds(piece.seconds))},
                    {"gflops", piece.flop > 0 ? json::value(json_of(gflops(piece))) : json::value(nullptr)}});
  }
  return list;
}

json::array sharing_json(const Results& results) {
  json::array list;
  for (const SharingSeries& piece : results.sharing) {
    list.push_back({{"piece", piece.name},
                    {"microseconds", json_of(microseconds(piece.seconds))},
                    {"plain_microseconds", json_of(microseconds(piece.plain_seconds))},
                    {"ratio", json_of(ratio(piece.seconds, piece.plain_seconds))}});
  }
  return list;
}

json::array training_json(const Results& results, const std::vector<TrainingSeries>& all) {
  json::array list;
  for (const TrainingSeries& training : all) {
    json::object object = json_of(training.which);
    object["steps_per_second"] = json_of(spread(training.steps_per_second));
    object["gflops"] = json_of(scaled(spread(flop_per_second(results, training)), 1 / kGiga));
    object["peak_share"] = json_of(peak_share(results, training));
    object["scaling"] = json_of(scaling(all, training));
    object["staleness_mean"] = spread(training.staleness).median;
    const double fraction = spread(training.lost_updates).median;
    object["lost_updates"] = std::isfinite(fraction) ? json::value(fraction) : json::value(nullptr);
    object["share_time"] = spread(training.share_time).median;
    object["bytes_per_step"] = spread(training.bytes_per_step).median;
    list.push_back(std::move(object));
  }
  return list;
}

json::array schemes_json(const Results& results) {
  json::array list;
  for (const SchemeSeries& scheme : results.schemes) {
    list.push_back({{"scheme", scheme.name},
                    {"fetch_microseconds", json_of(microseconds(scheme.fetch_seconds))},
                    {"give_microseconds", json_of(microseconds(scheme.give_seconds))},
                    {"exchange_microseconds", json_of(microseconds(scheme.exchange_seconds))}});
  }
  return list;
}

json::array backend_ratios_json(const Results& results) {
  json::array list;
  for (const TrainingSeries& training : results.training) {
    for (std::size_t i = 1; compared(results, training) && i < results.backends.size(); ++i) {
      json::object object = json_of(training.which);
      object["over"] = results.backends[i];
      object["ratio"] = json_of(backend_ratio(results.training, training, results.backends[i]));
      list.push_back(std::move(object));
    }
  }
  return list;
}

}  // namespace

std::string to_text(const Results& results) {
  return heading(results) + pieces_table(results) + sharing_table(results) + training_table(results) +
         variants_table("Write modes", "mode", &TrainingCase::write_mode, results.write_modes) +
         schemes_table(results) +
         variants_table("Sharing schemes, whole training", "scheme", &TrainingCase::scheme, results.scheme_training) +
         noise_text(results);
}

std::string to_json(const Results& results) {
  const std::vector<std::string> lines = noise(results);
  const json::object object{{"env", results.environment},
                            {"network", results.network},
                            {"weights", results.weights},
                            {"parameters", results.parameters},
                            {"cores", results.cores},
                            {"level", results.level},
                            {"backends", json::value_from(results.backends)},
                            {"repetitions", results.peak.size()},
                            {"seconds", results.seconds},
                            {"peak_gflops", json_of(scaled(spread(results.all_peaks()), 1 / kGiga))},
                            {"environment_steps_per_second", json_of(spread(results.environment_speed))},
                            {"pieces", pieces_json(results)},
                            {"sharing", sharing_json(results)},
                            {"training", training_json(results, results.training)},
                            {"backend_ratios", backend_ratios_json(results)},
                            {"write_modes", training_json(results, results.write_modes)},
                            {"schemes", schemes_json(results)},
                            {"scheme_training", training_json(results, results.scheme_training)},
                            {"noisy", !lines.empty()},
                            {"noise", json::value_from(lines)}};
  return json::serialize(object);
}

}  // namespace sounder::benchmark
