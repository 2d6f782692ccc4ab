#include "apps/sinks.h"

#include <fstream>
#include <string>
#include <vector>

#include "apps/terminal/progress_display.h"
#include "core/metrics/scalars.h"
#include "core/metrics/series.h"
#include "tests/apps/temporary_folder.h"
#include "tests/catch.h"
#include "tests/core/running/tell_logs.h"

using namespace sounder;
using sounder::testing::TemporaryFolder;

TEST_CASE("The history of a run that is resumed begins where the run did; a damaged log costs that, with a warning") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "run";
  const RunFolder run = RunFolder::create(
      path, {.identity = {.environment = "Fake-v0", .algorithm = "a3c", .seed = 1, .workers = 1}, .config = ""});
  for (const std::int64_t step : {100, 200}) test::tell(run, Report{.step = step, .mean_return = 5});
  std::vector<std::string> warnings;
  const auto points = [&](const std::filesystem::path& resumed) {
    const auto sinks =
        make_sinks({.resumed = resumed, .warn = [&](const std::string& message) { warnings.push_back(message); }});
    REQUIRE(sinks.size() == 2);
    CHECK(dynamic_cast<ProgressDisplay*>(sinks[1].get()) != nullptr);  // behind the history that it shows
    const auto* history = dynamic_cast<Series*>(sinks[0].get());
    REQUIRE(history != nullptr);
    return history->curve(kMeanReturnName).size();
  };
  CHECK(points({}) == 0);
  CHECK(points(path) == 2);
  CHECK(warnings.empty());

  std::ofstream(path / "evaluations.csv") << "step,mean\n100,5\n";  // it is read last
  CHECK(points(path) == 0);
  REQUIRE(warnings.size() == 1);
  CHECK_THAT(warnings[0], Catch::Contains("evaluations.csv") &&
                              Catch::Matchers::Contains("; what is shown begins where the run goes on"));
}
