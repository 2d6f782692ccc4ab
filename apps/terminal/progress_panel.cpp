#include "apps/terminal/progress_panel.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <optional>
#include <string_view>
#include <utility>

#include "apps/terminal/terminal.h"
#include "core/metrics/statistics.h"

namespace sounder {
namespace {

/// Formats a number to a given number of significant digits, or as a dash if it was not measured.
std::string number(double value, int digits = 3) {
  return std::isfinite(value) ? fmt::format("{:.{}g}", value, digits) : "-";
}

/// Formats a return of any size with one decimal.
std::string episode_return(double value) {
  return std::isfinite(value) ? fmt::format("{:.1f}", value) : "-";
}

/// Formats a count with separated thousands: "1,234,567".
std::string count(double value) {
  if (!std::isfinite(value)) return "-";
  std::string text = fmt::format("{:.0f}", value);
  const std::size_t first_digit = text.starts_with('-') ? 1 : 0;
  for (std::size_t at = text.size(); at > first_digit + 3;) text.insert(at -= 3, ",");
  return text;
}

std::string count(std::int64_t value) {
  return count(static_cast<double>(value));
}

std::string percent(double fraction, int decimals = 0) {
  return std::isfinite(fraction) ? fmt::format("{:.{}f} %", 100 * fraction, decimals) : "-";
}

/// Formats a time span: "0:07", "12:34", "1:02:03".
std::string duration(double seconds) {
  constexpr double kLongest = 1e9;
  if (!(seconds >= 0 && seconds < kLongest)) return "-";
  const auto whole = static_cast<std::int64_t>(std::ceil(seconds));
  if (whole < 3600) return fmt::format("{}:{:02}", whole / 60, whole % 60);
  return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

double fraction_of(std::int64_t step, std::int64_t total_steps) {
  return std::clamp(static_cast<double>(step) / static_cast<double>(total_steps), 0.0, 1.0);
}

double seconds_left(const Report& report, std::int64_t total_steps) {
  const double steps_left = static_cast<double>(std::max<std::int64_t>(total_steps - report.step, 0));
  return steps_left / report.steps_per_second;
}

std::string bar(double fraction, std::size_t width) {
  const auto filled = static_cast<std::size_t>(std::lround(fraction * static_cast<double>(width)));
  std::string text;
  for (std::size_t i = 0; i < width; ++i) text += i < filled ? "█" : "░";
  return text;
}

/// Formats each worker's share of the steps: "26 % 24 % 25 % 25 %".
std::string worker_shares(const std::vector<std::int64_t>& steps) {
  const auto sum = std::accumulate(steps.begin(), steps.end(), std::int64_t{0});
  std::string text;
  for (const std::int64_t own : steps) {
    text += ' ' + percent(static_cast<double>(own) / static_cast<double>(sum));
  }
  return text;
}

std::string phase_shares(const Report& report) {
  std::string text;
  for (std::size_t i = 0; i < kPhaseNames.size(); ++i) {
    text += fmt::format("{}{} {}", i == 0 ? "" : "   ", kPhaseNames[i], percent(report.phase_shares[i]));
  }
  return text;
}

std::string bytes(double value) {
  constexpr double kKilo = 1e3;
  constexpr double kMega = 1e6;
  if (!std::isfinite(value)) return "-";
  return value < kMega ? number(value / kKilo) + " kB" : number(value / kMega) + " MB";
}

/// Formats a sharing scheme's measure by the last part of its name: "lost updates 0.01 %".
std::string measure(const Measure& measure) {
  std::string label = measure.name.substr(measure.name.rfind('/') + 1);
  std::ranges::replace(label, '_', ' ');
  if (measure.unit == "fraction") return fmt::format("{} {}", label, percent(measure.value, 2));
  if (measure.unit == "bytes") return fmt::format("{} {}", label, bytes(measure.value));
  constexpr double kLong = 1e3;  // from here on, three digits would need an exponent
  return fmt::format("{} {}", label, measure.value < kLong ? number(measure.value) : count(measure.value));
}

/// Whether nearly every scheme has a measure: it belongs to the line on sharing, not to the scheme's own.
bool common(const Measure& measure) {
  return measure.name == "train/lost_updates" || measure.name == "share/bytes_per_step";
}

std::string sharing(const Report& report) {
  std::string text = fmt::format("sharing     staleness {}", number(report.staleness));
  for (const Measure& each : report.measures) {
    if (common(each)) text += "   " + measure(each);
  }
  return text;
}

/// Formats the measures of the scheme's own, in one line; none if it has none. Fractions say most, and come first:
/// a narrow terminal cuts the rest.
std::optional<std::string> scheme(const Report& report) {
  Measures own = report.measures;
  std::erase_if(own, common);
  if (own.empty()) return std::nullopt;
  std::stable_partition(own.begin(), own.end(), [](const Measure& each) { return each.unit == "fraction"; });
  std::string text = "scheme   ";
  for (const Measure& each : own) text += "   " + measure(each);
  return text;
}

/// Draws a curve as one character per evenly spaced step, followed by its lowest and highest drawn value.
std::string sparkline(const Curve& curve, std::size_t width) {
  if (curve.size() < 2) return "-";
  const double first = curve.front().step;
  const double steps = curve.back().step - first;
  std::vector<double> values(width);
  for (std::size_t i = 0; i < width; ++i) {
    values[i] = value_at(curve, first + steps * static_cast<double>(i) / static_cast<double>(width - 1));
  }
  const auto [low, high] = std::ranges::minmax(values);
  constexpr std::array<std::string_view, 8> kLevels{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  std::string text;
  for (const double value : values) {
    const double height = high > low ? (value - low) / (high - low) : 0;
    text += kLevels[static_cast<std::size_t>(std::lround(height * (kLevels.size() - 1)))];
  }
  return fmt::format("{}   lowest {}   highest {}", text, episode_return(low), episode_return(high));
}

std::string evaluations(const ProgressView& view) {
  if (!view.latest) return "none yet";
  std::string text =
      fmt::format("mean {} at step {}", episode_return(mean(view.latest->returns)), count(view.latest->step));
  if (view.latest->solved) text += ", solved";
  if (view.best) {
    text += fmt::format("   best {} at step {}", episode_return(mean(view.best->returns)), count(view.best->step));
  }
  return text;
}

}  // namespace

std::vector<std::string> progress_panel(const ProgressView& view, std::size_t width) {
  const Report& report = view.report;
  const double fraction = fraction_of(report.step, view.total_steps);
  const std::string dropped =
      report.dropped_updates == 0 ? "" : fmt::format("   dropped {} (not finite)", count(report.dropped_updates));
  const std::size_t bar_width = std::clamp<std::size_t>(width / 4, 5, 30);
  const std::size_t curve_width = std::clamp<std::size_t>(2 * width / 5, 5, 60);
  std::vector<std::string> lines{
      fmt::format("{:>5} {} {} of {} steps   {}/s   {} left", percent(fraction), bar(fraction, bar_width),
                  count(report.step), count(view.total_steps), count(report.steps_per_second),
                  duration(seconds_left(report, view.total_steps))),
      fmt::format("training    mean return {}   length {}   episodes {}", episode_return(report.mean_return),
                  episode_return(report.mean_length), count(report.episodes)),
      fmt::format("return      {}", sparkline(view.mean_returns, curve_width)),
      fmt::format("evaluation  {}", evaluations(view)),
      fmt::format("learning    policy loss {}   value loss {}   entropy {}", number(report.policy_loss),
                  number(report.value_loss), number(report.entropy)),
      fmt::format("updates     {}   learning rate {}   gradient norm {}{}", count(report.updates),
                  number(report.learning_rate), number(report.gradient_norm), dropped),
      sharing(report),
  };
  if (std::optional<std::string> line = scheme(report)) lines.push_back(*std::move(line));
  lines.push_back(fmt::format("workers    {}", worker_shares(report.worker_steps)));
  lines.push_back(fmt::format("time        {}", phase_shares(report)));
  for (std::string& line : lines) line = cut_to_width(line, width);
  return lines;
}

std::string report_line(const Report& report, std::int64_t total_steps) {
  const std::string dropped =
      report.dropped_updates == 0 ? "" : fmt::format(", dropped updates {}", count(report.dropped_updates));
  return fmt::format(
      "step {} ({}), {}/s, {} left: return {}, length {}, policy loss {}, value loss {}, entropy {}, gradient norm {}, "
      "staleness {}{}",
      count(report.step), percent(fraction_of(report.step, total_steps)), count(report.steps_per_second),
      duration(seconds_left(report, total_steps)), episode_return(report.mean_return),
      episode_return(report.mean_length), number(report.policy_loss), number(report.value_loss), number(report.entropy),
      number(report.gradient_norm), number(report.staleness), dropped);
}

std::string evaluation_line(const Evaluation& evaluation) {
  return fmt::format("step {}: evaluation of {} episodes, mean return {}{}{}", count(evaluation.step),
                     evaluation.returns.size(), episode_return(mean(evaluation.returns)),
                     evaluation.best ? ", best so far" : "", evaluation.solved ? ", solved" : "");
}

}  // namespace sounder
