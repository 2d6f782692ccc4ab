#include "apps/terminal/progress_panel.h"

#include "tests/catch.h"

using sounder::Evaluation;
using sounder::progress_panel;
using sounder::ProgressView;
using sounder::Report;

namespace {

Report measured() {
  Report report;
  report.step = 225'000;
  report.episodes = 1'234;
  report.updates = 11'250;
  report.seconds = 20;
  report.steps_per_second = 12'500;
  report.mean_return = 123.44;
  report.mean_length = 99.96;
  report.policy_loss = -0.01234;
  report.value_loss = 1.5;
  report.entropy = 0.6931;
  report.learning_rate = 0.000385;
  report.gradient_norm = 12.345;
  report.staleness = 1.25;
  report.measures = {{.name = "train/lost_updates", .unit = "fraction", .value = 0.00012}};
  report.worker_steps = {52'000, 48'000, 50'000, 50'000};
  report.phase_shares = {0.1, 0.5, 0.3, 0.1};
  return report;
}

Evaluation evaluation(std::int64_t step, std::vector<double> returns) {
  Evaluation evaluation;
  evaluation.step = step;
  evaluation.returns = std::move(returns);
  return evaluation;
}

std::size_t columns(const std::string& line) {
  std::size_t count = 0;
  for (const char byte : line) count += (static_cast<unsigned char>(byte) & 0xc0U) != 0x80U ? 1 : 0;
  return count;
}

}  // namespace

TEST_CASE("The panel shows every figure of a report") {
  ProgressView view{.report = measured(), .total_steps = 500'000, .latest = {}, .best = {}};
  view.latest = evaluation(220'000, {470, 471});
  view.best = evaluation(180'000, {499, 500});
  view.mean_returns = {{.step = 0, .value = 10}, {.step = 100'000, .value = 150}, {.step = 200'000, .value = 10}};
  // Of 32 columns, the two in the middle lie 1/31 beside the peak, at 10 + 140 * 30/31, and are the highest.
  // 225,000 of 500,000 is 45 %; of 20 bar characters, 9. 275,000 steps at 12,500 a second are 22 s.
  const std::vector<std::string> expected{
      " 45 % █████████░░░░░░░░░░░ 225,000 of 500,000 steps   12,500/s   0:22 left",
      "training    mean return 123.4   length 100.0   episodes 1,234",
      "return      ▁▁▂▂▃▃▄▄▅▅▆▆▇▇████▇▇▆▆▅▅▄▄▃▃▂▂▁▁   lowest 10.0   highest 145.5",
      "evaluation  mean 470.5 at step 220,000   best 499.5 at step 180,000",
      "learning    policy loss -0.0123   value loss 1.5   entropy 0.693",
      "updates     11,250   learning rate 0.000385   gradient norm 12.3",
      "sharing     staleness 1.25   lost updates 0.01 %",
      "workers     26 % 24 % 25 % 25 %",
      "time        environment 10 %   forward 50 %   learn 30 %   share 10 %",
  };
  CHECK(progress_panel(view, 80) == expected);
}

TEST_CASE("What is not measured is a dash") {
  ProgressView view{.report = {}, .total_steps = 1'000, .latest = {}, .best = {}};
  view.report.worker_steps = {0, 0};
  view.report.phase_shares.fill(sounder::kNotMeasured);
  view.report.measures = {{.name = "train/lost_updates", .unit = "fraction", .value = sounder::kNotMeasured}};
  const auto lines = progress_panel(view, 80);
  CHECK(lines[0] == "  0 % ░░░░░░░░░░░░░░░░░░░░ 0 of 1,000 steps   -/s   - left");
  CHECK(lines[1] == "training    mean return -   length -   episodes 0");
  CHECK(lines[2] == "return      -");
  CHECK(lines[3] == "evaluation  none yet");
  CHECK(lines[4] == "learning    policy loss -   value loss -   entropy -");
  CHECK(lines[6] == "sharing     staleness -   lost updates -");
  CHECK(lines[7] == "workers     - -");
  CHECK(lines[8] == "time        environment -   forward -   learn -   share -");
}

TEST_CASE("A sharing scheme's own measures have a line, by the last part of their names, fractions first") {
  ProgressView view{.report = {}, .total_steps = 1'000, .latest = {}, .best = {}};
  view.report.measures = {{.name = "train/lost_updates", .unit = "fraction", .value = 0.00012},
                          {.name = "train/block_updates_min", .unit = "updates", .value = 12},
                          {.name = "train/block_updates_mean", .unit = "updates", .value = 13.54},
                          {.name = "train/block_updates_max", .unit = "updates", .value = 12'345},
                          {.name = "train/block_share", .unit = "fraction", .value = 0.0154},
                          {.name = "share/disagreement", .unit = "fraction", .value = sounder::kNotMeasured},
                          {.name = "share/bytes_per_step", .unit = "bytes", .value = 2'345}};
  const auto lines = progress_panel(view, 200);
  REQUIRE(lines.size() == 10);
  CHECK(lines[6] == "sharing     staleness -   lost updates 0.01 %   bytes per step 2.35 kB");
  CHECK(lines[7] ==
        "scheme      block share 1.54 %   disagreement -   block updates min 12   block updates mean 13.5   block "
        "updates max 12,345");
  CHECK(progress_panel(view, 33)[7] == "scheme      block share 1.54 %   ");
  CHECK(lines[8].starts_with("workers "));
  CHECK(lines[9].starts_with("time "));
}

TEST_CASE("A sharing scheme without measures of its own has no line") {
  ProgressView view{.report = measured(), .total_steps = 1'000, .latest = {}, .best = {}};
  view.report.measures.push_back({.name = "share/bytes_per_step", .unit = "bytes", .value = 400});
  const auto lines = progress_panel(view, 80);
  REQUIRE(lines.size() == 9);
  CHECK(lines[6] == "sharing     staleness 1.25   lost updates 0.01 %   bytes per step 0.4 kB");
  CHECK(lines[7].starts_with("workers "));
}

TEST_CASE("Bytes are thousands or millions") {
  ProgressView view{.report = {}, .total_steps = 1'000, .latest = {}, .best = {}};
  const auto line = [&](double bytes) {
    view.report.measures = {{.name = "share/bytes_per_step", .unit = "bytes", .value = bytes}};
    return progress_panel(view, 80)[6];
  };
  CHECK(line(123'456) == "sharing     staleness -   bytes per step 123 kB");
  CHECK(line(1'500'000) == "sharing     staleness -   bytes per step 1.5 MB");
  CHECK(line(sounder::kNotMeasured) == "sharing     staleness -   bytes per step -");
}

TEST_CASE("The mean return so far is drawn over evenly spaced steps, from its lowest to its highest value") {
  ProgressView view{.report = {}, .total_steps = 1'000, .latest = {}, .best = {}};
  // On a line: heights of 0, 0.2, 0.4, ... of it, of which there is room for four.
  view.mean_returns = {{.step = 7, .value = -7}, {.step = 14, .value = 0}, {.step = 56, .value = 42}};
  CHECK(progress_panel(view, 16)[2] == "return      ▁▂▄▅");
  CHECK(progress_panel(view, 200)[2].ends_with("█   lowest -7.0   highest 42.0"));
  view.mean_returns = {{.step = 7, .value = 5}, {.step = 14, .value = 5}};
  CHECK(progress_panel(view, 20)[2] == "return      ▁▁▁▁▁▁▁▁");
  view.mean_returns.pop_back();
  CHECK(progress_panel(view, 80)[2] == "return      -");
}

TEST_CASE("Dropped updates and a solved evaluation are shown when there are any") {
  ProgressView view{.report = measured(), .total_steps = 500'000, .latest = evaluation(5, {500}), .best = {}};
  view.report.dropped_updates = 1'500;
  view.latest->solved = true;
  const auto lines = progress_panel(view, 120);
  CHECK(lines[3] == "evaluation  mean 500.0 at step 5, solved");
  CHECK(lines[5].ends_with("gradient norm 12.3   dropped 1,500 (not finite)"));
}

TEST_CASE("No line is wider than the terminal") {
  ProgressView view{.report = measured(), .total_steps = 500'000, .latest = evaluation(5, {500}), .best = {}};
  view.report.worker_steps.assign(64, 1);
  for (const std::size_t width : {1U, 10U, 33U, 80U, 200U}) {
    for (const std::string& line : progress_panel(view, width)) {
      CHECK(columns(line) <= width);
    }
  }
  // Cut between characters, never within one.
  CHECK(progress_panel(view, 8)[0] == " 45 % ██");
}

TEST_CASE("A run beyond its last step is at 100 %, and long spans show hours") {
  ProgressView view{.report = measured(), .total_steps = 225'000, .latest = {}, .best = {}};
  view.report.step = 225'040;
  CHECK(progress_panel(view, 80)[0].starts_with("100 % ████████████████████ 225,040 of 225,000 steps"));
  CHECK(progress_panel(view, 80)[0].ends_with("0:00 left"));
  view.total_steps = 225'040 + 3'723 * 12'500;
  CHECK(progress_panel(view, 80)[0].ends_with("1:02:03 left"));
  view.report.steps_per_second = 0;
  CHECK(progress_panel(view, 80)[0].ends_with("- left"));
}

TEST_CASE("A report and an evaluation are one line each for logs") {
  CHECK(sounder::report_line(measured(), 500'000) ==
        "step 225,000 (45 %), 12,500/s, 0:22 left: return 123.4, length 100.0, policy loss -0.0123, value loss 1.5, "
        "entropy 0.693, gradient norm 12.3, staleness 1.25");
  Evaluation good = evaluation(1'000, {1, 2, 3, 4});
  CHECK(sounder::evaluation_line(good) == "step 1,000: evaluation of 4 episodes, mean return 2.5");
  good.best = true;
  good.solved = true;
  CHECK(sounder::evaluation_line(good) == "step 1,000: evaluation of 4 episodes, mean return 2.5, best so far, solved");
}
