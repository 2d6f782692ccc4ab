#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/metrics/curves.h"
#include "core/metrics/records.h"

namespace sounder {

/// The displayed state of a run.
struct ProgressView {
  Report report;
  std::int64_t total_steps = 0;      ///< steps of the whole run
  std::optional<Evaluation> latest;  ///< latest evaluation
  std::optional<Evaluation> best;    ///< evaluation with the highest mean return
  Curve mean_returns = {};           ///< of the training episodes, since the run's start
};

/// Formats a panel of several lines of at most `width` characters. Numbers that were not measured are dashes.
std::vector<std::string> progress_panel(const ProgressView& view, std::size_t width);

/// Formats a report in one line, for logs.
std::string report_line(const Report& report, std::int64_t total_steps);

/// Formats an evaluation in one line, for logs.
std::string evaluation_line(const Evaluation& evaluation);

}  // namespace sounder
