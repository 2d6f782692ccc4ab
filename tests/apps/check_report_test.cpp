#include "apps/check_report.h"

#include <boost/json.hpp>
#include <vector>

#include "tests/catch.h"

using namespace sounder;

namespace {

std::vector<CheckResult> some_results() {
  return {{"spaces", "the spec is valid", CheckOutcome::passed, "a box", "a box", "it is"},
          {"spaces", "bounds are near", CheckOutcome::skipped, "there are none", "near ones", "far is far"},
          {"rewards", "rewards are small", CheckOutcome::warning, "a reward of 7", "rewards up to 1", "7 is more"},
          {"rewards", "rewards are finite", CheckOutcome::failed, "a reward of nan", "a finite one",
           "one nan makes everything nan, and what is nan stays nan to the end of the run"}};
}

}  // namespace

TEST_CASE("A report lists every check, then failures, then warnings, and ends with their numbers") {
  const auto results = some_results();
  const CheckReport report{.environment = "Task-v0", .results = results};
  CHECK_FALSE(report.passed());
  CHECK(human_report(report, {.columns = 60}) ==
        "spaces\n"
        "  passed   the spec is valid\n"
        "  skipped  bounds are near: there are none\n"
        "rewards\n"
        "  warning  rewards are small\n"
        "  failed   rewards are finite\n"
        "\n"
        "failed   rewards are finite\n"
        "  seen      a reward of nan\n"
        "  expected  a finite one\n"
        "  because   one nan makes everything nan, and what is nan\n"
        "            stays nan to the end of the run\n"
        "\n"
        "warning  rewards are small\n"
        "  seen      a reward of 7\n"
        "  expected  rewards up to 1\n"
        "  because   7 is more\n"
        "\n"
        "Task-v0: 1 error, 1 warning in 4 checks (1 skipped)\n");
}

TEST_CASE("A report lists the parts of a flattened observation") {
  const std::vector<CheckResult> results{some_results().front()};
  const std::vector<remote::ObservationPart> parts{
      {"mode", "Discrete(2), one-hot", 2}, {"arm.speed", "Box [1]", 1}, {"", "Box [2, 3]", 6}};
  const CheckReport report{.environment = "Task-v0", .results = results, .observation_parts = parts};
  CHECK(human_report(report) ==
        "observations are flattened, in this order\n"
        "  0 to 1          mode: Discrete(2), one-hot\n"
        "  2               arm.speed: Box [1]\n"
        "  3 to 8          Box [2, 3]\n"
        "spaces\n"
        "  passed   the spec is valid\n"
        "\n"
        "Task-v0: no errors, no warnings in 1 checks\n");
  const auto object = boost::json::parse(json_report(report)).as_object();
  CHECK(boost::json::serialize(object.at("observation_parts").at(1)) ==
        R"({"name":"arm.speed","space":"Box [1]","numbers":1})");
  CHECK_FALSE(boost::json::parse(json_report({.environment = "Task-v0", .results = results}))
                  .as_object()
                  .contains("observation_parts"));
}

TEST_CASE("A report keeps the line breaks of an environment's output") {
  const std::vector<CheckResult> results{{"playing", "it plays", CheckOutcome::failed,
                                          "it was lost; it printed last:\n    Traceback\n      in step", "a step",
                                          "no"}};
  CHECK(human_report({.environment = "Task-v0", .results = results})
            .find("  seen      it was lost; it printed last:\n"
                  "            Traceback\n"
                  "            in step\n"
                  "  expected  a step\n") != std::string::npos);
}

TEST_CASE("A report states an environment's speed in readable units") {
  const auto results = std::vector<CheckResult>{some_results().front()};
  const auto speed_line = [&](const Speed& speed) {
    const std::string text = human_report({.environment = "Task-v0", .results = results, .speed = speed});
    return text.substr(text.find("The environment alone"));
  };
  CHECK(speed_line({.median = 2.5e6, .min = 1e6, .max = 3e7}) ==
        "The environment alone runs at 2.50 million steps per second (1.00 million to 30.00 million)\n");
  CHECK(speed_line({.median = 2.5e4, .min = 900, .max = 3e5}) ==
        "The environment alone runs at 25.0 thousand steps per second (900.0 to 300.0 thousand)\n");
}

TEST_CASE("Colours change nothing but the outcomes") {
  const auto results = some_results();
  const CheckReport report{.environment = "Task-v0", .results = results};
  std::string text = human_report(report, {.columns = 60, .color = ReportLayout::Color::ansi});
  CHECK(text.find("  \x1b[1;31mfailed \x1b[0m  rewards are finite\n") != std::string::npos);
  for (std::size_t at = text.find('\x1b'); at != std::string::npos; at = text.find('\x1b')) {
    text.erase(at, text.find('m', at) + 1 - at);
  }
  CHECK(text == human_report(report, {.columns = 60}));
}

TEST_CASE("A report's JSON has all findings") {
  const auto results = some_results();
  const Speed speed{.median = 2, .min = 1, .max = 3};
  const auto object =
      boost::json::parse(json_report({.environment = "Task-v0", .results = results, .speed = speed})).as_object();
  CHECK(object.at("env") == "Task-v0");
  CHECK(object.at("passed") == false);
  CHECK(object.at("errors") == 1);
  CHECK(object.at("warnings") == 1);
  CHECK(object.at("skipped") == 1);
  CHECK(object.at("checks").as_array().size() == 4);
  CHECK(object.at("checks").at(2) == boost::json::value{{"topic", "rewards"},
                                                        {"name", "rewards are small"},
                                                        {"outcome", "warning"},
                                                        {"seen", "a reward of 7"},
                                                        {"expected", "rewards up to 1"},
                                                        {"why", "7 is more"}});
  CHECK(object.at("steps_per_second").at("max").to_number<double>() == 3);
}
