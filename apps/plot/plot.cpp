#include "apps/plot/plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <span>

#include "apps/each_once.h"
#include "apps/plot/axis.h"
#include "apps/plot/chart.h"
#include "core/checkpoint/atomic_file.h"
#include "core/metrics/curves.h"
#include "core/metrics/run_log.h"
#include "envs/error.h"

namespace sounder {

namespace {

using chart::Chart;
using chart::short_number;

// Okabe and Ito's palette, which colour-blind people can distinguish (https://jfly.uni-koeln.de/color).
constexpr Color kBlue{0, 114, 178};
constexpr Color kVermillion{213, 94, 0};
constexpr Color kGreen{0, 158, 115};
constexpr Color kPurple{204, 121, 167};
constexpr Color kOrange{230, 159, 0};
constexpr Color kSkyBlue{86, 180, 233};
constexpr Color kBlack{0, 0, 0};
constexpr std::array kKindColors{kBlue, kVermillion, kGreen, kPurple, kOrange, kSkyBlue, kBlack};
constexpr Color kGrey{120, 120, 120};

constexpr std::size_t kWindow = 100;      // episodes
constexpr std::size_t kMostDots = 4000;   // more would blur and enlarge the file
constexpr std::size_t kLinePoints = 800;  // about one per unit of the picture's width

/// The runs of one environment and algorithm.
struct Kind {
  std::string environment;
  std::string algorithm;
  std::vector<RunLog> runs;
};

chart::Format format_of(const std::filesystem::path& output) {
  if (output.extension() == ".svg") return chart::Format::svg;
  if (output.extension() == ".png") return chart::Format::png;
  throw UsageError(
      fmt::format("expected a picture's name that ends with .svg or .png, got '{}'", output.filename().string()));
}

std::vector<Kind> read_kinds(std::span<const std::filesystem::path> paths) {
  std::vector<Kind> kinds;
  for (const auto& path : paths) {
    RunLog run = read_run(path);
    if (run.episodes.empty()) {
      throw Error(fmt::format("there is nothing to plot: the run '{}' has no finished episode yet", path.string()));
    }
    const auto same = std::find_if(kinds.begin(), kinds.end(), [&](const Kind& kind) {
      return kind.environment == run.environment && kind.algorithm == run.algorithm;
    });
    Kind& kind = same != kinds.end() ? *same : kinds.emplace_back(Kind{run.environment, run.algorithm, {}});
    kind.runs.push_back(std::move(run));
  }
  return kinds;
}

std::string plural(std::int64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

void add_threshold(Chart& picture, std::optional<double> threshold) {
  if (!threshold) return;
  picture.layers.push_back({chart::Level{*threshold}, kGrey, fmt::format("threshold {}", short_number(*threshold))});
}

/// Returns the evaluation at which a run was solved, or the end if it was not.
auto find_solved(const RunLog& run) {
  return std::find_if(run.evaluations.begin(), run.evaluations.end(),
                      [](const LoggedEvaluation& evaluation) { return evaluation.solved; });
}

std::string describe(const RunLog& run) {
  std::string text = fmt::format("{}, {}, seed {}", run.algorithm, plural(run.workers, "worker"), run.seed);
  const auto solved = find_solved(run);
  if (solved != run.evaluations.end()) {
    text += fmt::format(": solved after {} steps, {:.2g} s of training",
                        short_number(static_cast<double>(solved->step), 3), solved->seconds);
  }
  return text;
}

void add_evaluations(Chart& picture, const RunLog& run) {
  if (run.evaluations.empty()) return;
  chart::Estimates estimates;
  for (const LoggedEvaluation& evaluation : run.evaluations) {
    estimates.points.push_back(
        {static_cast<double>(evaluation.step), evaluation.mean, evaluation.low, evaluation.high});
  }
  picture.layers.push_back({std::move(estimates), kVermillion, "evaluation, 95 % interval"});
  const auto solved = find_solved(run);
  if (solved == run.evaluations.end()) return;
  picture.layers.push_back({chart::Star{{static_cast<double>(solved->step), solved->mean}}, kGreen, "solved"});
}

Chart chart_of_one(const RunLog& run) {
  Chart picture{.title = run.environment,
                .subtitle = describe(run),
                .x_label = "environment steps",
                .y_label = "episode return",
                .note = {},
                .layers = {}};
  Curve episodes;
  for (const EpisodeRecord& episode : run.episodes) {
    episodes.push_back({static_cast<double>(episode.step), episode.episode_return});
  }
  picture.layers.push_back({chart::Dots{thin_out(episodes, kMostDots)}, kSkyBlue, "episode"});
  add_threshold(picture, run.reward_threshold);
  picture.layers.push_back({chart::Trace{thin_out(running_mean(run.episodes, kWindow), kLinePoints)}, kBlue,
                            fmt::format("mean of {} episodes", kWindow)});
  add_evaluations(picture, run);
  return picture;
}

/// Returns the threshold of all runs if they share one.
std::optional<double> common_threshold(std::span<const Kind> kinds) {
  const auto& first = kinds.front().runs.front().reward_threshold;
  for (const Kind& kind : kinds) {
    for (const RunLog& run : kind.runs) {
      if (run.environment != kinds.front().environment || run.reward_threshold != first) return std::nullopt;
    }
  }
  return first;
}

struct Appearance {
  Color color;
  std::string label;
};

/// Adds the interquartile mean of curves, with a band if there are several.
void add_center(Chart& picture, std::span<const Curve> curves, const Appearance& appearance) {
  const std::vector<BandPoint> band = interquartile_band(curves, kLinePoints);
  if (curves.size() > 1) {  // bands come first, so that none covers another line
    picture.layers.insert(picture.layers.begin(), {chart::Band{band}, appearance.color, ""});
  }
  Curve center;
  for (const BandPoint& point : band) center.push_back({point.step, point.center});
  picture.layers.push_back({chart::Trace{std::move(center)}, appearance.color, appearance.label});
}

/// Returns whether a curve ends clearly before the longest one, so that the picture extends its last value.
bool ends_differ(std::span<const Curve> curves) {
  double shortest = curves.front().back().step;
  double longest = shortest;
  for (const Curve& curve : curves) {
    shortest = std::min(shortest, curve.back().step);
    longest = std::max(longest, curve.back().step);
  }
  return shortest < 0.98 * longest;
}

Chart chart_of_several(std::span<const Kind> kinds) {
  const bool one_environment = std::all_of(
      kinds.begin(), kinds.end(), [&](const Kind& kind) { return kind.environment == kinds.front().environment; });
  Chart picture{.title = one_environment ? kinds.front().environment : "Learning curves",
                .subtitle = fmt::format("interquartile mean over runs of the mean of the last {} episodes", kWindow),
                .x_label = "environment steps",
                .y_label = "episode return",
                .note = {},
                .layers = {}};
  add_threshold(picture, common_threshold(kinds));
  bool has_band = false;
  for (std::size_t index = 0; index < kinds.size(); ++index) {
    const Kind& kind = kinds[index];
    std::vector<Curve> curves;
    for (const RunLog& run : kind.runs) curves.push_back(running_mean(run.episodes, kWindow));
    const std::string name = one_environment ? kind.algorithm : kind.environment + ", " + kind.algorithm;
    const auto count = static_cast<std::int64_t>(curves.size());
    add_center(
        picture, curves,
        {.color = kKindColors[index % kKindColors.size()], .label = fmt::format("{}, {}", name, plural(count, "run"))});
    if (ends_differ(curves)) picture.note = "a run that ended earlier counts with its last value from there on";
    has_band = has_band || count > 1;
  }
  // Explains all bands with one entry in the legend.
  if (has_band) picture.layers.push_back({chart::Band{}, kGrey, "95 % bootstrap interval"});
  return picture;
}

}  // namespace

void plot(const PlotRequest& request) {
  if (request.runs.empty()) throw UsageError("expected one run folder or more to plot, got none");
  const chart::Format format = format_of(request.output);
  const auto runs = each_once(request.runs);  // runs/* includes a link to the latest run
  const std::vector<Kind> kinds = read_kinds(runs);
  const Chart picture = runs.size() == 1 ? chart_of_one(kinds.front().runs.front()) : chart_of_several(kinds);
  write_file_atomically(request.output, chart::render(picture, format));
}

}  // namespace sounder
