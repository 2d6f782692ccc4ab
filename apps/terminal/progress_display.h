#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>

#include "apps/terminal/progress_panel.h"
#include "core/metrics/series.h"
#include "core/metrics/sink.h"

namespace sounder {

/// Shows a run as it goes on: on a terminal as a panel that is redrawn in place at most four times a second, elsewhere
/// as a line for each evaluation, and for a report at most every five seconds of training. Warnings are a line each,
/// above the panel. At the end the panel shows the run's own means, in place of the last interval's, and stays: what is
/// written next stands below it.
class ProgressDisplay final : public MetricsSink {
 public:
  enum class Mode { panel, lines };

  struct Setup {
    Mode mode;
    std::ostream& stream;                ///< outlives the display
    std::function<std::size_t()> width;  ///< asks for the terminal's columns; of Mode::panel
    const Series* history = nullptr;     ///< a sink that is told before this one, and outlives it; may be null
  };
  explicit ProgressDisplay(Setup setup) : setup_(std::move(setup)) {}

  /// Describes the display for stderr: a panel if it is a terminal.
  static Setup for_stderr(const Series& history);

  void begin(const RunStart& start) override;
  void progress(const Report& report) override;
  void report(const Report& report) override;
  void evaluation(const Evaluation& evaluation) override;
  void warning(std::string_view message) override;
  void end(const TrainReport& report) override;

 private:
  void draw_if_due(double seconds);
  void measure_rate(const Report& report);
  void write_line_if_due(const Report& report);
  void draw();
  std::string erase_panel();
  void write(const std::string& text);

  Setup setup_;
  ProgressView view_;
  double drawn_at_ = -std::numeric_limits<double>::infinity();     // seconds of training; a panel, or a report's line
  double measured_at_ = -std::numeric_limits<double>::infinity();  // when the latest rate was measured
  std::int64_t measured_step_ = 0;
  double rate_ = 0;              // steps per second, measured; 0: not yet
  std::size_t lines_drawn_ = 0;  // the panel's, above the cursor
};

}  // namespace sounder
