#include "core/metrics/series.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/metrics/csv.h"
#include "core/metrics/scalars.h"
#include "envs/error.h"

namespace sounder {

void ThinnedCurve::add(const CurvePoint& point) {
  latest_ = point;
  if (count_++ % stride_ != 0) return;
  kept_.push_back(point);
  if (kept_.size() < most_) return;
  for (std::size_t i = 1; 2 * i < kept_.size(); ++i) kept_[i] = kept_[2 * i];
  kept_.resize((kept_.size() + 1) / 2);
  stride_ *= 2;
}

Curve ThinnedCurve::points() const {
  Curve points = kept_;
  if (count_ > 0 && (count_ - 1) % stride_ != 0) points.push_back(latest_);
  return points;
}

void Series::report(const Report& report) {
  const auto step = static_cast<double>(report.step);
  for (const auto& [name, value] : numbers_of(report, report.measures)) {
    if (name != kStepName) add(name, {.step = step, .value = value});
  }
}

void Series::evaluation(const Evaluation& evaluation) {
  const auto step = static_cast<double>(evaluation.step);
  for (const auto& [name, value] : numbers_of(evaluation)) add(name, {.step = step, .value = value});
}

void Series::read(const std::filesystem::path& run) {
  const CsvTable reports = read_csv(run / "progress.csv");
  const CsvTable evaluations = read_csv(run / "evaluations.csv");
  const auto read_column = [&](const CsvTable& table, std::string_view steps, std::string_view column,
                               std::string_view name) {
    const std::size_t x = table.find(steps);
    const std::size_t y = table.find(column);
    if (std::max(x, y) >= table.columns.size()) {
      throw Error(fmt::format("'{}' has no columns '{}' and '{}'", table.path.string(), steps, column));
    }
    for (std::size_t row = 0; row < table.rows(); ++row) {
      add(name, {.step = table.at(row, x), .value = table.at(row, y)});
    }
  };
  for (const std::string& name : reports.columns) {
    if (name != kStepName) read_column(reports, kStepName, name, name);
  }
  read_column(evaluations, "step", "mean", kEvaluationName);
  read_column(evaluations, "step", "mean_length", kEvaluationLengthName);
}

std::vector<std::string> Series::names() const {
  std::vector<std::string> names;
  for (const auto& [name, curve] : curves_) names.push_back(name);
  return names;
}

Curve Series::curve(std::string_view name) const {
  const auto found = curves_.find(name);
  return found == curves_.end() ? Curve{} : found->second.points();
}

void Series::add(std::string_view name, const CurvePoint& point) {
  if (!std::isfinite(point.value)) return;
  auto found = curves_.find(name);
  if (found == curves_.end()) found = curves_.emplace(name, kMostPoints).first;
  found->second.add(point);
}

}  // namespace sounder
