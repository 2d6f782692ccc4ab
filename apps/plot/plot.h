#pragma once

#include <filesystem>
#include <vector>

namespace sounder {

/// What `sounder plot` was asked for.
struct PlotRequest {
  std::vector<std::filesystem::path> runs;  ///< run folders, at least one
  std::filesystem::path output;             ///< *.svg or *.png
};

/// Draws learning curves from run folders. One run: its episodes, their running mean and its evaluations. Several: for
/// each kind (environment and algorithm) the interquartile mean over its runs and a 95 % band. A run that is named
/// twice, by a link for instance, counts once. Replaces `output`, whole or not at all. Throws UsageError for another
/// extension or no runs; Error for a folder that is not a run or has no finished episode yet, and for a picture that
/// cannot be written.
void plot(const PlotRequest& request);

}  // namespace sounder
