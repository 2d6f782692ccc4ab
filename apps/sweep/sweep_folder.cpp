#include "apps/sweep/sweep_folder.h"

#include <fmt/format.h>

#include <utility>

#include "core/checkpoint/atomic_file.h"
#include "core/metrics/files.h"
#include "core/running/named_folder.h"
#include "envs/error.h"

namespace sounder::sweeping {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPlanName = "sweep.json";

fs::path make_given_folder(const fs::path& path) {
  if (fs::exists(path) && !fs::is_directory(path)) {
    throw UsageError(fmt::format("--dir: expected a folder, got the file '{}'", path.string()));
  }
  if (fs::exists(path / "config.toml")) {
    throw UsageError(fmt::format("--dir: '{}' holds a run; name another folder", path.string()));
  }
  fs::create_directories(path);
  return path;
}

FileLock take_lock(const fs::path& path) {
  if (auto lock = FileLock::take(path / "sweep.lock", FileLock::Holder::with_children)) return *std::move(lock);
  throw Error(fmt::format("a sweep, or a trial of one that was killed, still runs in '{}'; wait for it or end it",
                          path.string()));
}

}  // namespace

SweepFolder::SweepFolder(fs::path path) : path_(std::move(path)), lock_(take_lock(path_)) {}

SweepFolder SweepFolder::make(const fs::path& path, const Plan& plan, ConfigFields fields) {
  return with_file_errors([&] {
    SweepFolder folder(path.empty() ? make_named_folder("sweeps", plan.environment()) : make_given_folder(path));
    if (fs::exists(folder.path_ / kPlanName)) {
      require_same(folder.read_plan(fields), plan, path, fields);
      return folder;
    }
    fs::create_directories(folder.path_ / "trials");
    write_file_atomically(folder.path_ / kPlanName, to_json(plan, fields));
    return folder;
  });
}

SweepFolder SweepFolder::open(const fs::path& path) {
  if (std::error_code error; !fs::exists(path / kPlanName, error)) {
    throw Error(fmt::format("'{}' is not a sweep's folder: expected a {} in it", path.string(), kPlanName));
  }
  return SweepFolder(path);
}

Plan SweepFolder::read_plan(ConfigFields fields) const {
  const fs::path file = path_ / kPlanName;
  return plan_from_json(read_text_file(file), file.string(), fields);
}

SweepFolder::TrialFiles SweepFolder::trial(std::size_t number) const {
  const auto file = [&](std::string_view suffix) { return path_ / "trials" / fmt::format("{}{}", number, suffix); };
  return {.config = file(".toml"), .run = file(""), .log = file(".log"), .result = file(".json")};
}

void SweepFolder::prepare(const Trial& trial, ConfigFields fields) const {
  const TrialFiles files = this->trial(trial.number);
  with_file_errors([&] {
    fs::create_directories(path_ / "trials");
    fs::remove(files.result);  // first, because without it the trial counts as not ended
    fs::remove_all(files.run);
  });
  write_file_atomically(files.config, to_toml(trial.config, fields));
}

void SweepFolder::write_results(std::string_view csv) const {
  write_file_atomically(path_ / "results.csv", csv);
}

}  // namespace sounder::sweeping
