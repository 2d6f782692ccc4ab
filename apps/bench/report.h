#pragma once

#include <string>

#include "apps/bench/results.h"

namespace sounder::benchmark {

/// Formats results as tables for people.
std::string to_text(const Results& results);

/// Formats results as one JSON object. Each spread is an object with median, min and max.
std::string to_json(const Results& results);

}  // namespace sounder::benchmark
