#pragma once

#include <filesystem>
#include <vector>

namespace sounder {

/// The arguments of `sounder plot`.
struct PlotRequest {
  std::vector<std::filesystem::path> runs;  ///< run folders, at least one
  std::filesystem::path output;             ///< *.svg or *.png
};

/// Draws learning curves from run folders. For one run, shows its episodes, their running mean and its evaluations. For
/// several, shows for each environment and algorithm the interquartile mean over its runs and a 95 % band. A run that
/// is named twice, for example by a link, counts once. Replaces `output` atomically. Throws UsageError for another
/// extension or no runs; Error for a folder that is not a run or has no finished episode yet, and if the picture cannot
/// be written.
void plot(const PlotRequest& request);

}  // namespace sounder
