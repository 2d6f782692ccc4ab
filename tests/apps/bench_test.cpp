#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "agents/factory.h"
#include "apps/bench/report.h"
#include "apps/bench/results.h"
#include "apps/bench/timing.h"
#include "core/level.h"
#include "tests/apps/calls.h"
#include "tests/catch.h"

namespace json = boost::json;
using namespace sounder::benchmark;
using sounder::testing::Arguments;
using sounder::testing::call;
using sounder::testing::json_of;
using sounder::testing::Outcome;

namespace {

/// Checks that a spread holds positive finite numbers in order.
void check_spread(const json::value& value) {
  const double min = value.at("min").as_double();
  CHECK(min > 0);
  CHECK(min <= value.at("median").as_double());
  CHECK(value.at("median").as_double() <= value.at("max").as_double());
  CHECK(std::isfinite(value.at("max").as_double()));
}

/// Checks common properties of all trainings. Returns their number.
std::size_t check_trainings(const json::value& trainings) {
  for (const json::value& training : trainings.as_array()) {
    INFO(json::serialize(training));
    for (const char* const name : {"steps_per_second", "gflops", "peak_share", "scaling"}) {
      check_spread(training.at(name));
    }
    CHECK(training.at("staleness_mean").as_double() >= 0);
    CHECK((training.at("lost_updates").is_null() || training.at("lost_updates").as_double() >= 0));
    CHECK(training.at("bytes_per_step").as_double() >= 0);
    const double share_time = training.at("share_time").as_double();
    CHECK(share_time >= 0);
    CHECK(share_time <= 1);
  }
  return trainings.as_array().size();
}

/// Checks that all schemes were measured, by one worker.
void check_schemes(const json::object& object) {
  const std::vector<std::string> expected{"hogwild",   "server",    "server 4 shards", "server every 4",
                                          "gala ring", "next ring", "one neuron",      "half the neurons"};
  std::vector<std::string> schemes;
  for (const json::value& scheme : object.at("schemes").as_array()) {
    schemes.emplace_back(scheme.at("scheme").as_string());
    for (const char* const name : {"fetch_microseconds", "give_microseconds", "exchange_microseconds"}) {
      check_spread(scheme.at(name));
    }
  }
  CHECK(schemes == expected);
  const json::array& trainings = object.at("scheme_training").as_array();
  CHECK(check_trainings(trainings) == expected.size());
  // Steps of a rollout: 1 to 20. With it, all parameters come and their gradient goes.
  const double all = 4.0 * (5 * 64 + 65 * 64 + 65 * 3);  // bytes
  const double hogwild = trainings.at(0).at("bytes_per_step").as_double();
  CHECK(hogwild >= 2 * all / 20);
  CHECK(hogwild <= 2 * all);
  const double neuron = trainings.at(6).at("bytes_per_step").as_double();  // of 64 + 64 + 3, one goes
  CHECK(neuron >= all / 20);
  CHECK(neuron < 0.6 * hogwild);
  CHECK_FALSE(trainings.at(0).at("lost_updates").is_null());
  CHECK(trainings.at(1).at("lost_updates").is_null());  // a server loses none
}

TrainingSeries series(const TrainingCase& which, std::vector<double> steps_per_second) {
  return {.which = which, .steps_per_second = std::move(steps_per_second)};
}

Arguments short_bench(const Arguments& more) {
  Arguments arguments{"bench", "--repetitions", "1", "--seconds", "0.01", "--workers", "1"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

}  // namespace

TEST_CASE(
    "A spread is the median, the minimum and the maximum; the median of an even count lies between the middle two") {
  const Spread odd = spread(std::vector<double>{5, 1, 3});
  CHECK(odd.median == 3);
  CHECK(odd.min == 1);
  CHECK(odd.max == 5);
  const Spread even = spread(std::vector<double>{8, 1, 4, 2});
  CHECK(even.median == 3);
  CHECK(even.min == 1);
  CHECK(even.max == 8);
  const Spread single = spread(std::vector<double>{7});
  CHECK(single.median == 7);
  CHECK(single.min == 7);
  CHECK(single.max == 7);
}

TEST_CASE("Ratios compare measurements of the same repetition") {
  // 10 / 5, 40 / 10, 30 / 10: the median of the ratios, 3, where the medians' ratio would be the same; their ends, 2
  // and 4, where the series' own would give 10 / 10 and 40 / 5.
  const Spread ratios = ratio(std::vector<double>{10, 40, 30}, std::vector<double>{5, 10, 10});
  CHECK(ratios.median == 3);
  CHECK(ratios.min == 2);
  CHECK(ratios.max == 4);
}

TEST_CASE("A case is compared with one worker, and with another backend, only within the same configuration") {
  const TrainingCase one{.backend = "fused", .workers = 1, .rollout = 20, .envs_per_worker = 1};
  TrainingCase two = one;
  two.workers = 2;
  TrainingCase other = two;
  other.backend = "torch";
  TrainingCase longer = one;
  longer.rollout = 60;
  TrainingCase sharded = one;
  sharded.scheme = "server";
  const std::vector<TrainingSeries> all{series(longer, {1, 1}), series(sharded, {1, 1}), series(one, {10, 20}),
                                        series(two, {15, 20}), series(other, {5, 10})};
  CHECK(scaling(all, all[3])->median == 1.25);  // of 1.5 and 1
  CHECK(scaling(all, all[3])->max == 1.5);
  CHECK_FALSE(scaling(all, all[4]));
  CHECK(backend_ratio(all, all[3], "torch")->median == 2.5);  // of 3 and 2
  CHECK_FALSE(backend_ratio(all, all[0], "torch"));
}

TEST_CASE("A training's share of the peak refers to the cores of its workers") {
  Results results{.weights = 1'000, .cores = 2, .peak = {600'000, 1'200'000}};
  const TrainingCase one{.backend = "fused", .workers = 1, .rollout = 20, .envs_per_worker = 1};
  TrainingCase four = one;
  four.workers = 4;
  // 6 x 1,000 operations a step: 60,000 and 240,000 a second.
  CHECK(flop_per_second(results, series(one, {10, 40})) == std::vector<double>{60'000, 240'000});
  CHECK(peak_share(results, series(one, {10, 40})).min == Approx(0.1));
  CHECK(peak_share(results, series(one, {10, 40})).max == Approx(0.2));
  CHECK(peak_share(results, series(four, {10, 40})).max == Approx(0.1));  // four workers on two cores
}

TEST_CASE("A peak that varies by more than 10 % and cases that vary by more than 25 % are noise") {
  const TrainingCase which{.backend = "fused", .workers = 1, .rollout = 20, .envs_per_worker = 1};
  Results results{.peak = {100, 109}, .last_peak = 105, .training = {series(which, {100, 124})}};
  CHECK(noise(results).empty());
  results.last_peak = 111;
  REQUIRE(noise(results).size() == 1);
  CHECK(noise(results).front() == "the core's peak varied by 11 % (more than 10 %)");
  results.training.push_back(series(which, {130, 100}));
  REQUIRE(noise(results).size() == 2);
  CHECK(noise(results).back() == "1 of 2 cases varied by more than 25 % between repetitions, by 30 % at most");
  results.scheme_training.push_back(series(which, {100, 140}));
  results.schemes.push_back(
      {.name = "server", .fetch_seconds = {1, 1.5}, .give_seconds = {2, 1}, .exchange_seconds = {1, 1}});
  CHECK(noise(results).back() == "4 of 6 cases varied by more than 25 % between repetitions, by 100 % at most");
}

TEST_CASE("A report converts its units, and compares no backends if there is only one") {
  const TrainingCase which{.backend = "fused", .workers = 1, .rollout = 20, .envs_per_worker = 1};
  TrainingSeries training = series(which, {2e5});
  training.staleness = training.lost_updates = training.share_time = {0.25};
  training.bytes_per_step = {1'500};
  TrainingSeries lossless = training;
  lossless.which.scheme = "server";
  lossless.lost_updates = {sounder::kNotMeasured};
  const Results results{
      .environment = "Some-v0",
      .weights = 1'000,
      .cores = 1,
      .backends = {"fused"},
      .peak = {4e9},
      .last_peak = 4e9,
      .environment_speed = {1e6},
      .pieces = {{.backend = "fused", .name = "act_1", .flop = 2'000, .seconds = {1e-6}}},
      .sharing = {{.name = "pull", .seconds = {3e-6}, .plain_seconds = {2e-6}}},
      .training = {training},
      .schemes = {{.name = "server", .fetch_seconds = {2e-6}, .give_seconds = {3e-6}, .exchange_seconds = {4e-6}}},
      .scheme_training = {lossless}};
  const json::object object = json::parse(to_json(results)).as_object();
  const auto median = [](const json::value& spread) { return Approx(spread.at("median").as_double()); };
  CHECK(median(object.at("peak_gflops")) == 4);
  const json::value& piece = object.at("pieces").at(0);
  CHECK(median(piece.at("microseconds")) == 1);
  CHECK(median(piece.at("gflops")) == 2);
  const json::value& sharing = object.at("sharing").at(0);
  CHECK(median(sharing.at("microseconds")) == 3);
  CHECK(median(sharing.at("plain_microseconds")) == 2);
  CHECK(median(sharing.at("ratio")) == 1.5);
  const json::value& row = object.at("training").at(0);
  CHECK(median(row.at("gflops")) == 1.2);  // 2e5 steps of 6 x 1,000 operations
  CHECK(median(row.at("peak_share")) == 0.3);
  CHECK(row.at("lost_updates") == 0.25);
  CHECK(row.at("bytes_per_step") == 1'500.0);
  CHECK(object.at("backend_ratios").as_array().empty());
  const json::value& scheme = object.at("schemes").at(0);
  CHECK(scheme.at("scheme") == "server");
  CHECK(median(scheme.at("fetch_microseconds")) == 2);
  CHECK(median(scheme.at("give_microseconds")) == 3);
  CHECK(median(scheme.at("exchange_microseconds")) == 4);
  CHECK(object.at("scheme_training").at(0).at("scheme") == "server");
  CHECK(object.at("scheme_training").at(0).at("lost_updates").is_null());
  CHECK(to_text(results).find(" 0.25      -   25.0%    1.50\n") != std::string::npos);
  CHECK(object.at("noisy") == false);
  CHECK(to_text(results).find("fused /") == std::string::npos);
}

TEST_CASE("bench --json prints one object with its measurements, for every installed backend") {
  const Outcome outcome = call(short_bench({"--json"}));
  REQUIRE(outcome.exit_code == 0);
  CHECK(outcome.err.empty());
  const json::object object = json_of(outcome);
  const std::size_t backends = sounder::installed_backend_names().size();
  CHECK(object.at("env") == "CartPole-v1");
  CHECK(object.at("network") == "mlp 4-64-64-(2+1) tanh");
  CHECK(object.at("weights") == 4 * 64 + 64 * 64 + 64 * 3);
  CHECK(object.at("parameters") == 5 * 64 + 65 * 64 + 65 * 3);
  CHECK(object.at("cores").as_int64() >= 1);
  CHECK(object.at("level") == sounder::kLevelNames[sounder::level()].data());
  CHECK(object.at("repetitions") == 1);
  CHECK(object.at("seconds") == 0.01);
  CHECK(object.at("backends").as_array().size() == backends);
  check_spread(object.at("peak_gflops"));
  check_spread(object.at("environment_steps_per_second"));

  CHECK(object.at("pieces").as_array().size() == 4 * backends);
  for (const json::value& piece : object.at("pieces").as_array()) {
    INFO(json::serialize(piece));
    check_spread(piece.at("microseconds"));
    const bool counted = piece.at("piece") != "parameters_changed";
    CHECK(piece.at("gflops").is_null() == !counted);
    if (counted) check_spread(piece.at("gflops"));
  }
  CHECK(object.at("sharing").as_array().size() == 3);
  for (const json::value& piece : object.at("sharing").as_array()) {
    for (const char* const name : {"microseconds", "plain_microseconds", "ratio"}) check_spread(piece.at(name));
  }
  CHECK(check_trainings(object.at("training")) == 6 * backends);
  CHECK(check_trainings(object.at("write_modes")) == 9);
  check_schemes(object);
  CHECK(object.at("backend_ratios").as_array().size() == 6 * (backends - 1));
  for (const json::value& comparison : object.at("backend_ratios").as_array()) check_spread(comparison.at("ratio"));
  CHECK(object.at("noisy").as_bool() == !object.at("noise").as_array().empty());
}

TEST_CASE("bench prints tables for people on stderr, for the named environment") {
  const Outcome outcome = call(short_bench({"Acrobot-v1"}));
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.out.empty());
  CHECK(outcome.err.starts_with("repetition 1 of 1\n"));
  for (const char* const part :
       {"Acrobot-v1", "peak of one core", "act_16", "exchange", "Write modes", "locked", "server 4 shards"}) {
    INFO(part);
    CHECK(outcome.err.find(part) != std::string::npos);
  }
}

TEST_CASE("bench measures networks with memory, and the network that it is given, by the backends that compute it") {
  const auto measured = [](const Arguments& more) {
    Arguments arguments = short_bench(more);
    arguments.emplace_back("--json");
    return json_of(call(arguments));
  };
  CHECK(measured({"TMaze-v0"}).at("network").as_string().starts_with("mlp 3-16-lstm 16-"));
  if (std::ranges::count(sounder::installed_backend_names(), "torch") == 0)
    return;  // which alone computes convolutions
  const json::object images = measured({"Catch-v0", "--network", "cnn"});
  CHECK(images.at("network").as_string().starts_with("cnn "));
  for (const json::value& training : images.at("training").as_array()) {
    CHECK(training.at("backend").as_string() == "torch");
  }
}

TEST_CASE("bench refuses unknown environments and options out of range") {
  const auto usage_error = [](const Arguments& arguments) {
    const Outcome outcome = call(arguments);
    CHECK(outcome.exit_code == 2);
    CHECK(outcome.out.empty());
    return outcome.err;
  };
  CHECK(usage_error({"bench", "CartPole-v9"}) ==
        "sounder: unknown environment 'CartPole-v9'; did you mean 'CartPole-v1'?\n");
  CHECK(usage_error({"bench", "--network", "mpl"}) == "sounder: unknown network 'mpl'; did you mean 'mlp'?\n");
  CHECK(usage_error({"bench", "--repetitions", "0"}) ==
        "sounder: --repetitions: expected integer, 1 to 1000; got '0'\n");
  CHECK(usage_error({"bench", "--seconds", "0"}) == "sounder: --seconds: expected number, 0.001 to 3600; got '0'\n");
  CHECK(usage_error({"bench", "--workers", "-1"}) == "sounder: --workers: expected integer, 1 to 1024; got '-1'\n");
  CHECK(usage_error({"bench", "--workers"}).find("expected a value") != std::string::npos);
}
