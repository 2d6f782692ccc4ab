#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/remote/protocol.h"
#include "envs/conformance.h"
#include "envs/speed.h"

namespace sounder {

/// The results of an environment's checks.
struct CheckReport {
  std::string_view environment;
  std::span<const CheckResult> results;
  std::span<const remote::ObservationPart> observation_parts = {};  ///< of flattened observations, in order
  std::optional<Speed> speed = {};                                  ///< measured if no check failed

  std::size_t count(CheckOutcome outcome) const;
  bool passed() const { return count(CheckOutcome::failed) == 0; }
};

/// The layout of a report.
struct ReportLayout {
  std::size_t columns = 80;  ///< maximum line width, where words allow it
  enum class Color { none, ansi } color = Color::none;
};

/// Formats a report for people: the parts of a flattened observation, a line per check, the details of each failure and
/// then of each warning (what was seen, what was expected, and why), and their number.
std::string human_report(const CheckReport& report, const ReportLayout& layout = {});

/// Formats a report as one JSON object.
std::string json_report(const CheckReport& report);

}  // namespace sounder
