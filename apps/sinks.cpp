#include "apps/sinks.h"

#include <fmt/format.h>

#include <utility>

#include "apps/terminal/progress_display.h"
#include "core/metrics/series.h"
#include "envs/error.h"

namespace sounder {

namespace {

/// Makes the history that others show. A damaged log costs its beginning.
std::unique_ptr<Series> make_history(const SinkSetup& setup) {
  auto history = std::make_unique<Series>();
  if (setup.resumed.empty()) return history;
  try {
    history->read(setup.resumed);
  } catch (const Error& error) {
    setup.warn(fmt::format("{}; what is shown begins where the run goes on", error.what()));
    *history = Series();
  }
  return history;
}

}  // namespace

std::vector<std::unique_ptr<MetricsSink>> make_sinks(const SinkSetup& setup) {
  auto history = make_history(setup);
  auto terminal = std::make_unique<ProgressDisplay>(ProgressDisplay::for_stderr(*history));

  std::vector<std::unique_ptr<MetricsSink>> sinks;
  sinks.push_back(std::move(history));
  sinks.push_back(std::move(terminal));
  return sinks;
}

}  // namespace sounder
