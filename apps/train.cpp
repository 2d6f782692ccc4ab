#include "apps/train.h"

#include <memory>
#include <vector>

#include "apps/library/training.h"
#include "apps/sinks.h"

namespace sounder {

std::vector<UnusedKey> check_trainable(const TrainConfig& config, std::span<const std::string> given,
                                       const Catalogue& catalogue) {
  const Training training(
      catalogue.environments, config,
      {.algorithms = catalogue.algorithms, .networks = catalogue.networks, .on_wait = print_notice});
  return training.unused_keys(given);
}

int train(const TrainRequest& request, const Catalogue& catalogue) {
  std::vector<std::unique_ptr<MetricsSink>> sinks;
  Training training(catalogue.environments, request.config,
                    {.run = request.run,
                     .init_from = request.init_from,
                     .resume = request.resume,
                     .lock = request.lock,
                     .signals = Signals::end_run,
                     .algorithms = catalogue.algorithms,
                     .networks = catalogue.networks,
                     .on_wait = print_notice});
  if (!request.changes.empty()) training.warn("the run goes on with " + request.changes);
  for (const UnusedKey& unused : training.unused_keys(request.given)) training.warn(describe(unused));
  sinks = make_sinks({.resumed = request.resume ? request.run : std::filesystem::path(),
                      .warn = [&](const std::string& message) { training.warn(message); }});
  for (const auto& sink : sinks) training.add_sink(*sink);
  training.on_summary([&](const TrainingSummary& summary) {
    request.output == Output::json ? print_json(summary.json) : print_human(summary.text);
  });
  const TrainReport report = training.run().report;
  return report.signal == 0 ? 0 : 128 + report.signal;
}

}  // namespace sounder
