#include "apps/check_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

namespace sounder {
namespace {

std::string_view escape_sequence(CheckOutcome outcome) {
  switch (outcome) {
    case CheckOutcome::passed:
      return "\x1b[32m";
    case CheckOutcome::warning:
      return "\x1b[1;33m";
    case CheckOutcome::failed:
      return "\x1b[1;31m";
    case CheckOutcome::skipped:
      return "\x1b[2m";
  }
  return {};
}

/// Formats an outcome in a column of fixed width.
std::string outcome_column(CheckOutcome outcome, const ReportLayout& layout) {
  const std::string name = fmt::format("{:<7}", name_of(outcome));
  if (layout.color == ReportLayout::Color::none) return name;
  return fmt::format("{}{}\x1b[0m", escape_sequence(outcome), name);
}

/// Wraps a text at word boundaries and indents all lines but the first by `indent` spaces. Keeps existing line breaks,
/// such as those in a process's output.
std::string wrapped(std::string_view text, std::size_t indent, std::size_t columns) {
  const std::string line_break = '\n' + std::string(indent, ' ');
  std::string result;
  std::size_t column = indent;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of(" \n"), text.size());
    const std::string_view word = text.substr(0, end);
    const bool breaks = end < text.size() && text[end] == '\n';
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!word.empty() && column > indent) {
      const bool fits = column + 1 + word.size() <= columns;
      result += fits ? " " : line_break;
      column = fits ? column + 1 : indent;
    }
    result += word;
    column += word.size();
    if (breaks) {
      result += line_break;
      column = indent;
    }
  }
  return result;
}

std::string part_lines(const CheckReport& report) {
  std::string text;
  std::int64_t first = 0;
  for (const remote::ObservationPart& part : report.observation_parts) {
    const std::int64_t last = first + part.numbers - 1;
    const std::string numbers = part.numbers == 1 ? fmt::format("{}", first) : fmt::format("{} to {}", first, last);
    const std::string_view separator = part.name.empty() ? "" : ": ";
    text += fmt::format("  {:<14}  {}{}{}\n", numbers, part.name, separator, part.space);
    first += part.numbers;
  }
  return text.empty() ? "" : "observations are flattened, in this order\n" + text;
}

std::string check_lines(const CheckReport& report, const ReportLayout& layout) {
  constexpr std::size_t kIndent = 11;
  std::string text;
  std::string_view topic;
  for (const CheckResult& result : report.results) {
    if (result.topic != topic) text += fmt::format("{}\n", result.topic);
    topic = result.topic;
    const bool has_reason = result.outcome == CheckOutcome::skipped;
    const std::string line = has_reason ? fmt::format("{}: {}", result.name, result.seen) : result.name;
    text += fmt::format("  {}  {}\n", outcome_column(result.outcome, layout), wrapped(line, kIndent, layout.columns));
  }
  return text;
}

/// Formats the details of each result with a given outcome: what was seen, what was expected, and why.
std::string explanations(const CheckReport& report, CheckOutcome outcome, const ReportLayout& layout) {
  constexpr std::size_t kIndent = 12;
  std::string text;
  for (const CheckResult& result : report.results) {
    if (result.outcome != outcome) continue;
    text += fmt::format("\n{}  {}\n", outcome_column(outcome, layout), result.name);
    for (const auto& [label, said] : {std::pair{"seen", &result.seen}, std::pair{"expected", &result.expected},
                                      std::pair{"because", &result.why}}) {
      text += fmt::format("  {:<8}  {}\n", label, wrapped(*said, kIndent, layout.columns));
    }
  }
  return text;
}

std::string counted(std::size_t count, std::string_view what) {
  return fmt::format("{} {}{}", count == 0 ? "no" : fmt::format("{}", count), what, count == 1 ? "" : "s");
}

std::string per_second(double steps) {
  if (steps >= 1e6) return fmt::format("{:.2f} million", steps / 1e6);
  return steps >= 1e4 ? fmt::format("{:.1f} thousand", steps / 1e3) : fmt::format("{:.1f}", steps);
}

}  // namespace

std::size_t CheckReport::count(CheckOutcome outcome) const {
  return static_cast<std::size_t>(std::ranges::count(results, outcome, &CheckResult::outcome));
}

std::string human_report(const CheckReport& report, const ReportLayout& layout) {
  std::string text = part_lines(report) + check_lines(report, layout) +
                     explanations(report, CheckOutcome::failed, layout) +
                     explanations(report, CheckOutcome::warning, layout);
  const std::size_t skipped = report.count(CheckOutcome::skipped);
  text += fmt::format("\n{}: {}, {} in {} checks{}\n", report.environment,
                      counted(report.count(CheckOutcome::failed), "error"),
                      counted(report.count(CheckOutcome::warning), "warning"), report.results.size(),
                      skipped == 0 ? "" : fmt::format(" ({} skipped)", skipped));
  if (report.speed) {
    text += fmt::format("The environment alone runs at {} steps per second ({} to {})\n",
                        per_second(report.speed->median), per_second(report.speed->min), per_second(report.speed->max));
  }
  return text;
}

std::string json_report(const CheckReport& report) {
  boost::json::array checks;
  for (const CheckResult& result : report.results) {
    checks.push_back({{"topic", result.topic},
                      {"name", result.name},
                      {"outcome", std::string(name_of(result.outcome))},
                      {"seen", result.seen},
                      {"expected", result.expected},
                      {"why", result.why}});
  }
  boost::json::array parts;
  for (const remote::ObservationPart& part : report.observation_parts) {
    parts.push_back({{"name", part.name}, {"space", part.space}, {"numbers", part.numbers}});
  }
  boost::json::object object{{"env", report.environment},
                             {"passed", report.passed()},
                             {"errors", report.count(CheckOutcome::failed)},
                             {"warnings", report.count(CheckOutcome::warning)},
                             {"skipped", report.count(CheckOutcome::skipped)},
                             {"checks", std::move(checks)}};
  if (!parts.empty()) object["observation_parts"] = std::move(parts);
  if (report.speed) {
    object["steps_per_second"] = {
        {"median", report.speed->median}, {"min", report.speed->min}, {"max", report.speed->max}};
  }
  return boost::json::serialize(object);
}

}  // namespace sounder
