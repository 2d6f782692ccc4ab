#include "apps/plot/plot.h"

#include "apps/plot/axis.h"
#include "apps/plot/chart.h"
#include "apps/plot/frame.h"
#include "envs/error.h"
#include "tests/catch.h"
#include "tests/core/checkpoint/fixtures.h"

namespace fs = std::filesystem;
namespace chart = sounder::chart;
using sounder::Error;
using sounder::plot;
using sounder::UsageError;
using sounder::test::contains;
using sounder::test::error_of;
using sounder::test::read_bytes;
using sounder::test::TemporaryFolder;
using sounder::test::write_bytes;

namespace {

struct RunToWrite {
  std::string environment = "CartPole-v1";
  std::string algorithm = "a3c";
  int episodes = 30;
};

fs::path write_run(const fs::path& path, const RunToWrite& run) {
  fs::create_directories(path / "monitor");
  write_bytes(path / "config.toml",
              "environment = \"" + run.environment + "\"\nalgorithm = \"" + run.algorithm + "\"\nworkers = 1\n");
  std::string monitor = "#{}\nr,l,t\n";
  for (int episode = 1; episode <= run.episodes; ++episode) {
    monitor +=
        std::to_string(episode) + ".0," + std::to_string(episode) + ",0." + std::to_string(1000 + episode) + "\n";
  }
  write_bytes(path / "monitor" / "0.monitor.csv", monitor);
  return path;
}

}  // namespace

TEST_CASE("Ticks are the round numbers within a range") {
  CHECK(chart::round_ticks({0, 100}, 6) == std::vector<double>{0, 20, 40, 60, 80, 100});
  CHECK(chart::round_ticks({-3, 510}, 7) == std::vector<double>{0, 100, 200, 300, 400, 500});
  CHECK(chart::round_ticks({-1650, -120}, 5) == std::vector<double>{-1500, -1000, -500});
  CHECK(chart::round_ticks({0.01, 0.05}, 6).size() == 5);
  CHECK(chart::round_ticks({99'000, 101'000}, 3) == std::vector<double>{99'000, 100'000, 101'000});
}

TEST_CASE("There are never more ticks than asked for") {
  for (int count = 2; count < 12; ++count) {
    for (const double high : {1e-9, 0.37, 1.0, 99.99, 500.0, 123'456.0, 7e12}) {
      CHECK(chart::round_ticks({0, high}, count).size() <= static_cast<std::size_t>(count));
      CHECK(chart::round_ticks({-high, high}, count).size() <= static_cast<std::size_t>(count));
    }
  }
}

TEST_CASE("Numbers on axes are short") {
  CHECK(chart::short_number(0) == "0");
  CHECK(chart::short_number(0.1 + 0.2) == "0.3");
  CHECK(chart::short_number(-200) == "\u2212200");
  CHECK(chart::short_number(5000) == "5000");
  CHECK(chart::short_number(50'000) == "50k");
  CHECK(chart::short_number(1'500'000) == "1.5M");
  CHECK(chart::short_number(48'123, 3) == "48.1k");
  CHECK(chart::short_number(999'999, 3) == "1M");
}

TEST_CASE("A frame contains all points with a margin, extends to near ticks, and has high values at the top") {
  const chart::Frame frame = chart::fit_frame({.left = 100, .top = 10, .right = 300, .bottom = 210},
                                              {{chart::Trace{{{50, 12}, {100, 490}}}, {}, ""}});
  CHECK(frame.steps.low == 0);
  CHECK(frame.steps.high == 102);
  CHECK(frame.values.low == Approx(12 - 0.05 * 478));
  CHECK(frame.values.high == Approx(490 + 0.05 * 478));
  CHECK(frame.x(0) == 100);
  CHECK(frame.x(51) == 200);
  CHECK(frame.y(frame.values.high) == 10);
  CHECK(frame.y(frame.values.low) == 210);
  // 475 with its margin is below 500 by less than 0.4 of the ticks' distance.
  CHECK(chart::fit_frame({}, {{chart::Trace{{{50, 12}, {100, 450}}}, {}, ""}}).values.high == 500);
}

TEST_CASE("A constant curve has a frame too") {
  const chart::Frame frame =
      chart::fit_frame({.left = 0, .top = 0, .right = 1, .bottom = 1}, {{chart::Trace{{{5, 0}}}, {}, ""}});
  CHECK(frame.values.low < 0);
  CHECK(frame.values.high > 0);
}

TEST_CASE("One run becomes an SVG picture that contains its title and legend as text") {
  const TemporaryFolder folder;
  const fs::path run = write_run(folder / "run", {.environment = "A<B&C"});
  write_bytes(run / "evaluations.csv",
              "step,seconds,mean,std,median,iqm,ci95_low,ci95_high,min,max,mean_length,episodes,solved\n"
              "300,0.25,20,1,20,20,18,22,1,30,20,100,false\n"
              "400,0.31,25.5,1,20,20,18,22,1,30,20,100,true\n");
  write_bytes(run / "summary.json", "{\"reward_threshold\": 25}");
  plot({.runs = {run}, .output = folder / "curve.svg"});
  const std::string svg = read_bytes(folder / "curve.svg");
  CHECK(svg.starts_with("<?xml"));
  CHECK(svg.ends_with("</svg>\n"));
  CHECK(contains(svg, "<title>A&lt;B&amp;C</title>"));
  CHECK(contains(svg,
                 "a3c, 1 worker, seed 1: solved after 400 steps, 0.31 s of training; episode; threshold 25; "
                 "mean of 100 episodes; evaluation, 95 % interval; solved</desc>"));
}

TEST_CASE("One run becomes a PNG picture of twice the size") {
  const TemporaryFolder folder;
  plot({.runs = {write_run(folder / "run", {})}, .output = folder / "curve.png"});
  const std::string png = read_bytes(folder / "curve.png");
  CHECK(png.starts_with("\x89PNG\r\n\x1a\n"));
  CHECK(png.substr(12, 12) == std::string("IHDR\0\0\x07\x80\0\0\x04\x38", 12));  // 1920 x 1080
  CHECK(png.size() > 10'000);
}

TEST_CASE("Several runs of one kind become their interquartile mean with a band") {
  const TemporaryFolder folder;
  const fs::path one = write_run(folder / "1", {});
  const fs::path two = write_run(folder / "2", {});
  plot({.runs = {one, two}, .output = folder / "curve.svg"});
  const std::string svg = read_bytes(folder / "curve.svg");
  CHECK(contains(svg, "<title>CartPole-v1</title>"));
  CHECK(contains(svg,
                 "interquartile mean over runs of the mean of the last 100 episodes; a3c, 2 runs; "
                 "95 % bootstrap interval</desc>"));
}

TEST_CASE("The legend distinguishes runs of several kinds") {
  const TemporaryFolder folder;
  const fs::path one = write_run(folder / "1", {});
  const fs::path two = write_run(folder / "2", {.algorithm = "one_step_q"});
  const fs::path three = write_run(folder / "3", {.environment = "Acrobot-v1"});
  plot({.runs = {one, two}, .output = folder / "curve.svg"});
  CHECK(contains(read_bytes(folder / "curve.svg"), "; a3c, 1 run; one_step_q, 1 run</desc>"));
  const fs::path four = write_run(folder / "4", {});
  plot({.runs = {one, two, three, four}, .output = folder / "curve.svg"});
  const std::string svg = read_bytes(folder / "curve.svg");
  CHECK(contains(svg, "<title>Learning curves</title>"));
  CHECK(contains(svg, "; CartPole-v1, a3c, 2 runs; CartPole-v1, one_step_q, 1 run; Acrobot-v1, a3c, 1 run; 95 %"));
}

TEST_CASE("A run that is named twice, by a link or otherwise, counts once") {
  const TemporaryFolder folder;
  const fs::path one = write_run(folder / "1", {});
  const fs::path two = write_run(folder / "2", {});
  fs::create_directory_symlink("2", folder / "latest");
  plot({.runs = {one, two, folder / "latest", folder / "." / "1"}, .output = folder / "curve.svg"});
  CHECK(contains(read_bytes(folder / "curve.svg"), "; a3c, 2 runs; "));
  // One run by two names is one run, with its episodes.
  plot({.runs = {two, folder / "latest"}, .output = folder / "curve.svg"});
  CHECK(contains(read_bytes(folder / "curve.svg"), "a3c, 1 worker, seed 1; episode; "));
}

TEST_CASE("Runs that cannot be plotted are an error that says why, and no picture is left") {
  const TemporaryFolder folder;
  const fs::path run = write_run(folder / "run", {});
  const fs::path empty = write_run(folder / "empty", {.episodes = 0});
  const fs::path output = folder / "curve.svg";
  CHECK(contains(error_of<UsageError>([&] { plot({.runs = {run}, .output = folder / "curve.jpg"}); }), "curve.jpg"));
  CHECK(contains(error_of<UsageError>([&] { plot({.runs = {}, .output = output}); }), "got none"));
  CHECK(contains(error_of<Error>([&] { plot({.runs = {run, empty}, .output = output}); }), "no finished episode yet"));
  CHECK(contains(error_of<Error>([&] { plot({.runs = {folder.path()}, .output = output}); }), "is not a run folder"));
  CHECK(
      contains(error_of<Error>([&] { plot({.runs = {folder / "no"}, .output = output}); }), "there is no run folder"));
  CHECK_FALSE(fs::exists(output));
  CHECK(
      contains(error_of<Error>([&] { plot({.runs = {run}, .output = folder / "no" / "curve.svg"}); }), "cannot write"));
}
