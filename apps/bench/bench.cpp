#include "apps/bench/bench.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <deque>
#include <memory>
#include <set>

#include "agents/factory.h"
#include "apps/bench/agent_pieces.h"
#include "apps/bench/peak.h"
#include "apps/bench/process_cost.h"
#include "apps/bench/report.h"
#include "apps/bench/results.h"
#include "apps/bench/schemes.h"
#include "apps/bench/sharing_pieces.h"
#include "apps/bench/training.h"
#include "apps/library/preset.h"
#include "core/level.h"
#include "core/named.h"
#include "core/sharing/store/parameter_store.h"
#include "envs/error.h"
#include "envs/speed.h"

namespace sounder {
namespace {

using namespace benchmark;

constexpr std::array<std::int64_t, 3> kRollouts{5, 20, 60};
constexpr std::array<std::int64_t, 2> kEnvironments{1, 16};
// Write modes differ when workers collide, which also happens with more workers than cores.
constexpr std::int64_t kWriteModeWorkers = 4;

/// A backend with its agents.
struct Backend {
  std::string name;
  std::unique_ptr<AgentFactory> agents;
};

TrainConfig config_for(const BenchRequest& request) {
  TrainConfig config;
  if (const auto preset = preset_for(request.environment, config.algorithm)) {
    apply_toml(config, preset->toml, fmt::format("preset {}", preset->name));
  }
  config.environment = request.environment;
  if (!request.network.empty()) config.network = request.network;
  return config;
}

std::vector<Backend> make_backends(TrainConfig config, const EnvironmentSpec& spec, const Catalogue& catalogue) {
  const auto make = [&] { return make_agent_factory(config, spec, catalogue.networks, catalogue.algorithms); };
  config.backend = "auto";
  const std::string fastest = make()->backend();
  std::vector<Backend> backends;
  for (const std::string& name : installed_backend_names()) {
    config.backend = name;
    try {
      backends.push_back({.name = name, .agents = make()});
    } catch (const UsageError&) {  // it does not compute this network
      if (name == fastest) throw;
    }
  }
  return backends;
}

/// Returns the numbers of workers to measure: 1, 2, 4, ... and `most`.
std::vector<std::int64_t> worker_counts(std::int64_t most) {
  std::vector<std::int64_t> counts;
  for (std::int64_t workers = 1; workers < most; workers *= 2) counts.push_back(workers);
  counts.push_back(most);
  return counts;
}

std::vector<TrainingSeries> training_cases(const std::vector<Backend>& backends, std::int64_t most_workers) {
  std::vector<TrainingSeries> cases;
  for (const std::int64_t envs_per_worker : kEnvironments) {
    for (const std::int64_t rollout : kRollouts) {
      for (const std::int64_t workers : worker_counts(most_workers)) {
        // Adjacent, because these are compared.
        for (const Backend& backend : backends) {
          cases.push_back({.which = {.backend = backend.name,
                                     .workers = workers,
                                     .rollout = rollout,
                                     .envs_per_worker = envs_per_worker}});
        }
      }
    }
  }
  return cases;
}

std::vector<TrainingSeries> write_mode_cases(const Backend& backend, std::int64_t most_workers) {
  std::vector<TrainingSeries> cases;
  for (const std::int64_t workers : worker_counts(most_workers)) {
    for (const std::string& mode : names_of(kWriteModes)) {
      cases.push_back(
          {.which = {
               .backend = backend.name, .workers = workers, .rollout = 20, .envs_per_worker = 1, .write_mode = mode}});
    }
  }
  return cases;
}

std::vector<TrainingSeries> scheme_cases(const Backend& backend, std::int64_t most_workers) {
  std::vector<TrainingSeries> cases;
  for (const std::string& scheme : names_of(kSchemes)) {
    for (const std::int64_t workers :
         std::set<std::int64_t>{1, std::min<std::int64_t>(2, most_workers), most_workers}) {
      cases.push_back(
          {.which = {
               .backend = backend.name, .workers = workers, .rollout = 20, .envs_per_worker = 1, .scheme = scheme}});
    }
  }
  return cases;
}

/// All measurements and their results.
class Bench {
 public:
  Bench(const BenchRequest& request, const Catalogue& catalogue)
      : request_(request),
        make_environment_([&environments = catalogue.environments, id = request.environment] {
          return environments.make_for_policy(id);
        }),
        backends_(make_backends(config_for(request), make_environment_().spec(), catalogue)),
        sharing_(first().layout().size),
        sharing_pieces_(sharing_.pieces()),
        training_({.config = config_for(request),
                   .make_environment = make_environment_,
                   .agents = first(),
                   .seconds = request.seconds}) {
    results_ = {.environment = request.environment,
                .network = first().description(),
                .weights = count_weights(first().layout()),
                .parameters = first().layout().size,
                .cores = BenchRequest::available_cores(),
                .seconds = request.seconds,
                .level = std::string(kLevelNames[level()]),
                .training = training_cases(backends_, request.workers),
                .write_modes = write_mode_cases(backends_.front(), std::max(request.workers, kWriteModeWorkers)),
                .scheme_training = scheme_cases(backends_.front(), request.workers)};
    for (const Backend& backend : backends_) {
      results_.backends.push_back(backend.name);
      backend.agents->prepare_thread();
      agents_.emplace_back(*backend.agents, make_environment_);
      for (Piece& piece : agents_.back().pieces()) {
        results_.pieces.push_back({.backend = backend.name, .name = piece.name, .flop = piece.flop});
        agent_pieces_.push_back(std::move(piece));
      }
    }
    for (const SharingPiece& piece : sharing_pieces_) results_.sharing.push_back({.name = piece.shared.name});
    for (const std::string& scheme : names_of(kSchemes)) results_.schemes.push_back({.name = scheme});
  }

  /// Measures everything once.
  void repeat() {
    results_.peak.push_back(measure_peak(piece_seconds()));
    results_.environment_speed.push_back(
        measure_speed(make_environment_, {.repetitions = 1, .seconds = piece_seconds()}).median);
    for (std::size_t i = 0; i < agent_pieces_.size(); ++i) {
      results_.pieces[i].seconds.push_back(seconds_per_call(piece_seconds(), agent_pieces_[i].call));
    }
    for (std::size_t i = 0; i < sharing_pieces_.size(); ++i) {
      const auto& [shared, plain] = sharing_pieces_[i];
      results_.sharing[i].seconds.push_back(seconds_per_call(piece_seconds(), shared.call));
      results_.sharing[i].plain_seconds.push_back(seconds_per_call(piece_seconds(), plain.call));
    }
    for (TrainingSeries& training : results_.training) measure(training);
    for (TrainingSeries& training : results_.write_modes) measure(training);
    for (SchemeSeries& scheme : results_.schemes) {
      scheme.add(measure_scheme(scheme.name, config_for(request_), first(), piece_seconds()));
    }
    for (TrainingSeries& training : results_.scheme_training) measure(training);
  }

  const Results& finish() {
    results_.last_peak = measure_peak(piece_seconds());
    return results_;
  }

 private:
  const AgentFactory& first() const { return *backends_.front().agents; }

  // A piece does the same work in every call, so it needs less time than a training for a good measurement.
  double piece_seconds() const { return request_.seconds / 15; }

  void measure(TrainingSeries& training) {
    const auto backend = std::ranges::find(backends_, training.which.backend, &Backend::name);
    training.add(training_.measure(training.which, *backend->agents));
  }

  BenchRequest request_;
  std::function<Environment()> make_environment_;
  std::vector<Backend> backends_;  // fastest first
  std::deque<AgentPieces> agents_;
  std::vector<Piece> agent_pieces_;  // in the order of results_.pieces
  SharingPieces sharing_;
  std::vector<SharingPiece> sharing_pieces_;  // in the order of results_.sharing
  TrainingBench training_;
  Results results_;
};

}  // namespace

int bench(const BenchRequest& request, const Catalogue& catalogue) {
  if (!request.source.command.empty() || !request.source.connect.empty()) {
    bench_process_cost(request);
    return 0;
  }
  try {
    Bench bench(request, catalogue);
    for (std::int64_t i = 1; i <= request.repetitions; ++i) {
      if (request.output == Output::human) print_human(fmt::format("repetition {} of {}\n", i, request.repetitions));
      bench.repeat();
    }
    const Results& results = bench.finish();
    if (request.output == Output::json) {
      print_json(to_json(results));
    } else {
      print_human(fmt::format("\n{}", to_text(results)));
    }
    return 0;
  } catch (const Interruption& interruption) {
    return 128 + interruption.signal;
  }
}

}  // namespace sounder
