#include "apps/library/train_outcome.h"

#include <boost/json.hpp>
#include <string>

#include "tests/catch.h"

using sounder::kNotMeasured;
using sounder::Measures;
using sounder::TrainReport;

namespace {

const sounder::TrainConfig kConfig{.environment = "Some-v0"};
const sounder::EnvironmentSpec kSpec{};

TrainReport report(Measures measures) {
  TrainReport report;
  report.staleness = 1.25;
  report.means.measures = std::move(measures);
  return report;
}

/// Returns the line on sharing.
std::string line(const TrainReport& report) {
  const std::string text = sounder::to_text({.config = kConfig, .spec = kSpec, .report = report, .remote = {}});
  const std::size_t begin = text.find("  mean staleness");
  return text.substr(begin, text.find('\n', begin) - begin);
}

}  // namespace

TEST_CASE("A run's outcome says in words what its sharing scheme measured") {
  CHECK(line(report({})) == "  mean staleness 1.25 updates");
  CHECK(line(report({{.name = "train/lost_updates", .unit = "fraction", .value = 0.0081},
                     {.name = "train/block_updates_min", .unit = "updates", .value = 3},
                     {.name = "train/block_share", .unit = "fraction", .value = 0.0154},
                     {.name = "share/bytes_per_step", .unit = "bytes", .value = 2'345}})) ==
        "  mean staleness 1.25 updates, 0.81 % of the updates lost, 1.54 % of the parameters in an update");
  CHECK(line(report({{.name = "share/disagreement", .unit = "fraction", .value = 0.00412}})) ==
        "  mean staleness 1.25 updates, peers within 0.41 % of their mean");
  CHECK(line(report({{.name = "share/version_spread", .unit = "updates", .value = 4}})) ==
        "  mean staleness 1.25 updates, shards' versions differ by 4");
  CHECK(line(report({{.name = "share/disagreement", .unit = "fraction", .value = kNotMeasured}})) ==
        "  mean staleness 1.25 updates");
}

TEST_CASE("A run's JSON has every measure of its sharing scheme, by the last part of its name") {
  const TrainReport measured = report({{.name = "share/disagreement", .unit = "fraction", .value = 0.5},
                                       {.name = "share/bytes_per_step", .unit = "bytes", .value = kNotMeasured}});
  const boost::json::value json =
      boost::json::parse(sounder::to_json({.config = kConfig, .spec = kSpec, .report = measured, .remote = {}}));
  CHECK(json.at("disagreement") == 0.5);
  CHECK(json.at("bytes_per_step").is_null());
}
