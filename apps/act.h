#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "apps/library/catalogue.h"

namespace sounder {

/// The arguments of `sounder act`.
struct ActRequest {
  std::filesystem::path run_or_checkpoint;  ///< for a run, its best checkpoint is used
  bool sample = false;                      ///< sample actions instead of taking the likeliest
  std::int64_t seed = 1;                    ///< of sampled actions
  std::optional<std::int64_t> peer = {};    ///< of a run of peers: that one's policy; none for their mean
  bool values = false;                      ///< append the value of each observation
};

/// Reads observations from stdin, a row of numbers between commas per line, and writes for each a line with the numbers
/// of its action to stdout. An empty line begins an episode and is answered by an empty line. Answers every line before
/// it waits for the next, so that one program may be at both ends. Throws Error for a line that is no observation, with
/// its number, and if reading or writing fails.
void act(const ActRequest& request, const Catalogue& catalogue);

}  // namespace sounder
