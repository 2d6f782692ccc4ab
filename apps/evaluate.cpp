#include "apps/evaluate.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "apps/policy_environment.h"
#include "apps/saved_policy.h"
#include "core/evaluator.h"
#include "core/metrics/statistics.h"

namespace sounder {

void evaluate(const EvaluateRequest& request, const Catalogue& catalogue) {
  const SavedPolicy policy = load_policy(request.run_or_checkpoint, catalogue);
  Evaluator evaluator(
      {.make_environment = [&] { return make_policy_environment(catalogue.environments, policy.config); },
       .agents = *policy.agents,
       .episodes = request.episodes});
  const Evaluator::Result result = evaluator.evaluate({.parameters = policy.parameters,
                                                       .seed = static_cast<std::uint64_t>(request.seed),
                                                       .selection = request.selection});
  const Summary summary = summarize(result.returns);
  const double mean_length = mean(result.lengths);
  if (request.output == Output::json) {
    const boost::json::object object{{"env", policy.checkpoint.environment},
                                     {"episodes", request.episodes},
                                     {"mean", summary.mean},
                                     {"std", summary.standard_deviation},
                                     {"median", summary.median},
                                     {"iqm", summary.interquartile_mean},
                                     {"ci95", {summary.low, summary.high}},
                                     {"min", summary.min},
                                     {"max", summary.max},
                                     {"mean_length", mean_length},
                                     {"checkpoint", policy.file.string()}};
    print_json(boost::json::serialize(object));
    return;
  }
  print_human(fmt::format(
      "{}: {} {} episodes of {} (saved at step {})\n"
      "  return  mean {:.2f} (95 % confidence {:.2f} to {:.2f}), standard deviation {:.2f}\n"
      "          median {:.2f}, interquartile mean {:.2f}, min {:.2f}, max {:.2f}\n"
      "  length  mean {:.1f} steps\n",
      policy.checkpoint.environment, request.episodes, request.selection == Selection::greedy ? "greedy" : "stochastic",
      policy.file.string(), policy.checkpoint.progress.step, summary.mean, summary.low, summary.high,
      summary.standard_deviation, summary.median, summary.interquartile_mean, summary.min, summary.max, mean_length));
}

}  // namespace sounder
