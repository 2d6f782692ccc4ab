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

/// Shows the progress of a run. A terminal shows a panel, redrawn in place at most four times a second. Other outputs
/// get a line per evaluation and, at most every five seconds of training, per report. Each warning is a line above the
/// panel. At the end, the panel shows the means of the whole run instead of the last interval's, and stays above later
/// output.
class ProgressDisplay final : public MetricsSink {
 public:
  enum class Mode { panel, lines };

  struct Setup {
    Mode mode;
    std::ostream& stream;                ///< must outlive the display
    std::function<std::size_t()> width;  ///< returns the terminal's columns; for Mode::panel
    const Series* history = nullptr;     ///< a sink that is called before this one and outlives it; may be null
  };
  explicit ProgressDisplay(Setup setup) : setup_(std::move(setup)) {}

  /// Returns the setup for stderr: a panel if it is a terminal.
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
  double drawn_at_ = -std::numeric_limits<double>::infinity();     // seconds of training; panel or line of a report
  double measured_at_ = -std::numeric_limits<double>::infinity();  // when the latest rate was measured
  std::int64_t measured_step_ = 0;
  double rate_ = 0;              // measured steps per second; 0 if not measured yet
  std::size_t lines_drawn_ = 0;  // lines of the panel above the cursor
};

}  // namespace sounder
