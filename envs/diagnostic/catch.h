#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "envs/environment.h"

namespace sounder::envs {

/// Catches a ball that falls straight down a grid of 10 rows and 5 columns, one row a step, with a paddle in the bottom
/// row that moves left (0), stays (1) or moves right (2), within the grid. A small test of learning from pixels. When
/// the ball reaches the bottom row the episode terminates, with a reward of 1 if the paddle is there, else 0; all other
/// rewards are 0. Every ball can be caught, so the best return is 1. An episode takes 9 steps.
///
/// Observation [1, 10, 5] (channel, row from the top, column): 1 at the ball and the paddle, else 0. State [3]: the
/// ball's row, the ball's column, the paddle's column. After Catch of bsuite (Osband et al. 2020,
/// https://github.com/google-deepmind/bsuite), where a miss gives -1.
class Catch {
 public:
  using Action = std::int64_t;

  static constexpr std::int64_t kRows = 10;
  static constexpr std::int64_t kColumns = 5;

  const EnvironmentSpec& spec() const;
  /// Draws the ball's column; the ball is in the top row, the paddle in the middle.
  void reset(std::uint64_t seed, std::span<float> observation) noexcept;
  StepResult step(std::int64_t action, std::span<float> observation) noexcept;
  void draw(Canvas& canvas) const;
  std::vector<double> state() const;
  /// Throws Error unless the state has three numbers that name cells of the grid.
  void set_state(std::span<const double> state, std::span<float> observation);

 private:
  void observe(std::span<float> observation) const noexcept;

  std::int64_t ball_row_ = 0;
  std::int64_t ball_column_ = 0;
  std::int64_t paddle_column_ = 0;
};

}  // namespace sounder::envs
