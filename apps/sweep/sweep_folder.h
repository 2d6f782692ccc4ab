#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

#include "apps/sweep/plan.h"
#include "core/file_lock.h"

namespace sounder::sweeping {

/// The folder of a sweep. Only this class knows its layout:
///
///     sweep.json           the plan
///     results.csv          a row per trial
///     trials/<n>.toml      a trial's complete configuration
///     trials/<n>/          its run
///     trials/<n>.log       its stderr
///     trials/<n>.json      what came of it, once it has ended
///     sweep.lock           held by the sweep and its trials, also by those that outlive a killed sweep
class SweepFolder {
 public:
  struct TrialFiles {
    std::filesystem::path config;
    std::filesystem::path run;
    std::filesystem::path log;
    std::filesystem::path result;
  };

  /// Makes a folder for a plan: `path`, or sweeps/<env>__<time> if `path` is empty. If `path` already contains the
  /// plan, continues with it. Throws UsageError if it contains a different plan, and as open() does. `fields` are the
  /// keys of the configuration, here and below.
  static SweepFolder make(const std::filesystem::path& path, const Plan& plan, ConfigFields fields);

  /// Opens a folder with a plan. Throws Error if it has none, or if a sweep is still running in it.
  static SweepFolder open(const std::filesystem::path& path);

  const std::filesystem::path& path() const noexcept { return path_; }
  Plan read_plan(ConfigFields fields) const;
  TrialFiles trial(std::size_t number) const;

  /// Removes the remains of a trial and writes its configuration, with the choices in `fields` as comments. Throws
  /// Error.
  void prepare(const Trial& trial, ConfigFields fields) const;

  /// Replaces results.csv atomically. Throws Error.
  void write_results(std::string_view csv) const;

 private:
  explicit SweepFolder(std::filesystem::path path);

  std::filesystem::path path_;
  FileLock lock_;
};

}  // namespace sounder::sweeping
