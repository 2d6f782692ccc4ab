#include "apps/replay.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <cmath>

#include "core/running/trace.h"

namespace sounder {
namespace {

std::string human_text(const TraceFile& file, const ReplayReport& report, const ReplayRequest& request) {
  std::string text = fmt::format("{}: {} traces, {} steps\n", file.environment_id, report.traces, report.steps);
  const std::string where = report.largest_at.empty() ? "" : fmt::format(" at {}", report.largest_at);
  text +=
      fmt::format("largest deviation {:.3g}{} (tolerance {:g})\n", report.largest_deviation, where, request.tolerance);
  if (report.terminated_mismatches > 0) {
    text += fmt::format("terminated differs in {} steps, first at {}\n", report.terminated_mismatches,
                        report.first_terminated_mismatch_at);
  }
  return text;
}

std::string json_text(const TraceFile& file, const ReplayReport& report, const ReplayRequest& request, bool passed) {
  boost::json::object object{{"file", request.file.string()},
                             {"env", file.environment_id},
                             {"traces", report.traces},
                             {"steps", report.steps},
                             {"tolerance", request.tolerance},
                             {"largest_deviation", nullptr},
                             {"largest_at", report.largest_at},
                             {"terminated_mismatches", report.terminated_mismatches},
                             {"first_terminated_mismatch_at", report.first_terminated_mismatch_at},
                             {"passed", passed}};
  // JSON has no infinity or NaN, so null stands for a deviation that is not finite.
  if (std::isfinite(report.largest_deviation)) object["largest_deviation"] = report.largest_deviation;
  return boost::json::serialize(object);
}

}  // namespace

int replay(const ReplayRequest& request, const Registry& environments) {
  const TraceFile file = read_traces(request.file);
  Environment environment = environments.make(file.environment_id);
  const ReplayReport report = replay_traces(file, environment);
  const bool passed = report.largest_deviation <= request.tolerance && report.terminated_mismatches == 0;
  if (request.output == Output::json) {
    print_json(json_text(file, report, request, passed));
  } else {
    print_human(human_text(file, report, request));
  }
  return passed ? 0 : 1;
}

}  // namespace sounder
