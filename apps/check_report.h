#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/remote/protocol.h"
#include "envs/conformance.h"
#include "envs/speed.h"

namespace sounder {

/// What the checks of an environment found out.
struct CheckReport {
  std::string_view environment;
  std::span<const CheckResult> results;
  std::span<const remote::ObservationPart> observation_parts = {};  ///< of flattened observations, in order
  std::optional<Speed> speed = {};                                  ///< of an environment that failed no check

  std::size_t count(CheckOutcome outcome) const;
  bool passed() const { return count(CheckOutcome::failed) == 0; }
};

/// How a report is laid out.
struct ReportLayout {
  std::size_t columns = 80;  ///< that lines are kept within, where words allow it
  enum class Color { none, ansi } color = Color::none;
};

/// Writes a report for people: which numbers of a flattened observation are what; a line per check; then of each
/// failure, and after them of each warning, what was seen, expected, and why; last, how many there are.
std::string human_report(const CheckReport& report, const ReportLayout& layout = {});

/// Writes a report as one JSON object.
std::string json_report(const CheckReport& report);

}  // namespace sounder
