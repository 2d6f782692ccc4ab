#include "apps/evaluate.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "apps/each_once.h"
#include "apps/library/evaluation.h"
#include "apps/library/saved_policy.h"
#include "core/metrics/statistics.h"
#include "core/running/run_checkpoints.h"
#include "envs/error.h"

namespace sounder {
namespace {

namespace json = boost::json;

/// The results of one policy's episodes.
struct Evaluated {
  std::string environment;
  std::filesystem::path file;
  std::int64_t step;  ///< global step at which the policy was saved
  Summary returns;
  double mean_length;
  std::vector<std::string> options;          ///< options of the environment
  std::vector<std::string> trained_options;  ///< options in training, in the same format
};

Evaluated evaluate_policy(const EvaluateRequest& request, std::size_t index, const Catalogue& catalogue) {
  const SavedPolicy policy = load_policy({.run_or_checkpoint = request.policies[index],
                                          .changes = request.changes,
                                          .peer = request.peer,
                                          .on_warning = print_warning,
                                          .on_wait = print_notice},
                                         catalogue);
  const EvaluationResult result = evaluate(policy, {.episodes = request.episodes,
                                                    .seed = static_cast<std::uint64_t>(request.seed) + index,
                                                    .selection = request.selection,
                                                    .environments = request.evaluation_environments,
                                                    .step_limit = request.evaluation_step_limit});
  return {.environment = policy.checkpoint.environment,
          .file = policy.file,
          .step = policy.checkpoint.progress.step,
          .returns = result.summary,
          .mean_length = mean(result.lengths),
          .options = policy.config.env_option,
          .trained_options = policy.trained_options};
}

json::object to_json(const EvaluateRequest& request, const Evaluated& evaluated) {
  const Summary& summary = evaluated.returns;
  json::object object{{"env", evaluated.environment},
                      {"episodes", request.episodes},
                      {"mean", summary.mean},
                      {"std", summary.standard_deviation},
                      {"median", summary.median},
                      {"iqm", summary.interquartile_mean},
                      {"ci95", {summary.low, summary.high}},
                      {"min", summary.min},
                      {"max", summary.max},
                      {"mean_length", evaluated.mean_length},
                      {"checkpoint", evaluated.file.string()},
                      {"env_option", json::value_from(evaluated.options)},
                      {"trained_env_option", json::value_from(evaluated.trained_options)}};
  if (request.peer) object["peer"] = *request.peer;
  return object;
}

std::string to_text(const EvaluateRequest& request, const Evaluated& evaluated) {
  const Summary& summary = evaluated.returns;
  const std::string changes = describe_changes(evaluated.trained_options, evaluated.options);
  return fmt::format(
      "{}: {} {} episodes of {} (saved at step {}{})\n{}"
      "  return  mean {:.2f} (95 % confidence {:.2f} to {:.2f}), standard deviation {:.2f}\n"
      "          median {:.2f}, interquartile mean {:.2f}, min {:.2f}, max {:.2f}\n"
      "  length  mean {:.1f} steps\n",
      evaluated.environment, request.episodes, request.selection == Selection::greedy ? "greedy" : "stochastic",
      evaluated.file.string(), evaluated.step, peer_suffix(request.peer),
      changes.empty() ? "" : fmt::format("  options {}\n", changes), summary.mean, summary.low, summary.high,
      summary.standard_deviation, summary.median, summary.interquartile_mean, summary.min, summary.max,
      evaluated.mean_length);
}

/// Statistics of the mean returns of several policies.
struct Comparison {
  Summary means;
  Interval interquartile;  ///< 95 % confidence, of the interquartile mean
};

Comparison compare(const std::vector<Evaluated>& all) {
  std::vector<double> means;
  for (const Evaluated& evaluated : all) means.push_back(evaluated.returns.mean);
  return {.means = summarize(means), .interquartile = interquartile_interval(means)};
}

json::object to_json(const EvaluateRequest& request, const std::vector<Evaluated>& all) {
  const auto [means, interquartile] = compare(all);
  json::array each;
  for (const Evaluated& evaluated : all) each.push_back(to_json(request, evaluated));
  return {{"env", all.front().environment},
          {"episodes", request.episodes},
          {"runs", all.size()},
          {"mean", means.mean},
          {"std", means.standard_deviation},
          {"median", means.median},
          {"iqm", means.interquartile_mean},
          {"iqm_ci95", {interquartile.low, interquartile.high}},
          {"ci95", {means.low, means.high}},
          {"min", means.min},
          {"max", means.max},
          {"each", std::move(each)}};
}

std::string to_text(const std::vector<Evaluated>& all) {
  const auto [means, interquartile] = compare(all);
  return fmt::format(
      "{}: mean returns of {} runs\n"
      "  interquartile mean {:.2f} (95 % confidence {:.2f} to {:.2f}), mean {:.2f} ({:.2f} to {:.2f})\n"
      "  standard deviation {:.2f}, median {:.2f}, min {:.2f}, max {:.2f}\n",
      all.front().environment, all.size(), means.interquartile_mean, interquartile.low, interquartile.high, means.mean,
      means.low, means.high, means.standard_deviation, means.median, means.min, means.max);
}

/// Finds the checkpoints to evaluate. A checkpoint that is named twice, for example also by its run, counts once.
std::vector<std::filesystem::path> policies_once(std::vector<std::filesystem::path> policies) {
  for (std::filesystem::path& policy : policies) policy = find_checkpoint(policy, WhichCheckpoint::best);
  return each_once(policies);
}

}  // namespace

void evaluate(const EvaluateRequest& asked, const Catalogue& catalogue) {
  EvaluateRequest request = asked;
  request.policies = policies_once(asked.policies);
  std::vector<Evaluated> all;
  for (std::size_t i = 0; i < request.policies.size(); ++i) {
    all.push_back(evaluate_policy(request, i, catalogue));
    const std::string& first = all.front().environment;
    const std::string& latest = all.back().environment;
    if (latest != first)
      throw UsageError(fmt::format("expected runs of one environment; got {} and {}", first, latest));
    if (request.output == Output::human) print_human(to_text(request, all.back()));
  }
  if (request.output == Output::json) {
    print_json(json::serialize(all.size() == 1 ? to_json(request, all.front()) : to_json(request, all)));
  } else if (all.size() > 1) {
    print_human(to_text(all));
  }
}

}  // namespace sounder
