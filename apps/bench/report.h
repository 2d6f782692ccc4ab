#pragma once

#include <string>

#include "apps/bench/results.h"

namespace sounder::benchmark {

/// Words results as tables for people.
std::string to_text(const Results& results);

/// Words results as one JSON object; every spread is an object of median, min and max.
std::string to_json(const Results& results);

}  // namespace sounder::benchmark
