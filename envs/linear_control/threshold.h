#pragma once

namespace sounder::envs {

/// Returns the mean return from which a linear-quadratic task counts as solved: a cost 5 % above the least expected
/// one, rounded to four digits. `optimal_return` must be negative.
double threshold_near(double optimal_return);

}  // namespace sounder::envs
