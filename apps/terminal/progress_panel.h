#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/metrics/curves.h"
#include "core/metrics/records.h"

namespace sounder {

/// What a run shows of itself while it runs.
struct ProgressView {
  Report report;
  std::int64_t total_steps = 0;      ///< of the whole run
  std::optional<Evaluation> latest;  ///< evaluation
  std::optional<Evaluation> best;    ///< the evaluation of the highest mean return
  Curve mean_returns = {};           ///< of the training episodes, from the run's beginning on
};

/// Formats a panel of several lines, none wider than `width` characters; what is not measured is a dash.
std::vector<std::string> progress_panel(const ProgressView& view, std::size_t width);

/// Formats a report in one line, for logs.
std::string report_line(const Report& report, std::int64_t total_steps);

/// Formats an evaluation in one line, for logs.
std::string evaluation_line(const Evaluation& evaluation);

}  // namespace sounder
