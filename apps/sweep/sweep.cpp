#include "apps/sweep/sweep.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <deque>
#include <thread>

#include "apps/sweep/processes.h"
#include "apps/sweep/report.h"
#include "apps/sweep/sweep_folder.h"
#include "apps/sweep/trial_result.h"
#include "apps/terminal/terminal.h"
#include "apps/train.h"
#include "envs/error.h"
#include "envs/program.h"

namespace sounder {
namespace {

using namespace sweeping;

/// This program, even if its file has been replaced or moved since the start (Linux).
constexpr const char* kThisProgram = "/proc/self/exe";

void require_resume_alone(const SweepRequest& request) {
  const PlanRequest& plan = request.plan;
  const TrainArguments& common = plan.common;
  const bool more = common.environment || common.config_file || common.preset || !common.overrides.empty() ||
                    !plan.ranges.empty() || plan.samples || plan.seeds || plan.sweep_seed || !request.folder.empty();
  if (more) throw UsageError("--resume goes on with the plan in the folder; expected --jobs and --json beside it only");
}

/// Returns the given keys that have no effect in any trial. Throws UsageError if a setting cannot be trained.
std::vector<UnusedKey> check_settings(const Plan& plan, std::vector<std::string> given, const Catalogue& catalogue) {
  given.insert(given.end(), plan.keys.begin(), plan.keys.end());
  std::vector<UnusedKey> unused;
  for (const Setting& setting : plan.settings) {
    unused = check_trainable(setting.config, given, catalogue);
    given.clear();  // only these can have no effect in all settings
    for (const UnusedKey& key : unused) given.push_back(key.key);
  }
  return unused;
}

SweepFolder open_folder(const SweepRequest& request, const Catalogue& catalogue, ConfigFields fields) {
  if (request.resume) {
    require_resume_alone(request);
    return SweepFolder::open(*request.resume);
  }
  // Detects all errors in trials before making a folder.
  const Plan plan = make_plan(request.plan, fields);
  const std::vector<UnusedKey> unused = check_settings(plan, given_keys(request.plan.common, fields), catalogue);
  SweepFolder folder = SweepFolder::make(request.folder, plan, fields);
  for (const UnusedKey& key : unused) print_warning(describe(key));
  return folder;
}

/// Returns the number of trials whose workers fit on the cores.
std::size_t default_jobs(const Plan& plan) {
  std::int64_t workers = 1;
  for (const Setting& setting : plan.settings) workers = std::max(workers, setting.config.workers);
  return std::max<std::size_t>(std::thread::hardware_concurrency() / static_cast<std::size_t>(workers), 1);
}

/// A progress line on stderr. On a terminal it is redrawn in place, elsewhere written at the start and when a trial has
/// ended.
class ProgressLine {
 public:
  void show(const SweepView& sweep) {
    const Counts counts = count(sweep.results);
    const bool ended_more = counts.finished + counts.failed != ended_;
    ended_ = counts.finished + counts.failed;
    if (terminal_) {
      const std::size_t columns = terminal_size(STDERR_FILENO).columns;
      print_human(fmt::format("\r{}\x1b[K", cut_to_width(progress_line(sweep), columns - 1)));
    } else if (!shown_ || ended_more) {
      print_human(progress_line(sweep) + '\n');
    }
    shown_ = true;
  }
  void finish() const {
    if (shown_) print_human(terminal_ ? "\n\n" : "\n");
  }

 private:
  bool terminal_ = is_terminal(STDERR_FILENO);
  bool shown_ = false;
  std::size_t ended_ = 0;  // trials
};

std::string ended_by(const Ending& ending) {
  if (ending.signal != 0) return fmt::format("killed by signal {}, {}", ending.signal, strsignal(ending.signal));
  return fmt::format("exit code {}", ending.exit_code);
}

/// The trials of a plan and their results.
class Sweep {
 public:
  Sweep(const SweepFolder& folder, Plan plan, ConfigFields fields)
      : folder_(folder), plan_(std::move(plan)), fields_(fields), results_(plan_.trials()) {
    for (std::size_t i = 0; i < results_.size(); ++i) {
      const auto kept = load_result(folder_.trial(i + 1).result);
      if (kept && kept->state == TrialResult::State::finished) {
        results_[i] = *kept;
      } else {
        waiting_.push_back(i);
      }
    }
  }

  const std::vector<TrialResult>& results() const noexcept { return results_; }
  SweepView view() const { return {.plan = plan_, .results = results_, .folder = folder_.path(), .running = running_}; }

  /// Runs the remaining trials. Returns the signal that stopped it, or 0.
  int run(std::size_t jobs) {
    const int signal = run_processes({.jobs = jobs,
                                      .next = [this] { return next(); },
                                      .ended = [this](std::size_t index, const Ending& end) { ended(index, end); }});
    line_.finish();
    folder_.write_results(to_csv(view()));
    return signal;
  }

 private:
  std::optional<Launch> next() {
    if (waiting_.empty()) return std::nullopt;
    const std::size_t index = waiting_.front();
    waiting_.pop_front();
    const Trial trial = trial_of(plan_, index);
    const SweepFolder::TrialFiles files = folder_.trial(trial.number);
    folder_.prepare(trial, fields_);
    ++running_;
    line_.show(view());
    return Launch{.id = index,
                  .program = kThisProgram,
                  .arguments = {"train", "--preset", "none", "--config", files.config.string(), "--run",
                                files.run.string(), "--json"},
                  .log = files.log,
                  .name = program_name()};
  }

  void ended(std::size_t index, const Ending& ending) {
    --running_;
    const bool finished = ending.exit_code == 0 && ending.signal == 0;
    if (finished || !ending.stopped) {
      const Trial trial = trial_of(plan_, index);
      const SweepFolder::TrialFiles files = folder_.trial(trial.number);
      results_[index] = finished ? read_result(files.run, trial.config) : failed_result(files.log, ended_by(ending));
      save_result(files.result, results_[index]);
      folder_.write_results(to_csv(view()));
    }
    line_.show(view());
  }

  const SweepFolder& folder_;
  Plan plan_;
  ConfigFields fields_;
  std::vector<TrialResult> results_;
  std::deque<std::size_t> waiting_;
  std::size_t running_ = 0;
  ProgressLine line_;
};

}  // namespace

int sweep(const SweepRequest& request, const Catalogue& catalogue) {
  const std::vector<ConfigField> fields = catalogue.fields();
  const SweepFolder folder = open_folder(request, catalogue, fields);
  Plan plan = folder.read_plan(fields);
  const std::size_t jobs = request.jobs ? static_cast<std::size_t>(*request.jobs) : default_jobs(plan);
  Sweep sweep(folder, std::move(plan), fields);
  const int signal = sweep.run(jobs);
  if (request.output == Output::json) {
    print_json(to_json(sweep.view()));
  } else {
    print_human(to_text(sweep.view()));
  }
  if (signal != 0) return 128 + signal;
  return count(sweep.results()).finished > 0 ? 0 : 1;
}

}  // namespace sounder
