#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/metrics/curves.h"
#include "core/metrics/sink.h"

namespace sounder {

/// Points of a curve of any length, thinned to a maximum number: all of them at first, then every second one, every
/// fourth, and so on, always with the first and the latest. The selection depends only on the number of points added.
class ThinnedCurve {
 public:
  /// Keeps at most `most` >= 2 points.
  explicit ThinnedCurve(std::size_t most) : most_(most) {}

  /// Appends a point.
  void add(const CurvePoint& point);

  /// Returns the points that are kept; none before the first call of add().
  Curve points() const;

 private:
  std::size_t most_;
  Curve kept_;  // every stride_-th point from the first on; fewer than most_
  std::int64_t stride_ = 1;
  std::int64_t count_ = 0;  // points added
  CurvePoint latest_{};
};

/// Keeps a run's history in memory, for a run of any length. Each number of its reports and evaluations is a curve over
/// the global step, under its name in the files, with at most kMostPoints points. Numbers that are not finite are left
/// out. Not thread-safe.
class Series final : public MetricsSink {
 public:
  static constexpr std::size_t kMostPoints = 500;

  void report(const Report& report) override;
  void evaluation(const Evaluation& evaluation) override;

  /// Reads the logs of a run's folder, with the same result as receiving their records. Call it before any record.
  /// Throws Error if a log is missing or damaged.
  void read(const std::filesystem::path& run);

  /// Returns the names of the curves, sorted.
  std::vector<std::string> names() const;

  /// Copies a curve; empty if there is none of that name yet.
  Curve curve(std::string_view name) const;

 private:
  void add(std::string_view name, const CurvePoint& point);

  std::map<std::string, ThinnedCurve, std::less<>> curves_;
};

}  // namespace sounder
