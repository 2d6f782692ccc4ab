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

/// Points of a curve that may grow without end, thinned to a most number: all of them at first, then every second one,
/// every fourth, and so on. The first and the latest are always there. Which ones stay depends on nothing but how many
/// there were.
class ThinnedCurve {
 public:
  /// Keeps at most `most` >= 2 points.
  explicit ThinnedCurve(std::size_t most) : most_(most) {}

  /// Adds a point behind the others.
  void add(const CurvePoint& point);

  /// Lists the points that stay; none before the first was added.
  Curve points() const;

 private:
  std::size_t most_;
  Curve kept_;  // of every stride_-th point, from the first on; fewer than most_
  std::int64_t stride_ = 1;
  std::int64_t count_ = 0;  // added
  CurvePoint latest_{};
};

/// Keeps a run's history in memory, however long the run is: each number of its reports and evaluations, under the name
/// that every file gives it, as a curve over the global step of at most kMostPoints points. What is not finite is no
/// point. To be used by one thread at a time.
class Series final : public MetricsSink {
 public:
  static constexpr std::size_t kMostPoints = 500;

  void report(const Report& report) override;
  void evaluation(const Evaluation& evaluation) override;

  /// Reads what the logs of a run's folder hold, as if this had been told it. Before it is told anything. Throws Error
  /// if one of them is not there or damaged.
  void read(const std::filesystem::path& run);

  /// Lists the names of its curves, sorted.
  std::vector<std::string> names() const;

  /// Copies a curve; it is empty if there is none of that name yet.
  Curve curve(std::string_view name) const;

 private:
  void add(std::string_view name, const CurvePoint& point);

  std::map<std::string, ThinnedCurve, std::less<>> curves_;
};

}  // namespace sounder
