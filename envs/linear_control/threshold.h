#pragma once

namespace sounder::envs {

/// Gives the mean return from which a linear-quadratic task counts as solved: a cost 5 % above the least expected one,
/// rounded to four digits. `optimal_return` is below 0.
double threshold_near(double optimal_return);

}  // namespace sounder::envs
