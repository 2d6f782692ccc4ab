#include "core/metrics/records.h"

#include <algorithm>

namespace sounder {

double measured(const Measures& measures, std::string_view name) {
  const auto measure = std::ranges::find(measures, name, &Measure::name);
  return measure == measures.end() ? kNotMeasured : measure->value;
}

}  // namespace sounder
