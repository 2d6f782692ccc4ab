#pragma once

#include <vector>

#include "core/running/run_folder.h"

namespace sounder::test {

/// Sends a report to a run's logs, like a training.
inline void tell(const RunFolder& run, const Report& report) {
  for (const auto& log : run.logs()) log->report(report);
}
inline void tell(const RunFolder& run, const std::vector<EpisodeRecord>& episodes) {
  for (const auto& log : run.logs()) log->episodes(episodes);
}
inline void tell(const RunFolder& run, const Evaluation& evaluation) {
  for (const auto& log : run.logs()) log->evaluation(evaluation);
}

}  // namespace sounder::test
