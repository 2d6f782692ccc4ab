#include "apps/sweep/trial_result.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <cmath>

#include "core/checkpoint/atomic_file.h"
#include "core/metrics/csv.h"
#include "core/metrics/files.h"
#include "envs/error.h"

namespace sounder::sweeping {
namespace {

namespace json = boost::json;
namespace fs = std::filesystem;

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

double number(const json::object& object, std::string_view name) {
  const json::value& value = object.at({name.data(), name.size()});
  return value.is_null() ? kNone : value.to_number<double>();
}

/// Converts a number to JSON, with null for NaN and infinities.
json::value number_or_null(double value) {
  return std::isfinite(value) ? json::value(value) : json::value(nullptr);
}

/// Parses a JSON object with a function. Errors name the file.
template <class Read>
TrialResult read_object(const fs::path& file, Read read) {
  const std::string text = read_text_file(file);
  try {
    return read(json::parse(text).as_object());
  } catch (const std::exception& error) {
    throw Error(fmt::format("'{}' is not what a trial leaves: {}", file.string(), error.what()));
  }
}

double last_evaluation(const fs::path& file) {
  const CsvTable table = read_csv(file);
  const std::size_t column = table.find("mean");
  return table.rows() == 0 || column == table.columns.size() ? kNone : table.at(table.rows() - 1, column);
}

}  // namespace

TrialResult read_result(const fs::path& run, const TrainConfig& config) {
  TrialResult result = read_object(run / "summary.json", [&](const json::object& summary) {
    TrialResult read{.state = TrialResult::State::finished,
                     .solved = summary.at("solved").as_bool(),
                     .solved_step = number(summary, "solved_step"),
                     .solved_seconds = number(summary, "solved_seconds"),
                     .best_mean_return = number(summary, "best_mean_return"),
                     .steps = number(summary, "steps"),
                     .seconds = number(summary, "seconds")};
    if (config.until_return) {
      read.solved = summary.at("stopped_by") == "target_reached";
      read.solved_step = read.solved ? read.steps : kNone;
      read.solved_seconds = read.solved ? read.seconds : kNone;
    }
    return read;
  });
  result.last_mean_return = last_evaluation(run / "evaluations.csv");
  return result;
}

TrialResult failed_result(const fs::path& log, const std::string& ended_by) {
  std::string text;
  try {
    text = read_text_file(log);
  } catch (const Error&) {  // fall back to how the process ended
  }
  while (text.ends_with('\n')) text.pop_back();
  std::string line = text.substr(text.rfind('\n') + 1);  // npos + 1 is 0
  return {.state = TrialResult::State::failed,
          .error = line.empty() ? ended_by : fmt::format("{} ({})", line, ended_by)};
}

void save_result(const fs::path& file, const TrialResult& result) {
  const std::string text =
      json::serialize(json::object{{"state", result.state == TrialResult::State::failed ? "failed" : "finished"},
                                   {"error", result.error},
                                   {"solved", result.solved},
                                   {"solved_step", number_or_null(result.solved_step)},
                                   {"solved_seconds", number_or_null(result.solved_seconds)},
                                   {"best_mean_return", number_or_null(result.best_mean_return)},
                                   {"last_mean_return", number_or_null(result.last_mean_return)},
                                   {"steps", number_or_null(result.steps)},
                                   {"seconds", number_or_null(result.seconds)}}) +
      '\n';
  write_file_atomically(file, text);
}

std::optional<TrialResult> load_result(const fs::path& file) {
  std::error_code error;
  if (!fs::exists(file, error)) return std::nullopt;
  return read_object(file, [](const json::object& object) {
    const bool failed = object.at("state") == "failed";
    return TrialResult{.state = failed ? TrialResult::State::failed : TrialResult::State::finished,
                       .error = json::value_to<std::string>(object.at("error")),
                       .solved = object.at("solved").as_bool(),
                       .solved_step = number(object, "solved_step"),
                       .solved_seconds = number(object, "solved_seconds"),
                       .best_mean_return = number(object, "best_mean_return"),
                       .last_mean_return = number(object, "last_mean_return"),
                       .steps = number(object, "steps"),
                       .seconds = number(object, "seconds")};
  });
}

}  // namespace sounder::sweeping
