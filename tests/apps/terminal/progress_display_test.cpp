#include "apps/terminal/progress_display.h"

#include <algorithm>
#include <sstream>

#include "tests/catch.h"

using sounder::Evaluation;
using sounder::ProgressDisplay;
using sounder::Report;
using sounder::Series;

namespace {

Report at(std::int64_t step, double seconds) {
  Report report;
  report.step = step;
  report.seconds = seconds;
  return report;
}

/// Makes a display of a run of 1,000 steps.
ProgressDisplay display(std::ostream& stream, ProgressDisplay::Mode mode, const Series* history = nullptr) {
  ProgressDisplay made({.mode = mode, .stream = stream, .width = [] { return std::size_t{80}; }, .history = history});
  made.begin({.config = {.steps = 1'000}, .spec = {}, .network = {}, .backend = {}});
  return made;
}

/// What a terminal shows after it was written to: the lines, in the end.
std::vector<std::string> screen(const std::string& written) {
  std::vector<std::string> lines(1);
  std::size_t row = 0;
  for (std::size_t i = 0; i < written.size(); ++i) {
    if (written[i] == '\n') {
      if (++row == lines.size()) lines.emplace_back();
    } else if (written[i] == '\r') {
      continue;  // what follows it always begins or clears a line
    } else if (written[i] == '\x1b') {
      const std::size_t end = written.find_first_of("AJK", i);
      if (written[end] == 'A') row -= std::stoul(written.substr(i + 2, end - i - 2));
      if (written[end] == 'J') lines.resize(row + 1), lines[row].clear();
      // A line is rewritten from its beginning by what stands before its "clear to the end".
      i = end;
    } else {
      const std::size_t end = written.find_first_of("\x1b\n", i);
      lines[row] = written.substr(i, end - i);
      i = end - 1;
    }
  }
  return lines;
}

std::size_t draws(const std::string& written) {
  std::size_t count = 0;
  for (std::size_t i = written.find(" of 1,000 steps"); i != std::string::npos;
       i = written.find(" of 1,000 steps", i + 1)) {
    ++count;
  }
  return count;
}

}  // namespace

TEST_CASE("A panel is redrawn in place, and at most four times a second") {
  std::ostringstream stream;
  ProgressDisplay panel = display(stream, ProgressDisplay::Mode::panel);
  for (int i = 0; i <= 1'000; ++i) panel.progress(at(i, i * 0.001));
  // At 0, 0.25, 0.5, 0.75 and 1 s.
  CHECK(draws(stream.str()) == 5);
  const auto lines = screen(stream.str());
  REQUIRE(lines.size() == 10);
  CHECK(lines[0].starts_with("100 %"));
  CHECK(lines[9].empty());
}

TEST_CASE("The rate in a panel is taken over the time between two draws") {
  std::ostringstream stream;
  ProgressDisplay panel = display(stream, ProgressDisplay::Mode::panel);
  Report report = at(100, 1);
  report.steps_per_second = 50;
  panel.progress(report);
  CHECK(screen(stream.str())[0].ends_with("50/s   0:18 left"));
  // Reports come more often; the rate since the last of them is not shown.
  report = at(300, 1.2);
  report.steps_per_second = 1e9;
  panel.report(report);
  report = at(500, 1.5);
  report.steps_per_second = 1e9;
  panel.progress(report);
  // 400 steps in half a second; 500 are left.
  CHECK(screen(stream.str())[0].ends_with("800/s   0:01 left"));
}

TEST_CASE("Evaluations do not make a panel redraw faster") {
  std::ostringstream stream;
  ProgressDisplay panel = display(stream, ProgressDisplay::Mode::panel);
  Evaluation evaluation;
  evaluation.returns = {7};
  for (int i = 0; i <= 500; ++i) {
    evaluation.seconds = i * 0.001;
    panel.evaluation(evaluation);
    panel.report(at(i, i * 0.001));
  }
  CHECK(draws(stream.str()) == 3);
}

TEST_CASE("At its end a run's own means are drawn, and stay above what is written next") {
  std::ostringstream stream;
  ProgressDisplay panel = display(stream, ProgressDisplay::Mode::panel);
  Report report = at(100, 1);
  report.staleness = 1;
  panel.report(report);
  // The last interval: a few steps, of which hardly anything was measured.
  report = at(990, 1.1);
  report.staleness = 31;
  panel.report(report);
  Report means = at(990, 1.1);
  means.steps_per_second = 900;
  means.staleness = 0.87;
  means.measures = {{.name = "train/lost_updates", .unit = "fraction", .value = 0.015}};
  means.phase_shares = {0.25, 0.5, 0.125, 0.125};
  panel.end({.means = means});
  stream << "summary\n";
  const auto lines = screen(stream.str());
  REQUIRE(lines.size() == 11);
  CHECK(lines[0].starts_with(" 99 %"));
  CHECK(lines[0].find("900/s") != std::string::npos);
  CHECK(lines[6] == "sharing     staleness 0.87   lost updates 1.50 %");
  CHECK(lines[8] == "time        environment 25 %   forward 50 %   learn 12 %   share 12 %");
  CHECK(lines[9] == "summary");
}

TEST_CASE("A warning stands above the panel") {
  std::ostringstream stream;
  ProgressDisplay panel = display(stream, ProgressDisplay::Mode::panel);
  panel.progress(at(10, 1));
  panel.warning("the disk is full");
  panel.progress(at(20, 2));
  const auto lines = screen(stream.str());
  REQUIRE(lines.size() == 11);
  CHECK(lines[0] == "sounder: warning: the disk is full");
  CHECK(lines[1].starts_with("  2 %"));
}

TEST_CASE("A panel draws the mean returns of the whole run, those before it was resumed included") {
  std::ostringstream stream;
  Series history;
  history.report({.step = 100, .mean_return = 9});  // read from the run's folder
  ProgressDisplay panel = display(stream, ProgressDisplay::Mode::panel, &history);
  Report report = at(200, 1);
  report.mean_return = 20;
  for (sounder::MetricsSink* sink :
       {static_cast<sounder::MetricsSink*>(&history), static_cast<sounder::MetricsSink*>(&panel)}) {
    sink->report(report);
  }
  CHECK(screen(stream.str())[2].ends_with("   lowest 9.0   highest 20.0"));
}

TEST_CASE("A figure that one report did not measure stays as it was") {
  std::ostringstream stream;
  ProgressDisplay panel = display(stream, ProgressDisplay::Mode::panel);
  Report report = at(10, 1);
  report.entropy = 0.5;
  report.mean_return = 20;
  panel.report(report);
  report = at(20, 2);
  report.mean_return = 30;
  panel.progress(report);
  const auto lines = screen(stream.str());
  CHECK(lines[1].find("mean return 30.0") != std::string::npos);
  CHECK(lines[4].ends_with("entropy 0.5"));
}

TEST_CASE("Where there is no terminal, a report and an evaluation are a line each, without escape codes") {
  std::ostringstream stream;
  ProgressDisplay lines = display(stream, ProgressDisplay::Mode::lines);
  Evaluation evaluation;
  evaluation.returns = {7};
  lines.progress(at(10, 1));
  lines.report(at(100, 2));
  lines.evaluation(evaluation);
  lines.warning("careful");
  lines.progress(at(200, 3));
  lines.end({.means = at(200, 3)});
  const std::string written = stream.str();
  CHECK(std::count(written.begin(), written.end(), '\n') == 3);
  CHECK(written.find('\x1b') == std::string::npos);
  CHECK(written.starts_with("step 100 (10 %)"));
  CHECK(written.ends_with("sounder: warning: careful\n"));
}

TEST_CASE(
    "Where there is no terminal, reports are a line at most every five seconds, with the rate since the one before") {
  std::ostringstream stream;
  ProgressDisplay lines = display(stream, ProgressDisplay::Mode::lines);
  // A report every 10 ms, each of which measured a rate of its own.
  for (int i = 1; i <= 1'000; ++i) {
    Report report = at(i, i * 0.01);
    report.steps_per_second = 7e6;
    lines.report(report);
  }
  lines.end({.means = at(1'000, 10)});
  const std::string written = stream.str();
  // At 0.01 s and 5.01 s.
  REQUIRE(std::count(written.begin(), written.end(), '\n') == 2);
  CHECK(written.starts_with("step 1 (0 %), 7,000,000/s"));
  CHECK(written.find("\nstep 501 (50 %), 100/s, 0:05 left: ") != std::string::npos);
}
