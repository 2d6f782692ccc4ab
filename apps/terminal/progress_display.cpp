#include "apps/terminal/progress_display.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cmath>
#include <iostream>
#include <utility>

#include "apps/terminal/terminal.h"
#include "core/metrics/scalars.h"
#include "envs/program.h"

namespace sounder {
namespace {

constexpr double kSecondsBetweenDraws = 0.25;
constexpr double kSecondsBetweenLines = 5;

/// Replaces a number that was not measured by an earlier one, so that the panel does not flicker.
void keep_measured(double& now, double before) {
  if (std::isnan(now)) now = before;
}

void keep_measured(Report& now, const Report& before) {
  for (double Report::*const value :
       {&Report::steps_per_second, &Report::mean_return, &Report::mean_length, &Report::policy_loss,
        &Report::value_loss, &Report::entropy, &Report::learning_rate, &Report::gradient_norm, &Report::staleness}) {
    keep_measured(now.*value, before.*value);
  }
  for (Measure& measure : now.measures) keep_measured(measure.value, measured(before.measures, measure.name));
}

}  // namespace

ProgressDisplay::Setup ProgressDisplay::for_stderr(const Series& history) {
  return {.mode = is_terminal(STDERR_FILENO) ? Mode::panel : Mode::lines,
          .stream = std::cerr,
          .width = [] { return terminal_size(STDERR_FILENO).columns; },
          .history = &history};
}

void ProgressDisplay::begin(const RunStart& start) {
  view_.total_steps = start.config.steps;
}

void ProgressDisplay::progress(const Report& report) {
  if (setup_.mode == Mode::lines) return;
  measure_rate(report);
  Report shown = report;
  keep_measured(shown, view_.report);
  if (rate_ > 0) shown.steps_per_second = rate_;
  view_.report = std::move(shown);
  draw_if_due(report.seconds);
}

void ProgressDisplay::report(const Report& report) {
  if (setup_.mode == Mode::lines) {
    write_line_if_due(report);
  } else {
    progress(report);
  }
}

void ProgressDisplay::evaluation(const Evaluation& evaluation) {
  view_.latest = evaluation;
  if (evaluation.best) view_.best = evaluation;
  if (setup_.mode == Mode::lines) {
    write(evaluation_line(evaluation) + '\n');
  } else {
    draw_if_due(evaluation.seconds);
  }
}

void ProgressDisplay::warning(std::string_view message) {
  write(fmt::format("{}{}: warning: {}\n", erase_panel(), program_file_name(), message));
  if (std::exchange(lines_drawn_, 0) > 0) draw();
}

void ProgressDisplay::end(const TrainReport& report) {
  view_.report = report.means;
  if (setup_.mode == Mode::panel) draw();
  lines_drawn_ = 0;
}

/// Returns the text that moves the cursor to the panel's start and clears the rest; empty if there is no panel.
std::string ProgressDisplay::erase_panel() {
  return lines_drawn_ == 0 ? std::string() : fmt::format("\x1b[{}A\r\x1b[J", lines_drawn_);
}

void ProgressDisplay::draw_if_due(double seconds) {
  if (seconds - drawn_at_ < kSecondsBetweenDraws) return;
  drawn_at_ = seconds;
  draw();
}

/// Reports are due by steps, possibly thousands per second. Lines are rare, and their rate is since the previous line.
void ProgressDisplay::write_line_if_due(const Report& report) {
  if (report.seconds - drawn_at_ < kSecondsBetweenLines) return;
  drawn_at_ = report.seconds;
  Report shown = report;
  measure_rate(report);
  if (rate_ > 0) shown.steps_per_second = rate_;
  write(report_line(shown, view_.total_steps) + '\n');
}

/// Measures the rate over at least a quarter of a second. Since the previous report, the time may be too short for a
/// meaningful rate.
void ProgressDisplay::measure_rate(const Report& report) {
  const double seconds = report.seconds - measured_at_;
  if (seconds < kSecondsBetweenDraws) return;
  rate_ = static_cast<double>(report.step - measured_step_) / seconds;
  measured_at_ = report.seconds;
  measured_step_ = report.step;
}

void ProgressDisplay::draw() {
  if (setup_.history != nullptr) view_.mean_returns = setup_.history->curve(kMeanReturnName);
  const auto lines = progress_panel(view_, setup_.width());
  std::string text = lines_drawn_ == 0 ? std::string() : fmt::format("\x1b[{}A\r", lines_drawn_);
  for (const std::string& line : lines) text += line + "\x1b[K\n";
  write(text);
  lines_drawn_ = lines.size();
}

/// Writes in one piece, so that a panel never appears half drawn.
void ProgressDisplay::write(const std::string& text) {
  setup_.stream.write(text.data(), static_cast<std::streamsize>(text.size())).flush();
}

}  // namespace sounder
