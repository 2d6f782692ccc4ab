#include "apps/sweep/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>

#include "envs/parse_number.h"
#include "envs/program.h"

namespace sounder::sweeping {
namespace {

namespace json = boost::json;

using Row = std::vector<std::string>;

std::string number_text(double value, int precision) {
  return std::isfinite(value) ? fmt::format("{:.{}f}", value, precision) : "-";
}

json::value number_json(double value) {
  return std::isfinite(value) ? json::value(value) : json::value(nullptr);
}

/// Converts a value's text to the JSON type that it parses as, because set_config() takes all values as text.
json::value value_json(const std::string& text) {
  if (const auto integer = parse_integer(text)) return *integer;
  if (const auto real = parse_real(text)) return *real;
  if (text == "true" || text == "false") return text == "true";
  return json::string(text);
}

Row score_row(const SweepView& sweep, const SettingScore& score) {
  Row row = sweep.plan.settings[score.setting].values;
  row.push_back(fmt::format("{} of {}", score.solved, sweep.plan.seeds));
  row.push_back(number_text(score.median_steps, 0));
  row.push_back(number_text(score.median_seconds, 2));
  row.push_back(number_text(score.best_mean_return, 2));
  row.push_back(number_text(score.last_mean_return, 2));
  if (score.failed > 0) row.push_back(fmt::format("{} failed", score.failed));
  return row;
}

/// Formats a table with right-aligned columns.
std::string table(const std::vector<Row>& rows) {
  std::vector<std::size_t> widths;
  for (const Row& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) text += fmt::format("{}{:>{}}", i == 0 ? "" : "  ", row[i], widths[i]);
    text += '\n';
  }
  return text;
}

/// Returns the configuration file of a setting's first trial, which represents all of its trials.
std::filesystem::path config_of(const SweepView& sweep, std::size_t setting) {
  return sweep.folder / "trials" / fmt::format("{}.toml", setting + 1);
}

json::object score_json(const SweepView& sweep, const SettingScore& score) {
  json::object values;
  for (std::size_t i = 0; i < sweep.plan.keys.size(); ++i) {
    values[sweep.plan.keys[i]] = value_json(sweep.plan.settings[score.setting].values[i]);
  }
  return {{"setting", score.setting + 1},
          {"values", std::move(values)},
          {"seeds", sweep.plan.seeds},
          {"finished", score.finished},
          {"failed", score.failed},
          {"solved", score.solved},
          {"median_steps", number_json(score.median_steps)},
          {"median_seconds", number_json(score.median_seconds)},
          {"best_mean_return", number_json(score.best_mean_return)},
          {"last_mean_return", number_json(score.last_mean_return)},
          {"config", config_of(sweep, score.setting).string()}};
}

std::string csv_cell(const std::string& text) {
  if (text.find_first_of(",\"\n") == std::string::npos) return text;
  std::string cell = "\"";
  for (const char letter : text) cell += letter == '"' ? "\"\"" : std::string(1, letter);
  return cell + '"';
}

std::string csv_number(double value) {
  return std::isfinite(value) ? fmt::format("{}", value) : "";
}

std::string state_text(TrialResult::State state) {
  switch (state) {
    case TrialResult::State::finished:
      return "finished";
    case TrialResult::State::failed:
      return "failed";
    case TrialResult::State::pending:
      return "pending";
  }
  return "";
}

void append_csv_row(std::string& csv, const Row& cells) {
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (i > 0) csv += ',';
    csv += csv_cell(cells[i]);
  }
  csv += '\n';
}

}  // namespace

Counts count(std::span<const TrialResult> results) {
  const auto in_state = [&](TrialResult::State state) {
    return static_cast<std::size_t>(std::ranges::count(results, state, &TrialResult::state));
  };
  return {.finished = in_state(TrialResult::State::finished), .failed = in_state(TrialResult::State::failed)};
}

std::string progress_line(const SweepView& sweep) {
  const Counts counts = count(sweep.results);
  std::string line = fmt::format("{} trials: {} finished, {} running, {} failed", sweep.results.size(), counts.finished,
                                 sweep.running, counts.failed);
  const SettingScore best = rank(sweep.plan, sweep.results).front();
  if (best.finished == 0) return line;
  return line + fmt::format("; best: {} ({} of {} solved, mean return {})", describe(sweep.plan, best.setting),
                            best.solved, best.finished, number_text(best.best_mean_return, 2));
}

std::string to_text(const SweepView& sweep) {
  const std::vector<SettingScore> scores = rank(sweep.plan, sweep.results);
  Row header = sweep.plan.keys;
  for (const char* name : {"solved", "steps", "seconds", "best mean", "last mean"}) header.emplace_back(name);
  std::vector<Row> rows{header};
  for (const SettingScore& score : scores) rows.push_back(score_row(sweep, score));
  const Counts counts = count(sweep.results);
  std::string text = fmt::format("{}: {} of {} trials finished, {} failed\n\n{}\n", sweep.plan.environment(),
                                 counts.finished, sweep.results.size(), counts.failed, table(rows));
  text += "steps and seconds to solved: medians over seeds; mean returns of greedy evaluations: interquartile means\n";
  for (std::size_t i = 0; i < sweep.results.size(); ++i) {
    if (!sweep.results[i].error.empty()) text += fmt::format("trial {} failed: {}\n", i + 1, sweep.results[i].error);
  }
  if (counts.finished > 0) {
    text +=
        fmt::format("best: {} train --config {}\n", program_name(), config_of(sweep, scores.front().setting).string());
  }
  if (counts.finished + counts.failed < sweep.results.size()) {
    text += fmt::format("go on: {} sweep --resume {}\n", program_name(), sweep.folder.string());
  }
  return text;
}

std::string to_json(const SweepView& sweep) {
  const Counts counts = count(sweep.results);
  json::array settings;
  for (const SettingScore& score : rank(sweep.plan, sweep.results)) settings.push_back(score_json(sweep, score));
  json::array failures;
  for (std::size_t i = 0; i < sweep.results.size(); ++i) {
    if (sweep.results[i].state != TrialResult::State::failed) continue;
    failures.push_back({{"trial", i + 1}, {"error", sweep.results[i].error}});
  }
  return json::serialize(json::object{{"env", sweep.plan.environment()},
                                      {"keys", json::value_from(sweep.plan.keys)},
                                      {"seeds", sweep.plan.seeds},
                                      {"trials", sweep.results.size()},
                                      {"finished", counts.finished},
                                      {"failed", counts.failed},
                                      {"settings", std::move(settings)},
                                      {"failures", std::move(failures)},
                                      {"sweep", sweep.folder.string()}});
}

std::string to_csv(const SweepView& sweep) {
  Row header{"trial", "setting", "seed"};
  header.insert(header.end(), sweep.plan.keys.begin(), sweep.plan.keys.end());
  for (const char* name : {"state", "solved", "solved_step", "solved_seconds", "best_mean_return", "last_mean_return",
                           "steps", "seconds", "error"}) {
    header.emplace_back(name);
  }
  std::string csv;
  append_csv_row(csv, header);
  for (std::size_t i = 0; i < sweep.results.size(); ++i) {
    const Trial trial = trial_of(sweep.plan, i);
    const TrialResult& result = sweep.results[i];
    const bool finished = result.state == TrialResult::State::finished;
    Row row{fmt::format("{}", trial.number), fmt::format("{}", trial.setting + 1),
            fmt::format("{}", trial.config.seed)};
    const auto& values = sweep.plan.settings[trial.setting].values;
    row.insert(row.end(), values.begin(), values.end());
    row.push_back(state_text(result.state));
    row.emplace_back(finished ? (result.solved ? "true" : "false") : "");
    for (const double number : {result.solved_step, result.solved_seconds, result.best_mean_return,
                                result.last_mean_return, result.steps, result.seconds}) {
      row.push_back(csv_number(number));
    }
    row.push_back(result.error);
    append_csv_row(csv, row);
  }
  return csv;
}

}  // namespace sounder::sweeping
