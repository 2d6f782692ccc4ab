#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <ostream>
#include <string>
#include <string_view>

#include "apps/terminal/progress_panel.h"
#include "core/metrics/records.h"

namespace sounder {

/// Shows a run as it goes on: on a terminal as a panel that is redrawn in place at most four times a second, elsewhere
/// as a line for each evaluation, and for a report at most every five seconds of training. To be used by one thread.
class ProgressDisplay final : public MetricsSink {
 public:
  enum class Mode { panel, lines };

  struct Setup {
    Mode mode;
    std::ostream& stream;                ///< outlives the display
    std::int64_t total_steps;            ///< of the whole run
    std::function<std::size_t()> width;  ///< asks for the terminal's columns; of Mode::panel
  };
  explicit ProgressDisplay(Setup setup);

  /// Makes the display for stderr: a panel if it is a terminal.
  static ProgressDisplay for_stderr(std::int64_t total_steps);

  /// Shows where the run stands between two reports: in a panel, at most every quarter of a second of training.
  void live(const Report& report);

  void report(const Report& report) override;
  void evaluation(const Evaluation& evaluation) override;

  /// Writes a line of its own, above the panel.
  void warn(std::string_view message);

  /// Shows a run's own means in the panel, in place of the last interval's, and leaves it where it is: what is written
  /// next stands below it.
  void finish(const Report& means);

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
