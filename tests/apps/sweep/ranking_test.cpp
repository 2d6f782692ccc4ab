#include "apps/sweep/ranking.h"

#include <boost/json.hpp>
#include <cmath>
#include <limits>

#include "apps/sweep/report.h"
#include "envs/program.h"
#include "tests/catch.h"

using namespace sounder;
using namespace sounder::sweeping;

namespace {

/// Returns a plan with a number of settings, where `rollout` is 1, 2, ...
Plan plan_of(std::size_t settings, std::int64_t seeds) {
  Plan plan{.ranges = {"rollout=..."}, .keys = {"rollout"}, .seeds = seeds};
  for (std::size_t i = 0; i < settings; ++i) {
    plan.settings.push_back({.values = {std::to_string(i + 1)}, .config = {}});
    plan.settings.back().config.environment = "Task-v0";
  }
  return plan;
}

TrialResult solved_at(double step, double mean_return) {
  return {.state = TrialResult::State::finished,
          .solved = true,
          .solved_step = step,
          .solved_seconds = step / 1'000,
          .best_mean_return = mean_return,
          .last_mean_return = mean_return - 1};
}

TrialResult unsolved(double mean_return) {
  return {.state = TrialResult::State::finished, .best_mean_return = mean_return, .last_mean_return = mean_return};
}

TrialResult failed(const std::string& error) {
  return {.state = TrialResult::State::failed, .error = error};
}

std::vector<std::size_t> order(const std::vector<SettingScore>& scores) {
  std::vector<std::size_t> settings;
  for (const SettingScore& score : scores) settings.push_back(score.setting);
  return settings;
}

}  // namespace

TEST_CASE("Settings are ranked by seeds solved, then by the mean return, then by the steps") {
  // Trials are in order of seeds: one for each setting, then those of the next seed.
  const std::vector<TrialResult> results{
      unsolved(900), solved_at(500, 480),   solved_at(400, 490), solved_at(300, 490), failed("x"),
      unsolved(899), solved_at(9'000, 480), solved_at(500, 490), solved_at(300, 490), failed("x")};
  CHECK(order(rank(plan_of(5, 2), results)) == std::vector<std::size_t>{3, 2, 1, 0, 4});
}

TEST_CASE("A setting's score counts its own trials, and an unsolved seed as infinitely long") {
  const std::vector<TrialResult> results{solved_at(100, 480), unsolved(10),  solved_at(300, 500),
                                         unsolved(30),        unsolved(400), solved_at(200, 20)};
  const auto scores = rank(plan_of(2, 3), results);
  REQUIRE(order(scores) == std::vector<std::size_t>{0, 1});
  CHECK(scores[0].finished == 3);
  CHECK(scores[0].solved == 2);
  CHECK(scores[0].median_steps == 300);
  CHECK(scores[0].median_seconds == Approx(0.3));
  CHECK(scores[1].solved == 1);
  CHECK(std::isinf(scores[1].median_steps));
}

TEST_CASE("Mean returns over seeds are interquartile means: the outer quarters do not count") {
  const std::vector<TrialResult> results{unsolved(-1'000), unsolved(10), unsolved(20), unsolved(1'000)};
  const SettingScore score = rank(plan_of(1, 4), results).front();
  CHECK(score.best_mean_return == Approx(15));
  CHECK(score.last_mean_return == Approx(15));
}

TEST_CASE("Trials that failed or have not ended do not count") {
  const std::vector<TrialResult> results{TrialResult{}, solved_at(100, 480), failed("no memory"), TrialResult{}};
  const auto scores = rank(plan_of(2, 2), results);
  REQUIRE(order(scores) == std::vector<std::size_t>{1, 0});
  CHECK(scores[0].finished == 1);
  CHECK(scores[0].median_steps == 100);
  CHECK(scores[1].failed == 1);
  CHECK(scores[1].finished == 0);
  CHECK(std::isnan(scores[1].median_steps));
  CHECK(std::isnan(scores[1].best_mean_return));

  const Plan plan = plan_of(2, 2);
  const SweepView view{.plan = plan, .results = results, .folder = "dir", .running = 1};
  CHECK(progress_line(view) ==
        "4 trials: 1 finished, 1 running, 1 failed; best: rollout=2 (1 of 1 solved, mean return 480.00)");
  const auto object = boost::json::parse(to_json(view)).as_object();
  CHECK(object.at("finished") == 1);
  CHECK(object.at("failed") == 1);
  CHECK(object.at("settings").at(0).at("setting") == 2);
  CHECK(object.at("settings").at(0).at("values").at("rollout") == 2);
  CHECK(object.at("settings").at(1).at("median_steps").is_null());
  CHECK(object.at("failures").at(0).at("trial") == 3);
  CHECK(object.at("failures").at(0).at("error") == "no memory");
  const std::string text = to_text(view);
  CHECK(text.find("\ntrial 3 failed: no memory\n") != std::string::npos);
  CHECK(text.find("\nbest: sounder train --config dir/trials/2.toml\n") != std::string::npos);
  CHECK(text.find("\ngo on: sounder sweep --resume dir\n") != std::string::npos);
  // A user's own program has environments that Sounder's lacks.
  sounder::set_program_name("./thermostat");
  const std::string own = to_text(view);
  sounder::set_program_name("sounder");
  CHECK(own.find("\nbest: ./thermostat train --config dir/trials/2.toml\n") != std::string::npos);
  CHECK(own.find("\ngo on: ./thermostat sweep --resume dir\n") != std::string::npos);
}

TEST_CASE("The rows of results.csv are the trials; cells with commas and quotes are quoted") {
  Plan plan = plan_of(1, 2);
  plan.settings.front().values = {"64,64"};
  const std::vector<TrialResult> results{solved_at(100, 480), failed("expected \"x\", got y")};
  CHECK(to_csv({.plan = plan, .results = results, .folder = "dir"}) ==
        "trial,setting,seed,rollout,state,solved,solved_step,solved_seconds,best_mean_return,last_mean_return,steps,"
        "seconds,error\n"
        "1,1,1,\"64,64\",finished,true,100,0.1,480,479,,,\n"
        "2,1,2,\"64,64\",failed,,,,,,,,\"expected \"\"x\"\", got y\"\n");
}
