#pragma once

#include <fmt/format.h>

#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/running/trainer.h"
#include "tests/core/learning/fake_agents.h"

namespace sounder::fakes {

/// One training with fakes, and everything that it reports. Episodes have 5 steps and, if greedy, a return of 5.
struct TrainerBench : MetricsSink {
  struct Saved {
    Checkpoint checkpoint;
    CheckpointMark mark;
  };

  TrainConfig config{.environment = "Fake-v0",
                     .workers = 1,
                     .steps = 1000,
                     .seed = 7,
                     .rollout = 4,
                     .learning_rate = 0.01,
                     .learning_rate_schedule = "constant",
                     .evaluation_interval = 1'000'000,
                     .evaluation_episodes = 3,
                     .report_interval = 100,
                     .checkpoint_interval = 1e6};
  Behaviour behaviour = {};
  FakeEnvironment::Options environment = {};
  std::optional<Checkpoint> resumed = {};
  std::vector<MetricsSink*> more_sinks = {};
  std::function<void()> before_save = [] {};                   ///< may throw
  std::function<void(Trainer&)> on_trainer = [](Trainer&) {};  ///< called once, before the trainer runs
  std::function<void()> on_stop = [] {};
  MakeSharing make_sharing = sounder::make_sharing;
  Signals signals = Signals::end_run;

  std::vector<Report> reports = {};
  std::vector<EpisodeRecord> finished = {};
  std::vector<Evaluation> evaluations = {};
  std::vector<Saved> saved = {};
  std::vector<std::string> warnings = {};

  void report(const Report& report) override { reports.push_back(report); }
  void episodes(std::span<const EpisodeRecord> episodes) override {
    finished.insert(finished.end(), episodes.begin(), episodes.end());
  }
  void evaluation(const Evaluation& evaluation) override { evaluations.push_back(evaluation); }
  void warning(std::string_view message) override { warnings.emplace_back(message); }

  TrainReport run(std::stop_token stop = {}) {
    const FakeAgents agents(behaviour);
    Trainer trainer({.config = config,
                     .make_environment = environments(environment),
                     .agents = agents,
                     .make_sharing = make_sharing,
                     .on_stop = on_stop,
                     .save =
                         [this](const Checkpoint& checkpoint, CheckpointMark mark) {
                           before_save();
                           saved.push_back({checkpoint, mark});
                           return std::filesystem::path(fmt::format("{}", checkpoint.progress.step));
                         },
                     .signals = signals});
    for (MetricsSink* sink : more_sinks) trainer.add_sink(*sink);
    trainer.add_sink(*this);
    if (resumed) trainer.restore(*resumed);
    on_trainer(trainer);
    return trainer.run(std::move(stop));
  }

  std::vector<std::int64_t> report_steps() const {
    std::vector<std::int64_t> steps;
    for (const Report& report : reports) steps.push_back(report.step);
    return steps;
  }
  std::vector<std::int64_t> evaluation_steps() const {
    std::vector<std::int64_t> steps;
    for (const Evaluation& evaluation : evaluations) steps.push_back(evaluation.step);
    return steps;
  }
  std::int64_t finished_steps() const {
    std::int64_t sum = 0;
    for (const EpisodeRecord& episode : finished) sum += episode.length;
    return sum;
  }
};

/// Formats everything in a report but its times, to the last bit.
inline std::string words(const Report& report) {
  return fmt::format("{} {} {} {} {} {} {} {} {} {} {} {} {} {}", report.step, report.episodes, report.updates,
                     report.mean_return, report.mean_length, report.policy_loss, report.value_loss, report.entropy,
                     report.learning_rate, report.gradient_norm, report.staleness,
                     measured(report.measures, "train/lost_updates"), report.dropped_updates,
                     fmt::join(report.worker_steps, ","));
}
inline std::string words(const EpisodeRecord& episode) {
  return fmt::format("{} {} {} {}", episode.worker, episode.step, episode.episode_return, episode.length);
}
inline std::string words(const Evaluation& evaluation) {
  return fmt::format("{} {} {} {} {}", evaluation.step, fmt::join(evaluation.returns, ","),
                     fmt::join(evaluation.lengths, ","), evaluation.solved, evaluation.best);
}
template <class Record>
std::vector<std::string> words(const std::vector<Record>& records) {
  std::vector<std::string> result;
  for (const Record& record : records) result.push_back(words(record));
  return result;
}

}  // namespace sounder::fakes
