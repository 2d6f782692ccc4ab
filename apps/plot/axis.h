#pragma once

#include <string>
#include <vector>

namespace sounder::chart {

/// A range of an axis; low < high.
struct Range {
  double low;
  double high;
};

/// Returns round numbers within a range, 1, 2 or 5 times a power of ten apart: as many as possible, but at most
/// `count`, which is at least 2.
std::vector<double> round_ticks(const Range& range, int count);

/// Formats a number for an axis or a legend, to a given precision: 50k, 1.5M, 0.25, with a true minus sign.
std::string short_number(double value, int digits = 6);

}  // namespace sounder::chart
